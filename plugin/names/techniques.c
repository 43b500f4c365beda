// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/techniques.h"

#include <glib.h>

static const AttackTactic execution = {"TA0002", "Execution"};
static const AttackTactic persistence = {"TA0003", "Persistence"};
static const AttackTactic privilege_escalation = {"TA0004", "Privilege Escalation"};
static const AttackTactic lateral_movement = {"TA0008", "Lateral Movement"};

#define ID_DCOM "T1021.003"
#define ID_WMI "T1047"
#define ID_SUBSCRIPTION "T1546.003"

static const AttackTechnique techniques[N_TECHNIQUES] = {
    [TECHNIQUE_DCOM] = {ID_DCOM, "Distributed Component Object Model", "T1021", "Remote Services", {&lateral_movement}},
    [TECHNIQUE_WMI] = {ID_WMI, "Windows Management Instrumentation", NULL, NULL, {&execution}},
    [TECHNIQUE_SUBSCRIPTION] = {ID_SUBSCRIPTION,
                                "Windows Management Instrumentation Event Subscription",
                                "T1546",
                                "Event Triggered Execution",
                                {&persistence, &privilege_escalation}},
};

static const char *const ids[N_TECHNIQUES] = {
    [TECHNIQUE_DCOM] = ID_DCOM,
    [TECHNIQUE_WMI] = ID_WMI,
    [TECHNIQUE_SUBSCRIPTION] = ID_SUBSCRIPTION,
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
