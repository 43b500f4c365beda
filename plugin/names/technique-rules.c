// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/technique-rules.h"

#include <glib.h>
#include <string.h>

/** What a call does with a class. */
typedef enum { ACTION_NONE, ACTION_CALL, ACTION_PUT, ACTION_DELETE, ACTION_ASK } Action;

/** A part of a text that is not terminated where it ends. */
typedef struct {
    const char *text;
    size_t len;
} Part;

static bool part_is(Part part, const char *text)
{
    return part.len == strlen(text) && g_ascii_strncasecmp(part.text, text, part.len) == 0;
}

/** Whether `list`, with spaces between its words, has this one. "Set*" has all that begin so. */
static bool is_listed(const char *list, Part part)
{
    for (const char *word = list; part.len > 0 && *word;) {
        size_t len = strcspn(word, " ");
        bool prefix = word[len - 1] == '*';
        size_t compared = prefix ? len - 1 : len;
        if ((prefix ? part.len >= compared : part.len == len) && g_ascii_strncasecmp(word, part.text, compared) == 0)
            return true;
        word += len + (word[len] == ' ');
    }
    return false;
}

static Part known_part(const char *text)
{
    return (Part){text, text ? strlen(text) : 0};
}

/** The class that a call is about; without text when it is not known. */
static Part class_of(const KnownCall *call)
{
    if (call->class_name)
        return known_part(call->class_name);
    Part part = {0};
    part.text = call->query         ? wmi_query_class(call->query, &part.len)
                : call->object_path ? wmi_path_class(call->object_path, &part.len)
                                    : NULL;
    return part.text ? part : (Part){0};
}

static const char *parameter(const KnownCall *call, const char *name)
{
    const char *value = call->parameter ? call->parameter(call->parameters, name) : NULL;
    return value && *value ? value : NULL;
}

// Conditions.

static bool is_other_method(const KnownCall *call)
{
    bool is_create = part_is(class_of(call), "Win32_Process") && part_is(known_part(call->wmi_method), "Create");
    return call->wmi_method && !is_create;
}

static bool is_unread_method(const KnownCall *call)
{
    return !call->wmi_method;
}

static bool is_subscription(const KnownCall *call)
{
    return wmi_class_is_subscription(call->class_name);
}

static bool is_in_subscription(const KnownCall *call)
{
    return !is_subscription(call) && wmi_namespace_is_subscription(call->namespace_path);
}

static bool disables(const KnownCall *call)
{
    return part_is(known_part(parameter(call, "StartMode")), "Disabled");
}

/** A service is told what to run, or to run by itself. */
static bool changes_start(const KnownCall *call)
{
    return parameter(call, "PathName") || (parameter(call, "StartMode") && !disables(call));
}

/** Whether a key is below or is `wanted`, as a path inside it: "…\\CurrentVersion\\Run". */
static bool key_has(const KnownCall *call, const char *wanted)
{
    const char *key = parameter(call, "sSubKeyName");
    size_t len = strlen(wanted);
    for (; key && *key; key++)
        if (g_ascii_strncasecmp(key, wanted, len) == 0 && (key[len] == '\0' || key[len] == '\\'))
            return true;
    return false;
}

static bool is_run_key(const KnownCall *call)
{
    return key_has(call, "\\Windows\\CurrentVersion\\Run") || key_has(call, "\\Windows\\CurrentVersion\\RunOnce") ||
           key_has(call, "\\Windows\\CurrentVersion\\RunOnceEx") ||
           key_has(call, "\\CurrentVersion\\Policies\\Explorer\\Run");
}

/** What a service runs stands there. */
static bool is_service_path(const KnownCall *call)
{
    return key_has(call, "\\Services") && part_is(known_part(parameter(call, "sValueName")), "ImagePath");
}

/** Win32Shutdown logs off, too. */
static bool shuts_down(const KnownCall *call)
{
    const int64_t stops = 1 | 2 | 8; // shut down, restart, power off
    const char *flags = parameter(call, "Flags");
    return !is_listed("Win32Shutdown*", known_part(call->wmi_method)) ||
           (flags && (g_ascii_strtoll(flags, NULL, 10) & stops) != 0);
}

#define SERVICES "Win32_Service Win32_BaseService Win32_SystemDriver"

typedef struct {
    Action action;
    const char *classes, *methods; ///< lists; NULL: any
    bool (*when)(const KnownCall *call);
    Technique technique;
    const char *reason;
} Rule;

