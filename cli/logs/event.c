// SPDX-License-Identifier: GPL-2.0-or-later
#include "logs/event.h"

#include "base/number.h"

typedef bool (*FillFunc)(const HostFields *fields, HostEvent *event);

HostEvent host_event_init(HostEventKind kind, const char *file, const char *log)
{
    return (HostEvent){
        .kind = kind,
        .source = {.file = file, .log = log, .id = NUMBER_UNKNOWN, .record = NUMBER_UNKNOWN},
        .time = NUMBER_UNKNOWN,
        .precision = 1,
        .from_port = NUMBER_UNKNOWN,
        .to_port = NUMBER_UNKNOWN,
        .pid = NUMBER_UNKNOWN,
        .parent_pid = NUMBER_UNKNOWN,
        .process_start = NUMBER_UNKNOWN,
        .opnum = NUMBER_UNKNOWN,
    };
}

static int64_t number(const HostFields *f, HostField field)
{
    return number_parse(host_field(f, field));
}

/** False when it is no address, or one that says nothing. */
static bool read_address(const HostFields *f, HostField field, Address *address)
{
    return address_parse(host_field(f, field), address) && address_known(address);
}

static Slice first_of(Slice a, Slice b)
{
    return a.text ? a : b;
}

/** The time the event speaks of, where it says one: more exact than when it was logged. */
static void take_utc_time(const HostFields *f, HostEvent *e)
{
    WrittenTime time;
    if (time_parse(host_field(f, FIELD_UTC_TIME), &time)) {
        e->time = time.time;
        e->precision = time.precision;
        e->zoned = true;
    }
}

// Sysmon.

static bool fill_sysmon_process(const HostFields *f, HostEvent *e)
{
    take_utc_time(f, e);
    e->process_start = e->kind == HOST_PROCESS_START ? e->time : NUMBER_UNKNOWN;
    e->pid = number(f, FIELD_PROCESS_ID);
    e->guid = host_field(f, FIELD_PROCESS_GUID);
    e->image = host_field(f, FIELD_IMAGE);
    e->command_line = host_field(f, FIELD_COMMAND_LINE);
    e->parent_pid = number(f, FIELD_PARENT_PROCESS_ID);
    e->parent_guid = host_field(f, FIELD_PARENT_PROCESS_GUID);
    e->parent_image = host_field(f, FIELD_PARENT_IMAGE);
    e->user = host_field(f, FIELD_USER);
    e->domain = host_field(f, FIELD_USER_DOMAIN);
    e->logon_id = number_parse_id(host_field(f, FIELD_LOGON_ID));
    return e->pid >= 0 || e->guid.text;
}

static bool fill_sysmon_connection(const HostFields *f, HostEvent *e)
{
    // UtcTime is the network stack's, by another clock, and can be seconds off: it only serves when there is no other.
    if (e->time == NUMBER_UNKNOWN || !e->zoned)
        take_utc_time(f, e);
    Slice protocol = host_field(f, FIELD_PROTOCOL);
    if (protocol.text && !slice_is_any_case(protocol, "tcp"))
        return false;
    e->pid = number(f, FIELD_PROCESS_ID);
    e->guid = host_field(f, FIELD_PROCESS_GUID);
    e->image = host_field(f, FIELD_IMAGE);
    e->user = host_field(f, FIELD_USER);
    e->domain = host_field(f, FIELD_USER_DOMAIN);
    e->from_port = number_parse_port(host_field(f, FIELD_SOURCE_PORT));
    e->to_port = number_parse_port(host_field(f, FIELD_DESTINATION_PORT));
    Slice initiated = host_field(f, FIELD_INITIATED);
    if (initiated.text)
        e->side = slice_is_any_case(initiated, "true") ? HOST_SIDE_CLIENT : HOST_SIDE_SERVER;
    return read_address(f, FIELD_SOURCE_IP, &e->from) && read_address(f, FIELD_DESTINATION_IP, &e->to);
}

