// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/techniques.h"

static const AttackTactic execution = {"TA0002", "Execution"};
static const AttackTactic persistence = {"TA0003", "Persistence"};
static const AttackTactic privilege_escalation = {"TA0004", "Privilege Escalation"};
static const AttackTactic lateral_movement = {"TA0008", "Lateral Movement"};

static const AttackTechnique techniques[] = {
    {"T1021.003", "Distributed Component Object Model", "T1021", "Remote Services", {&lateral_movement}},
    {"T1047", "Windows Management Instrumentation", NULL, NULL, {&execution}},
    {"T1546.003",
     "Windows Management Instrumentation Event Subscription",
     "T1546",
     "Event Triggered Execution",
     {&persistence, &privilege_escalation}},
};

const AttackTechnique *attack_technique(const char *id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(techniques); i++) {
        if (g_strcmp0(id, techniques[i].id) == 0)
            return &techniques[i];
    }
    return NULL;
}

char *attack_technique_url(const char *id)
{
    g_auto(GStrv) parts = g_strsplit(id, ".", 2);
    g_autofree char *path = g_strjoinv("/", parts);
    return g_strdup_printf("https://attack.mitre.org/techniques/%s/", path);
}

char *attack_tactic_url(const AttackTactic *tactic)
{
    return g_strdup_printf("https://attack.mitre.org/tactics/%s/", tactic->id);
}