// clang-format off
static const Rule rules[] = {
    {ACTION_CALL, "Win32_ShadowCopy", "Create", NULL, TECHNIQUE_VOLUME_ACCESS, "A shadow copy of a volume is made, through which its files are read past the locks of the file system"},
    {ACTION_ASK, "Win32_Service Win32_BaseService", NULL, NULL, TECHNIQUE_SERVICE_DISCOVERY, "Services are listed"},
    {ACTION_CALL, "StdRegProv", "Enum* Get* CheckAccess", NULL, TECHNIQUE_QUERY_REGISTRY, "The registry is read"},
    {ACTION_ASK, "Win32_NetworkAdapter Win32_NetworkAdapterConfiguration Win32_IP4RouteTable MSFT_NetIPAddress MSFT_NetRoute", NULL, NULL, TECHNIQUE_NETWORK_CONFIGURATION, "The configuration of the network is read"},
    {ACTION_ASK, "Win32_LoggedOnUser Win32_LogonSession", NULL, NULL, TECHNIQUE_OWNER_DISCOVERY, "Those who are logged on are listed"},
    {ACTION_CALL, "Win32_Process", "Create", NULL, TECHNIQUE_WMI, "Win32_Process.Create starts a process on the server"},
    {ACTION_CALL, NULL, NULL, is_other_method, TECHNIQUE_WMI, "A method of WMI is run on the server"},
    {ACTION_CALL, NULL, NULL, is_unread_method, TECHNIQUE_WMI, "ExecMethod runs a method of WMI on the server; which one cannot be read"},
    {ACTION_ASK, "Win32_NetworkConnection Win32_ServerConnection Win32_ServerSession MSFT_NetTCPConnection MSFT_SmbConnection MSFT_SmbSession", NULL, NULL, TECHNIQUE_NETWORK_CONNECTIONS, "Network connections or sessions are listed"},
    {ACTION_CALL, "Win32_ScheduledJob", "Create", NULL, TECHNIQUE_AT, "Win32_ScheduledJob.Create schedules a command, as at does"},
    {ACTION_CALL, "PS_ScheduledTask", "Register*", NULL, TECHNIQUE_SCHEDULED_TASK, "PS_ScheduledTask registers a scheduled task"},
    {ACTION_ASK, "Win32_Process CIM_Process", NULL, NULL, TECHNIQUE_PROCESS_DISCOVERY, "Processes are listed"},
    {ACTION_ASK, "Win32_Group Win32_GroupUser", NULL, NULL, TECHNIQUE_GROUP_DISCOVERY, "Groups or their members are listed"},
    {ACTION_CALL, "Win32_NTEventlogFile", "ClearEventlog", NULL, TECHNIQUE_CLEAR_EVENT_LOGS, "An event log is cleared"},
    {ACTION_ASK, "Win32_OperatingSystem Win32_ComputerSystem Win32_ComputerSystemProduct Win32_BIOS Win32_BaseBoard Win32_Processor Win32_PhysicalMemory Win32_QuickFixEngineering", NULL, NULL, TECHNIQUE_SYSTEM_INFORMATION, "The version, updates or hardware of the system are read"},
    {ACTION_ASK, "CIM_DataFile CIM_Directory Win32_Directory", NULL, NULL, TECHNIQUE_FILE_DISCOVERY, "Files or folders are searched for"},
    {ACTION_ASK, "Win32_Account Win32_UserAccount Win32_SystemAccount", NULL, NULL, TECHNIQUE_ACCOUNT_DISCOVERY, "Accounts are listed"},
    {ACTION_CALL, "StdRegProv", "Create* Delete* Set*", NULL, TECHNIQUE_MODIFY_REGISTRY, "The registry is written to"},
    {ACTION_ASK, "Win32_PnPEntity Win32_USBHub Win32_USBControllerDevice", NULL, NULL, TECHNIQUE_PERIPHERALS, "Attached devices are listed"},
    {ACTION_ASK, "Win32_LocalTime Win32_UTCTime Win32_TimeZone", NULL, NULL, TECHNIQUE_SYSTEM_TIME, "The system's time or time zone is read"},
    {ACTION_ASK, "Win32_Share MSFT_SmbShare", NULL, NULL, TECHNIQUE_SHARE_DISCOVERY, "Shares are listed"},
    {ACTION_CALL, SERVICES, "StopService", NULL, TECHNIQUE_SERVICE_STOP, "A service is stopped"},
    {ACTION_CALL, SERVICES, "Change ChangeStartMode", disables, TECHNIQUE_SERVICE_STOP, "A service is disabled"},
    {ACTION_DELETE, "Win32_ShadowCopy", NULL, NULL, TECHNIQUE_INHIBIT_RECOVERY, "A shadow copy is deleted"},
    {ACTION_ASK, "Win32_Product Win32_InstalledWin32Program", NULL, NULL, TECHNIQUE_SOFTWARE_DISCOVERY, "Installed software is listed"},
    {ACTION_ASK, "AntiVirusProduct AntiSpywareProduct FirewallProduct MSFT_MpComputerStatus MSFT_MpPreference", NULL, NULL, TECHNIQUE_SECURITY_SOFTWARE, "Security software or its settings are listed"},
    {ACTION_CALL, "Win32_OperatingSystem", "Reboot Shutdown Win32Shutdown*", shuts_down, TECHNIQUE_SHUTDOWN, "The system is shut down or restarted"},
    {ACTION_CALL, SERVICES, "Create", NULL, TECHNIQUE_WINDOWS_SERVICE, "A service is created"},
    {ACTION_CALL, SERVICES, "Change ChangeStartMode", changes_start, TECHNIQUE_WINDOWS_SERVICE, "What a service runs, or when it starts, is changed"},
    {ACTION_CALL, "StdRegProv", "Set*", is_service_path, TECHNIQUE_WINDOWS_SERVICE, "What a service runs is written to the registry"},
    {ACTION_PUT, NULL, NULL, is_subscription, TECHNIQUE_SUBSCRIPTION, "A filter, consumer or binding of an event subscription is written"},
    {ACTION_PUT, NULL, NULL, is_in_subscription, TECHNIQUE_SUBSCRIPTION, "An instance is written to the namespace of event subscriptions"},
    {ACTION_CALL, "StdRegProv", "Set*", is_run_key, TECHNIQUE_RUN_KEY, "A value is written to a Run key, whose programs run when somebody logs on"},
    {ACTION_CALL, "MSFT_MpPreference", "Add Remove Set", NULL, TECHNIQUE_DISABLE_TOOLS, "Settings of Microsoft Defender are changed"},
    {ACTION_CALL, SERVICES, "StartService", NULL, TECHNIQUE_SERVICE_EXECUTION, "A service is started, which runs its program"},
    {ACTION_ASK, "Win32_SystemDriver Win32_PnPSignedDriver", NULL, NULL, TECHNIQUE_DRIVER_DISCOVERY, "Drivers are listed"},
    {ACTION_ASK, "Win32_LogicalDisk Win32_Volume Win32_DiskDrive Win32_DiskPartition", NULL, NULL, TECHNIQUE_STORAGE_DISCOVERY, "Drives or volumes are listed"},
};
// clang-format on