static bool fill_sysmon_subscription(const HostFields *f, HostEvent *e)
{
    take_utc_time(f, e);
    e->user = host_field(f, FIELD_USER);
    e->namespace_path = host_field(f, FIELD_EVENT_NAMESPACE);
    e->item_name = host_field(f, FIELD_NAME);
    e->operation = host_field(f, FIELD_OPERATION);
    switch (e->source.id) {
    case 19:
        e->item = slice("filter");
        e->item_value = host_field(f, FIELD_QUERY);
        break;
    case 20:
        e->item = slice("consumer");
        e->item_value = host_field(f, FIELD_DESTINATION);
        break;
    default:
        e->item = slice("binding");
        e->item_name = host_field(f, FIELD_FILTER);
        e->target = host_field(f, FIELD_CONSUMER);
        break;
    }
    return true;
}

// Security.

static bool fill_logon(const HostFields *f, HostEvent *e)
{
    e->user = host_field(f, FIELD_TARGET_USER_NAME);
    e->domain = host_field(f, FIELD_TARGET_DOMAIN_NAME);
    e->logon_id = number_parse_id(host_field(f, FIELD_TARGET_LOGON_ID));
    e->logon_type = host_field(f, FIELD_LOGON_TYPE);
    e->package = first_of(host_field(f, FIELD_LM_PACKAGE_NAME), host_field(f, FIELD_AUTHENTICATION_PACKAGE_NAME));
    e->client = host_field(f, FIELD_WORKSTATION_NAME);
    e->from_port = number_parse_port(host_field(f, FIELD_IP_PORT));
    return read_address(f, FIELD_IP_ADDRESS, &e->from);
}

static bool fill_explicit_logon(const HostFields *f, HostEvent *e)
{
    e->user = host_field(f, FIELD_TARGET_USER_NAME);
    e->domain = host_field(f, FIELD_TARGET_DOMAIN_NAME);
    e->target = first_of(host_field(f, FIELD_TARGET_INFO), host_field(f, FIELD_TARGET_SERVER_NAME));
    e->client = host_field(f, FIELD_TARGET_SERVER_NAME);
    e->pid = number(f, FIELD_PROCESS_ID);
    e->image = host_field(f, FIELD_PROCESS_NAME);
    return e->pid > 0 && e->client.text;
}

/** The logons of SYSTEM, LOCAL SERVICE and NETWORK SERVICE. */
static bool is_service(uint64_t logon_id)
{
    return logon_id == 0x3e7 || logon_id == 0x3e5 || logon_id == 0x3e4;
}

static bool fill_process_created(const HostFields *f, HostEvent *e)
{
    e->process_start = e->time;
    e->pid = number(f, FIELD_NEW_PROCESS_ID);
    e->image = host_field(f, FIELD_NEW_PROCESS_NAME);
    e->command_line = host_field(f, FIELD_COMMAND_LINE);
    e->parent_pid = number(f, FIELD_PROCESS_ID);
    e->parent_image = host_field(f, FIELD_PARENT_PROCESS_NAME);
    // The target is who it runs as where that is not its creator; older Windows only says the creator.
    bool other = host_field(f, FIELD_TARGET_USER_NAME).text != NULL;
    bool old = f->values[FIELD_TARGET_USER_NAME].text == NULL;
    if (old && is_service(number_parse_id(host_field(f, FIELD_SUBJECT_LOGON_ID))))
        return e->pid >= 0;
    e->user = host_field(f, other ? FIELD_TARGET_USER_NAME : FIELD_SUBJECT_USER_NAME);
    e->domain = host_field(f, other ? FIELD_TARGET_DOMAIN_NAME : FIELD_SUBJECT_DOMAIN_NAME);
    e->logon_id = number_parse_id(host_field(f, other ? FIELD_TARGET_LOGON_ID : FIELD_SUBJECT_LOGON_ID));
    return e->pid >= 0;
}

