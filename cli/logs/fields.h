// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The named values of one log record, whatever kind of file it comes from. Each reader fills in those it finds under
 * the names that Windows gives them; event.c makes an event of them.
 */
#ifndef CAR_LOGS_FIELDS_H
#define CAR_LOGS_FIELDS_H

#include "base/slice.h"

#define HOST_MAX_PARAMETERS 16 ///< values without a name: as many as RPC Firewall has, and some more

typedef enum {
    // What the system says of each event.
    FIELD_CHANNEL,
    FIELD_PROVIDER,
    FIELD_EVENT_ID,
    FIELD_RECORD,
    FIELD_COMPUTER,
    FIELD_TIME,          ///< when it was logged
    FIELD_INGESTED,      ///< when something else took it, in UTC …
    FIELD_RECEIVED,      ///< … and the same moment in the zone of FIELD_TIME
    FIELD_EXECUTION_PID, ///< of the process that logged it
    FIELD_MESSAGE,
    // What the event itself says: the names of Windows.
    FIELD_APPLICATION,
    FIELD_AUTHENTICATION_PACKAGE_NAME,
    FIELD_CLIENT_MACHINE,
    FIELD_CLIENT_MACHINE_FQDN,
    FIELD_CLIENT_PROCESS_ID,
    FIELD_CLIENT_PROCESS_CREATION_TIME,
    FIELD_COMMAND_LINE,
    FIELD_CONSUMER,
    FIELD_DESTINATION,
    FIELD_DESTINATION_IP,
    FIELD_DESTINATION_PORT,
    FIELD_DEST_ADDRESS,
    FIELD_DEST_PORT,
    FIELD_DIRECTION,
    FIELD_ENDPOINT,
    FIELD_ESS,
    FIELD_EVENT_NAMESPACE,
    FIELD_FILTER,
    FIELD_HOST_PROCESS,
    FIELD_IMAGE,
    FIELD_INITIATED,
    FIELD_INTERFACE_UUID,
    FIELD_IP_ADDRESS,
    FIELD_IP_PORT,
    FIELD_IS_LOCAL,
    FIELD_LM_PACKAGE_NAME,
    FIELD_LOGON_ID,
    FIELD_LOGON_TYPE,
    FIELD_NAME,
    FIELD_NAMESPACE,
    FIELD_NAMESPACE_NAME,
    FIELD_NETWORK_ADDRESS,
    FIELD_NEW_PROCESS_ID,
    FIELD_NEW_PROCESS_NAME,
    FIELD_OPERATION,
    FIELD_OP_NUM,
    FIELD_PARENT_IMAGE,
    FIELD_PARENT_PROCESS_GUID,
    FIELD_PARENT_PROCESS_ID,
    FIELD_PARENT_PROCESS_NAME,
    FIELD_POSSIBLE_CAUSE,
    FIELD_PROC_NUM,
    FIELD_PROCESS_GUID,
    FIELD_PROCESS_ID,       ///< "ProcessId"
    FIELD_PROCESS_ID_UPPER, ///< "ProcessID", "Processid"
    FIELD_PROCESS_NAME,
    FIELD_PROTOCOL,
    FIELD_PROVIDER_NAME,
    FIELD_QUERY,
    FIELD_RESULT_CODE,
    FIELD_SOURCE_ADDRESS,
    FIELD_SOURCE_IP,
    FIELD_SOURCE_PORT,
    FIELD_SUBJECT_DOMAIN_NAME,
    FIELD_SUBJECT_LOGON_ID,
    FIELD_SUBJECT_USER_NAME,
    FIELD_TARGET_DOMAIN_NAME,
    FIELD_TARGET_INFO,
    FIELD_TARGET_LOGON_ID,
    FIELD_TARGET_SERVER_NAME,
    FIELD_TARGET_USER_NAME,
    FIELD_TYPE,
    FIELD_USER,
    FIELD_USER_DOMAIN, ///< ECS only
    FIELD_UTC_TIME,
    FIELD_WORKSTATION_NAME,
    FIELDS
} HostField;

typedef struct {
    Slice values[FIELDS];
    Slice parameters[HOST_MAX_PARAMETERS];
    size_t parameter_count;
} HostFields;

void host_fields_clear(HostFields *fields);

/** Notes a value that the event itself says, under the name Windows gives it. Unknown names are passed over; the first
 * value of several counts. */
void host_fields_data(HostFields *fields, Slice name, Slice value);

/** Notes a value without a name. */
void host_fields_parameter(HostFields *fields, Slice value);

/** Notes a value unless there is one. */
void host_fields_set(HostFields *fields, HostField field, Slice value);

/** The value, absent also when it is empty or "-". */
Slice host_field(const HostFields *fields, HostField field);

#endif
