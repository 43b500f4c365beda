// SPDX-License-Identifier: GPL-2.0-or-later
#include "logs/fields.h"

#include <stdlib.h>
#include <string.h>

/** Sorted by name. */
static const struct {
    const char *name;
    HostField field;
} names[] = {
    {"Application", FIELD_APPLICATION},
    {"AuthenticationPackageName", FIELD_AUTHENTICATION_PACKAGE_NAME},
    {"CONSUMER", FIELD_CONSUMER},
    {"ClientMachine", FIELD_CLIENT_MACHINE},
    {"ClientMachineFQDN", FIELD_CLIENT_MACHINE_FQDN},
    {"ClientProcessCreationTime", FIELD_CLIENT_PROCESS_CREATION_TIME},
    {"ClientProcessId", FIELD_CLIENT_PROCESS_ID},
    {"CommandLine", FIELD_COMMAND_LINE},
    {"Consumer", FIELD_CONSUMER},
    {"DestAddress", FIELD_DEST_ADDRESS},
    {"DestPort", FIELD_DEST_PORT},
    {"Destination", FIELD_DESTINATION},
    {"DestinationIp", FIELD_DESTINATION_IP},
    {"DestinationPort", FIELD_DESTINATION_PORT},
    {"Direction", FIELD_DIRECTION},
    {"ESS", FIELD_ESS},
    {"Endpoint", FIELD_ENDPOINT},
    {"EventNamespace", FIELD_EVENT_NAMESPACE},
    {"Filter", FIELD_FILTER},
    {"HostProcess", FIELD_HOST_PROCESS},
    {"Image", FIELD_IMAGE},
    {"Initiated", FIELD_INITIATED},
    {"InterfaceUuid", FIELD_INTERFACE_UUID},
    {"IpAddress", FIELD_IP_ADDRESS},
    {"IpPort", FIELD_IP_PORT},
    {"IsLocal", FIELD_IS_LOCAL},
    {"LmPackageName", FIELD_LM_PACKAGE_NAME},
    {"LogonId", FIELD_LOGON_ID},
    {"LogonType", FIELD_LOGON_TYPE},
    {"Name", FIELD_NAME},
    {"Namespace", FIELD_NAMESPACE},
    {"NamespaceName", FIELD_NAMESPACE_NAME},
    {"NetworkAddress", FIELD_NETWORK_ADDRESS},
    {"NewProcessId", FIELD_NEW_PROCESS_ID},
    {"NewProcessName", FIELD_NEW_PROCESS_NAME},
    {"OpNum", FIELD_OP_NUM},
    {"Operation", FIELD_OPERATION},
    {"ParentImage", FIELD_PARENT_IMAGE},
    {"ParentProcessGuid", FIELD_PARENT_PROCESS_GUID},
    {"ParentProcessId", FIELD_PARENT_PROCESS_ID},
    {"ParentProcessName", FIELD_PARENT_PROCESS_NAME},
    {"PossibleCause", FIELD_POSSIBLE_CAUSE},
    {"ProcNum", FIELD_PROC_NUM},
    {"ProcessGuid", FIELD_PROCESS_GUID},
    {"ProcessID", FIELD_PROCESS_ID_UPPER},
    {"ProcessId", FIELD_PROCESS_ID},
    {"ProcessName", FIELD_PROCESS_NAME},
    {"Processid", FIELD_PROCESS_ID_UPPER},
    {"Protocol", FIELD_PROTOCOL},
    {"ProviderName", FIELD_PROVIDER_NAME},
    {"Query", FIELD_QUERY},
    {"ResultCode", FIELD_RESULT_CODE},
    {"SourceAddress", FIELD_SOURCE_ADDRESS},
    {"SourceIp", FIELD_SOURCE_IP},
    {"SourcePort", FIELD_SOURCE_PORT},
    {"SubjectDomainName", FIELD_SUBJECT_DOMAIN_NAME},
    {"SubjectLogonId", FIELD_SUBJECT_LOGON_ID},
    {"SubjectUserName", FIELD_SUBJECT_USER_NAME},
    {"TargetDomainName", FIELD_TARGET_DOMAIN_NAME},
    {"TargetInfo", FIELD_TARGET_INFO},
    {"TargetLogonId", FIELD_TARGET_LOGON_ID},
    {"TargetServerName", FIELD_TARGET_SERVER_NAME},
    {"TargetUserName", FIELD_TARGET_USER_NAME},
    {"Type", FIELD_TYPE},
    {"User", FIELD_USER},
    {"UtcTime", FIELD_UTC_TIME},
    {"WorkstationName", FIELD_WORKSTATION_NAME},
};

void host_fields_clear(HostFields *fields)
{
    memset(fields, 0, sizeof(*fields));
}

static int compare_name(const char *name, Slice text)
{
    size_t len = strlen(name);
    int order = memcmp(name, text.text, MIN(len, text.len));
    return order ? order : (len > text.len) - (len < text.len);
}

void host_fields_data(HostFields *fields, Slice name, Slice value)
{
    size_t low = 0, high = G_N_ELEMENTS(names);
    if (!name.text)
        return;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_name(names[middle].name, name);
        if (order == 0) {
            host_fields_set(fields, names[middle].field, value);
            return;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    // Where values have no names, winlogbeat counts them.
    if (slice_has_prefix(name, "param"))
        host_fields_parameter(fields, value);
}

void host_fields_parameter(HostFields *fields, Slice value)
{
    if (fields->parameter_count < HOST_MAX_PARAMETERS)
        fields->parameters[fields->parameter_count++] = value;
}

void host_fields_set(HostFields *fields, HostField field, Slice value)
{
    if (!fields->values[field].text)
        fields->values[field] = value;
}

Slice host_field(const HostFields *fields, HostField field)
{
    return slice_present(fields->values[field]);
}