static bool fill_process_exited(const HostFields *f, HostEvent *e)
{
    e->pid = number(f, FIELD_PROCESS_ID);
    e->image = host_field(f, FIELD_PROCESS_NAME);
    return e->pid >= 0;
}

static bool fill_permitted_connection(const HostFields *f, HostEvent *e)
{
    Slice protocol = host_field(f, FIELD_PROTOCOL);
    if (protocol.text && !slice_is(protocol, "6"))
        return false;
    e->pid = number_parse(first_of(host_field(f, FIELD_PROCESS_ID_UPPER), host_field(f, FIELD_PROCESS_ID)));
    e->image = host_field(f, FIELD_APPLICATION);
    e->from_port = number_parse_port(host_field(f, FIELD_SOURCE_PORT));
    e->to_port = number_parse_port(host_field(f, FIELD_DEST_PORT));
    Slice direction = host_field(f, FIELD_DIRECTION);
    if (slice_is(direction, "%%14592"))
        e->side = HOST_SIDE_SERVER;
    else if (slice_is(direction, "%%14593"))
        e->side = HOST_SIDE_CLIENT;
    return read_address(f, FIELD_SOURCE_ADDRESS, &e->from) && read_address(f, FIELD_DEST_ADDRESS, &e->to);
}

// WMI-Activity.

static bool fill_provider(const HostFields *f, HostEvent *e)
{
    Slice message = host_field(f, FIELD_MESSAGE);
    Slice pid = first_of(host_field(f, FIELD_PROCESS_ID_UPPER), slice_after(message, "ProcessID"));
    e->pid = number_parse(first_of(pid, host_field(f, FIELD_EXECUTION_PID)));
    e->image = first_of(host_field(f, FIELD_HOST_PROCESS), slice_after(message, "HostProcess"));
    e->item_name = host_field(f, FIELD_PROVIDER_NAME);
    return e->pid > 0;
}

static bool fill_operation(const HostFields *f, HostEvent *e)
{
    Slice message = host_field(f, FIELD_MESSAGE);
    e->operation = first_of(host_field(f, FIELD_OPERATION), slice_after(message, "; Operation"));
    e->client = first_of(host_field(f, FIELD_CLIENT_MACHINE), slice_after(message, "ClientMachine"));
    e->client_fqdn = host_field(f, FIELD_CLIENT_MACHINE_FQDN);
    e->user = first_of(host_field(f, FIELD_USER), slice_after(message, "; User"));
    e->pid = number_parse(first_of(host_field(f, FIELD_CLIENT_PROCESS_ID), slice_after(message, "ClientProcessId")));
    e->process_start = time_from_filetime(number_parse_id(host_field(f, FIELD_CLIENT_PROCESS_CREATION_TIME)));
    e->namespace_path = host_field(f, FIELD_NAMESPACE_NAME);
    e->status = first_of(host_field(f, FIELD_RESULT_CODE), slice_after(message, "ResultCode"));
    Slice local = host_field(f, FIELD_IS_LOCAL);
    e->local = slice_is_any_case(local, "true") || slice_is(local, "1") || !e->client.text ||
               slice_is_any_case(e->client, "local");
    return e->operation.text != NULL;
}

static bool fill_temporary_subscription(const HostFields *f, HostEvent *e)
{
    e->item = slice("query");
    e->item_value = host_field(f, FIELD_QUERY);
    e->namespace_path = host_field(f, FIELD_NAMESPACE_NAME);
    e->user = host_field(f, FIELD_USER);
    e->client = host_field(f, FIELD_CLIENT_MACHINE);
    e->pid = number_parse(first_of(host_field(f, FIELD_PROCESS_ID_UPPER), host_field(f, FIELD_CLIENT_PROCESS_ID)));
    return e->item_value.text != NULL;
}

static bool fill_binding(const HostFields *f, HostEvent *e)
{
    e->item = slice("binding");
    e->namespace_path = host_field(f, FIELD_NAMESPACE);
    e->item_name = host_field(f, FIELD_ESS);
    e->target = host_field(f, FIELD_CONSUMER);
    e->item_value = host_field(f, FIELD_POSSIBLE_CAUSE);
    return e->item_name.text || e->target.text;
}

