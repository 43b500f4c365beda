// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/techniques.h"

#include <glib.h>

// Names and tactics are those of ATT&CK 18.
static const AttackTactic execution = {"TA0002", "Execution"};
static const AttackTactic persistence = {"TA0003", "Persistence"};
static const AttackTactic privilege_escalation = {"TA0004", "Privilege Escalation"};
static const AttackTactic defense_evasion = {"TA0005", "Defense Evasion"};
static const AttackTactic discovery = {"TA0007", "Discovery"};
static const AttackTactic lateral_movement = {"TA0008", "Lateral Movement"};
static const AttackTactic impact = {"TA0040", "Impact"};

// clang-format off
static const AttackTechnique techniques[N_TECHNIQUES] = {
    [TECHNIQUE_VOLUME_ACCESS] = {"T1006", "Direct Volume Access", NULL, NULL, {&defense_evasion}},
    [TECHNIQUE_SERVICE_DISCOVERY] = {"T1007", "System Service Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_QUERY_REGISTRY] = {"T1012", "Query Registry", NULL, NULL, {&discovery}},
    [TECHNIQUE_NETWORK_CONFIGURATION] = {"T1016", "System Network Configuration Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_DCOM] = {"T1021.003", "Distributed Component Object Model", "T1021", "Remote Services", {&lateral_movement}},
    [TECHNIQUE_OWNER_DISCOVERY] = {"T1033", "System Owner/User Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_WMI] = {"T1047", "Windows Management Instrumentation", NULL, NULL, {&execution}},
    [TECHNIQUE_NETWORK_CONNECTIONS] = {"T1049", "System Network Connections Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_AT] = {"T1053.002", "At", "T1053", "Scheduled Task/Job", {&execution, &persistence, &privilege_escalation}},
    [TECHNIQUE_SCHEDULED_TASK] = {"T1053.005", "Scheduled Task", "T1053", "Scheduled Task/Job", {&execution, &persistence, &privilege_escalation}},
    [TECHNIQUE_PROCESS_DISCOVERY] = {"T1057", "Process Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_GROUP_DISCOVERY] = {"T1069", "Permission Groups Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_CLEAR_EVENT_LOGS] = {"T1070.001", "Clear Windows Event Logs", "T1070", "Indicator Removal", {&defense_evasion}},
    [TECHNIQUE_SYSTEM_INFORMATION] = {"T1082", "System Information Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_FILE_DISCOVERY] = {"T1083", "File and Directory Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_ACCOUNT_DISCOVERY] = {"T1087", "Account Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_MODIFY_REGISTRY] = {"T1112", "Modify Registry", NULL, NULL, {&persistence, &defense_evasion}},
    [TECHNIQUE_PERIPHERALS] = {"T1120", "Peripheral Device Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_SYSTEM_TIME] = {"T1124", "System Time Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_SHARE_DISCOVERY] = {"T1135", "Network Share Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_SERVICE_STOP] = {"T1489", "Service Stop", NULL, NULL, {&impact}},
    [TECHNIQUE_INHIBIT_RECOVERY] = {"T1490", "Inhibit System Recovery", NULL, NULL, {&impact}},
    [TECHNIQUE_SOFTWARE_DISCOVERY] = {"T1518", "Software Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_SECURITY_SOFTWARE] = {"T1518.001", "Security Software Discovery", "T1518", "Software Discovery", {&discovery}},
    [TECHNIQUE_SHUTDOWN] = {"T1529", "System Shutdown/Reboot", NULL, NULL, {&impact}},
    [TECHNIQUE_WINDOWS_SERVICE] = {"T1543.003", "Windows Service", "T1543", "Create or Modify System Process", {&persistence, &privilege_escalation}},
    [TECHNIQUE_SUBSCRIPTION] = {"T1546.003", "Windows Management Instrumentation Event Subscription", "T1546", "Event Triggered Execution", {&persistence, &privilege_escalation}},
    [TECHNIQUE_RUN_KEY] = {"T1547.001", "Registry Run Keys / Startup Folder", "T1547", "Boot or Logon Autostart Execution", {&persistence, &privilege_escalation}},
    [TECHNIQUE_DISABLE_TOOLS] = {"T1562.001", "Disable or Modify Tools", "T1562", "Impair Defenses", {&defense_evasion}},
    [TECHNIQUE_SERVICE_EXECUTION] = {"T1569.002", "Service Execution", "T1569", "System Services", {&execution}},
    [TECHNIQUE_DRIVER_DISCOVERY] = {"T1652", "Device Driver Discovery", NULL, NULL, {&discovery}},
    [TECHNIQUE_STORAGE_DISCOVERY] = {"T1680", "Local Storage Discovery", NULL, NULL, {&discovery}},
};
// clang-format on

static const char *const ids[N_TECHNIQUES] = {
    [TECHNIQUE_VOLUME_ACCESS] = "T1006",
    [TECHNIQUE_SERVICE_DISCOVERY] = "T1007",
    [TECHNIQUE_QUERY_REGISTRY] = "T1012",
    [TECHNIQUE_NETWORK_CONFIGURATION] = "T1016",
    [TECHNIQUE_DCOM] = "T1021.003",
    [TECHNIQUE_OWNER_DISCOVERY] = "T1033",
    [TECHNIQUE_WMI] = "T1047",
    [TECHNIQUE_NETWORK_CONNECTIONS] = "T1049",
    [TECHNIQUE_AT] = "T1053.002",
    [TECHNIQUE_SCHEDULED_TASK] = "T1053.005",
    [TECHNIQUE_PROCESS_DISCOVERY] = "T1057",
    [TECHNIQUE_GROUP_DISCOVERY] = "T1069",
    [TECHNIQUE_CLEAR_EVENT_LOGS] = "T1070.001",
    [TECHNIQUE_SYSTEM_INFORMATION] = "T1082",
    [TECHNIQUE_FILE_DISCOVERY] = "T1083",
    [TECHNIQUE_ACCOUNT_DISCOVERY] = "T1087",
    [TECHNIQUE_MODIFY_REGISTRY] = "T1112",
    [TECHNIQUE_PERIPHERALS] = "T1120",
    [TECHNIQUE_SYSTEM_TIME] = "T1124",
    [TECHNIQUE_SHARE_DISCOVERY] = "T1135",
    [TECHNIQUE_SERVICE_STOP] = "T1489",
    [TECHNIQUE_INHIBIT_RECOVERY] = "T1490",
    [TECHNIQUE_SOFTWARE_DISCOVERY] = "T1518",
    [TECHNIQUE_SECURITY_SOFTWARE] = "T1518.001",
    [TECHNIQUE_SHUTDOWN] = "T1529",
    [TECHNIQUE_WINDOWS_SERVICE] = "T1543.003",
    [TECHNIQUE_SUBSCRIPTION] = "T1546.003",
    [TECHNIQUE_RUN_KEY] = "T1547.001",
    [TECHNIQUE_DISABLE_TOOLS] = "T1562.001",
    [TECHNIQUE_SERVICE_EXECUTION] = "T1569.002",
    [TECHNIQUE_DRIVER_DISCOVERY] = "T1652",
    [TECHNIQUE_STORAGE_DISCOVERY] = "T1680",
};

const Vocabulary technique_words = {ids, N_TECHNIQUES};

const AttackTechnique *technique_get(Technique technique)
{
    return &techniques[technique];
}

char *technique_url(const char *id)
{
    g_auto(GStrv) parts = g_strsplit(id, ".", 2);
    g_autofree char *path = g_strjoinv("/", parts);
    return g_strdup_printf("https://attack.mitre.org/techniques/%s/", path);
}

char *tactic_url(const AttackTactic *tactic)
{
    return g_strdup_printf("https://attack.mitre.org/tactics/%s/", tactic->id);
}
