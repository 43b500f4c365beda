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
#define D3FEND_TECHNIQUE "D3-RTA"
#define D3FEND_TECHNIQUE_NAME "RPC Traffic Analysis"
#define D3FEND_TECHNIQUE_URL "https://d3fend.mitre.org/technique/d3f:RPCTrafficAnalysis/"

/** In the order of their ids. */
typedef enum {
    TECHNIQUE_NONE,
    TECHNIQUE_DCOM,         ///< T1021.003: activation of an object that is not WMI's
    TECHNIQUE_WMI,          ///< T1047
    TECHNIQUE_SUBSCRIPTION, ///< T1546.003: a WMI event subscription is written
    N_TECHNIQUES
} Technique;

typedef struct {
    const char *id, *name;
} AttackTactic;

typedef struct {
    const char *id, *name;
    const char *parent, *parent_name; ///< of a sub-technique, else NULL
    const AttackTactic *tactics[2];   ///< NULL after the last
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