// RPC.

static bool fill_rpc(const HostFields *f, HostEvent *e)
{
    e->side = e->source.id == 5 ? HOST_SIDE_CLIENT : HOST_SIDE_SERVER;
    e->pid = number(f, FIELD_EXECUTION_PID);
    e->uuid = host_field(f, FIELD_INTERFACE_UUID);
    e->opnum = number_parse(first_of(host_field(f, FIELD_PROC_NUM), host_field(f, FIELD_OP_NUM)));
    e->protocol = host_field(f, FIELD_PROTOCOL);
    if (slice_is(e->protocol, "1")) // of the provider's own numbering
        e->protocol = slice("ncacn_ip_tcp");
    e->address = host_field(f, FIELD_NETWORK_ADDRESS);
    if (slice_is_any_case(e->address, "NULL"))
        e->address = SLICE_NONE;
    e->endpoint = host_field(f, FIELD_ENDPOINT);
    return e->uuid.text != NULL;
}

/** RPC Firewall writes its values without names. */
static bool fill_rpc_firewall(const HostFields *f, HostEvent *e)
{
    enum { FUNCTION, PID, IMAGE, PROTOCOL, ENDPOINT, CLIENT, UUID, OPNUM, NAME, LEVEL, SERVICE, CLIENT_PORT, COUNT };
    Slice p[COUNT] = {0};
    for (size_t i = 0; i < COUNT && i < f->parameter_count; i++)
        p[i] = slice_present(f->parameters[i]);
    Slice message = host_field(f, FIELD_MESSAGE);
    e->side = HOST_SIDE_SERVER;
    e->pid = number_parse(first_of(p[PID], slice_after(message, "Process ID:")));
    e->image = first_of(p[IMAGE], slice_after(message, "Image Path:"));
    e->protocol = first_of(p[PROTOCOL], slice_after(message, "Protocol:"));
    e->endpoint = first_of(p[ENDPOINT], slice_after(message, "Endpoint:"));
    e->address = first_of(p[CLIENT], slice_after(message, "Network Address:"));
    e->uuid = first_of(p[UUID], first_of(host_field(f, FIELD_INTERFACE_UUID), slice_after(message, "InterfaceUuid:")));
    e->opnum = number_parse(first_of(p[OPNUM], first_of(host_field(f, FIELD_OP_NUM), slice_after(message, "OpNum:"))));
    Slice name = first_of(p[NAME], slice_after(message, "Security ID:"));
    e->user = slice_has_prefix(name, "S-1-") ? SLICE_NONE : name;
    e->from_port = number_parse_port(first_of(p[CLIENT_PORT], slice_after(message, " Port:")));
    (void) address_parse(e->address, &e->from);
    return e->uuid.text != NULL;
}

// Which events there are.

typedef enum { LOG_SYSMON, LOG_SECURITY, LOG_WMI, LOG_RPC, LOG_RPCFW, LOGS } Log;

static const struct {
    const char *name;
    const char *channel;  ///< how the channel's name begins, in lower case
    const char *provider; ///< the same of the provider
} logs[LOGS] = {
    [LOG_SYSMON] = {"Sysmon", "microsoft-windows-sysmon", "microsoft-windows-sysmon"},
    [LOG_SECURITY] = {"Security", "security", "microsoft-windows-security-auditing"},
    [LOG_WMI] = {"WMI-Activity", "microsoft-windows-wmi-activity", "microsoft-windows-wmi-activity"},
    [LOG_RPC] = {"RPC", "microsoft-windows-rpc/", "microsoft-windows-rpc"},
    [LOG_RPCFW] = {"RPCFW", "rpcfw", "rpcfw"},
};

