// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The techniques of MITRE ATT&CK that calls show, and the analytic behind them. To add one, add it to the enum and a row in
 * techniques.c.
 */
#ifndef CAR_NAMES_TECHNIQUES_H
#define CAR_NAMES_TECHNIQUES_H

#include "names/words.h"

#define CAR_ANALYTIC "CAR-2014-11-007"
#define CAR_ANALYTIC_NAME "Remote Windows Management Instrumentation (WMI) over RPC"
#define CAR_ANALYTIC_URL "https://car.mitre.org/analytics/CAR-2014-11-007/"
/** What remote WMI is, too: an activation on 135, then a connection to the port that its answer names. */
#define CAR_RELATED_ANALYTIC "CAR-2014-05-001"
#define CAR_RELATED_ANALYTIC_NAME "RPC Activity"
#define CAR_RELATED_ANALYTIC_URL "https://car.mitre.org/analytics/CAR-2014-05-001/"
/** What it leads to, where a process was started: logon and process creation on the server. */
#define CAR_LAUNCH_ANALYTIC "CAR-2014-12-001"
#define CAR_LAUNCH_ANALYTIC_NAME "Remotely Launched Executables via WMI"
#define CAR_LAUNCH_ANALYTIC_URL "https://car.mitre.org/analytics/CAR-2014-12-001/"
/** ATT&CK's detection strategy for the same. */
#define ATTACK_STRATEGY "DET0364"
#define ATTACK_STRATEGY_NAME "Behavioral Detection Strategy for WMI Execution Abuse on Windows"
#define ATTACK_STRATEGY_URL "https://attack.mitre.org/detectionstrategies/DET0364/"
#define D3FEND_TECHNIQUE "D3-RTA"
#define D3FEND_TECHNIQUE_NAME "RPC Traffic Analysis"
#define D3FEND_TECHNIQUE_URL "https://d3fend.mitre.org/technique/d3f:RPCTrafficAnalysis/"

/** In the order of their ids. */
typedef enum {
    TECHNIQUE_NONE,
    TECHNIQUE_VOLUME_ACCESS,         ///< T1006: Direct Volume Access
    TECHNIQUE_SERVICE_DISCOVERY,     ///< T1007: System Service Discovery
    TECHNIQUE_QUERY_REGISTRY,        ///< T1012: Query Registry
    TECHNIQUE_NETWORK_CONFIGURATION, ///< T1016: System Network Configuration Discovery
    TECHNIQUE_DCOM,                  ///< T1021.003: activation of an object that is not WMI's
    TECHNIQUE_OWNER_DISCOVERY,       ///< T1033: System Owner/User Discovery
    TECHNIQUE_WMI,                   ///< T1047: Windows Management Instrumentation
    TECHNIQUE_NETWORK_CONNECTIONS,   ///< T1049: System Network Connections Discovery
    TECHNIQUE_AT,                    ///< T1053.002: At
    TECHNIQUE_SCHEDULED_TASK,        ///< T1053.005: Scheduled Task
    TECHNIQUE_PROCESS_DISCOVERY,     ///< T1057: Process Discovery
    TECHNIQUE_GROUP_DISCOVERY,       ///< T1069: Permission Groups Discovery
    TECHNIQUE_CLEAR_EVENT_LOGS,      ///< T1070.001: Clear Windows Event Logs
    TECHNIQUE_SYSTEM_INFORMATION,    ///< T1082: System Information Discovery
    TECHNIQUE_FILE_DISCOVERY,        ///< T1083: File and Directory Discovery
    TECHNIQUE_ACCOUNT_DISCOVERY,     ///< T1087: Account Discovery
    TECHNIQUE_MODIFY_REGISTRY,       ///< T1112: Modify Registry
    TECHNIQUE_PERIPHERALS,           ///< T1120: Peripheral Device Discovery
    TECHNIQUE_SYSTEM_TIME,           ///< T1124: System Time Discovery
    TECHNIQUE_SHARE_DISCOVERY,       ///< T1135: Network Share Discovery
    TECHNIQUE_SERVICE_STOP,          ///< T1489: Service Stop
    TECHNIQUE_INHIBIT_RECOVERY,      ///< T1490: Inhibit System Recovery
    TECHNIQUE_SOFTWARE_DISCOVERY,    ///< T1518: Software Discovery
    TECHNIQUE_SECURITY_SOFTWARE,     ///< T1518.001: Security Software Discovery
    TECHNIQUE_SHUTDOWN,              ///< T1529: System Shutdown/Reboot
    TECHNIQUE_WINDOWS_SERVICE,       ///< T1543.003: Windows Service
    TECHNIQUE_SUBSCRIPTION,          ///< T1546.003: a WMI event subscription is written
    TECHNIQUE_RUN_KEY,               ///< T1547.001: Registry Run Keys / Startup Folder
    TECHNIQUE_DISABLE_TOOLS,         ///< T1562.001: Disable or Modify Tools
    TECHNIQUE_SERVICE_EXECUTION,     ///< T1569.002: Service Execution
    TECHNIQUE_DRIVER_DISCOVERY,      ///< T1652: Device Driver Discovery
    TECHNIQUE_STORAGE_DISCOVERY,     ///< T1680: Local Storage Discovery
    N_TECHNIQUES
} Technique;

typedef struct {
    const char *id, *name;
} AttackTactic;

typedef struct {
    const char *id, *name;
    const char *parent, *parent_name; ///< of a sub-technique, else NULL
    const AttackTactic *tactics[3];   ///< NULL after the last
} AttackTechnique;

/** The ids: "T1047". */
extern const Vocabulary technique_words;

/** Not for TECHNIQUE_NONE. */
const AttackTechnique *technique_get(Technique technique);

static inline const char *technique_id(Technique technique)
{
    return word_text(&technique_words, technique);
}

/** The page of the technique with this id, or of its parent. Owned by the caller. */
char *technique_url(const char *id);

/** Owned by the caller. */
char *tactic_url(const AttackTactic *tactic);

#endif
