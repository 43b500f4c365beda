// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The techniques of MITRE ATT&CK that records name, and the analytic behind them.
 */
#ifndef CAR_NAMES_TECHNIQUES_H
#define CAR_NAMES_TECHNIQUES_H

#include <glib.h>

#define CAR_ANALYTIC "CAR-2014-11-007"
#define CAR_ANALYTIC_NAME "Remote Windows Management Instrumentation (WMI) over RPC"
#define CAR_ANALYTIC_URL "https://car.mitre.org/analytics/CAR-2014-11-007/"
#define D3FEND_TECHNIQUE "D3-RTA"
#define D3FEND_TECHNIQUE_NAME "RPC Traffic Analysis"
#define D3FEND_TECHNIQUE_URL "https://d3fend.mitre.org/technique/d3f:RPCTrafficAnalysis/"

typedef struct {
    const char *id, *name;
} AttackTactic;

typedef struct {
    const char *id, *name;
    const char *parent, *parent_name; ///< of a sub-technique, else NULL
    const AttackTactic *tactics[2];   ///< NULL after the last
} AttackTechnique;

/** NULL when it is none that car-wmi knows. */
const AttackTechnique *attack_technique(const char *id);

/** Its page, or that of a technique that is not known here. Owned by the caller. */
char *attack_technique_url(const char *id);

/** Owned by the caller. */
char *attack_tactic_url(const AttackTactic *tactic);

#endif