static const struct {
    int64_t id;
    Log log;
    HostEventKind kind;
    FillFunc fill;
} events[] = {
    {1, LOG_SYSMON, HOST_PROCESS_START, fill_sysmon_process},
    {3, LOG_SYSMON, HOST_CONNECTION, fill_sysmon_connection},
    {5, LOG_SYSMON, HOST_PROCESS_END, fill_sysmon_process},
    {19, LOG_SYSMON, HOST_SUBSCRIPTION, fill_sysmon_subscription},
    {20, LOG_SYSMON, HOST_SUBSCRIPTION, fill_sysmon_subscription},
    {21, LOG_SYSMON, HOST_SUBSCRIPTION, fill_sysmon_subscription},
    {4624, LOG_SECURITY, HOST_LOGON, fill_logon},
    {4648, LOG_SECURITY, HOST_EXPLICIT_LOGON, fill_explicit_logon},
    {4688, LOG_SECURITY, HOST_PROCESS_START, fill_process_created},
    {4689, LOG_SECURITY, HOST_PROCESS_END, fill_process_exited},
    {5156, LOG_SECURITY, HOST_CONNECTION, fill_permitted_connection},
    {11, LOG_WMI, HOST_OPERATION, fill_operation},
    {5857, LOG_WMI, HOST_PROVIDER, fill_provider},
    {5858, LOG_WMI, HOST_OPERATION, fill_operation},
    {5860, LOG_WMI, HOST_SUBSCRIPTION, fill_temporary_subscription},
    {5861, LOG_WMI, HOST_SUBSCRIPTION, fill_binding},
    {5, LOG_RPC, HOST_RPC_CALL, fill_rpc},
    {6, LOG_RPC, HOST_RPC_CALL, fill_rpc},
    {3, LOG_RPCFW, HOST_RPC_CALL, fill_rpc_firewall},
};

unsigned host_event_kinds(int64_t id)
{
    unsigned kinds = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        if (events[i].id == id)
            kinds |= HOST_EVENT_BIT(events[i].kind);
    }
    return kinds;
}

static bool is_log(const HostFields *fields, Log log)
{
    Slice provider = host_field(fields, FIELD_PROVIDER);
    if (provider.text)
        return slice_is_any_case(provider, logs[log].provider);
    return slice_has_prefix_any_case(host_field(fields, FIELD_CHANNEL), logs[log].channel);
}

/** A time in an unknown zone can be moved to UTC when another moment is told in both. */
static void take_time(const HostFields *fields, HostEvent *event)
{
    WrittenTime time, ingested, received;
    bool told = time_parse(host_field(fields, FIELD_TIME), &time);
    bool taken = time_parse(host_field(fields, FIELD_INGESTED), &ingested) && ingested.zoned;
    if (!told && taken) {
        time = ingested;
        told = true;
    }
    if (!told)
        return;
    if (!time.zoned && taken && time_parse(host_field(fields, FIELD_RECEIVED), &received) && !received.zoned) {
        int64_t quarter = 15 * TIME_MINUTE, offset = ingested.time - received.time;
        offset = (offset + (offset < 0 ? -quarter / 2 : quarter / 2)) / quarter * quarter;
        if (offset >= -14 * 4 * quarter && offset <= 14 * 4 * quarter) {
            time.time += offset;
            time.zoned = true;
        }
    }
    event->time = time.time;
    event->precision = time.precision;
    event->zoned = time.zoned;
}

bool host_event_make(const HostFields *fields, unsigned wanted, const char *file, HostEvent *event)
{
    int64_t id = number(fields, FIELD_EVENT_ID);
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        if (events[i].id != id || !(wanted & HOST_EVENT_BIT(events[i].kind)) || !is_log(fields, events[i].log))
            continue;
        *event = host_event_init(events[i].kind, file, logs[events[i].log].name);
        event->source.id = id;
        event->source.record = number(fields, FIELD_RECORD);
        event->host = host_field(fields, FIELD_COMPUTER);
        take_time(fields, event);
        return events[i].fill(fields, event);
    }
    return false;
}