static Action action_of(const KnownCall *call)
{
    static const struct {
        const char *method;
        Action action;
    } actions[] = {
        {"ExecMethod", ACTION_CALL},        {"ExecMethodAsync", ACTION_CALL},
        {"PutInstance", ACTION_PUT},        {"PutInstanceAsync", ACTION_PUT},
        {"DeleteInstance", ACTION_DELETE},  {"DeleteInstanceAsync", ACTION_DELETE},
        {"ExecQuery", ACTION_ASK},          {"ExecQueryAsync", ACTION_ASK},
        {"CreateInstanceEnum", ACTION_ASK}, {"CreateInstanceEnumAsync", ACTION_ASK},
    };
    if (!call->interface || !call->method || strcmp(call->interface, "IWbemServices") != 0)
        return ACTION_NONE;
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++)
        if (strcmp(actions[i].method, call->method) == 0)
            return actions[i].action;
    return ACTION_NONE;
}

static bool fits(const Rule *rule, const KnownCall *call, Part class_name)
{
    return (!rule->classes || is_listed(rule->classes, class_name)) &&
           (!rule->methods || is_listed(rule->methods, known_part(call->wmi_method))) &&
           (!rule->when || rule->when(call));
}

unsigned techniques_shown(const KnownCall *call, ShownTechnique shown[SHOWN_TECHNIQUES_MAX])
{
    unsigned n = 0;
    const Action action = action_of(call);
    if (action == ACTION_NONE)
        return 0;
    const Part class_name = class_of(call);
    for (size_t i = 0; i < G_N_ELEMENTS(rules) && n < SHOWN_TECHNIQUES_MAX; i++) {
        const Rule *rule = &rules[i];
        bool again = n > 0 && shown[n - 1].technique == rule->technique;
        if (rule->action == action && !again && fits(rule, call, class_name))
            shown[n++] = (ShownTechnique){rule->technique, rule->reason};
    }
    return n;
}

unsigned techniques_of_activation(const ComClass *class, ShownTechnique shown[SHOWN_TECHNIQUES_MAX])
{
    if (!class || class->kind != CLASS_LATERAL)
        return 0;
    shown[0] = (ShownTechnique){TECHNIQUE_DCOM, "A class known for lateral movement over DCOM is activated"};
    return 1;
}
