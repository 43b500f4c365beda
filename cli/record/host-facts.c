// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/host-facts.h"

HostFacts *host_facts_new(void)
{
    HostFacts *facts = g_new0(HostFacts, 1);
    facts->logons = g_array_new(FALSE, FALSE, sizeof(Logon));
    facts->operations = g_array_new(FALSE, FALSE, sizeof(Operation));
    facts->subscriptions = g_array_new(FALSE, FALSE, sizeof(Subscription));
    facts->clocks = g_array_new(FALSE, FALSE, sizeof(Clock));
    return facts;
}

void host_facts_free(HostFacts *facts)
{
    g_array_unref(facts->logons);
    g_array_unref(facts->operations);
    g_array_unref(facts->subscriptions);
    g_array_unref(facts->clocks);
    g_free(facts);
}
