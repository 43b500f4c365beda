// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/verdict.h"

/** The side that opened the connection; -1: not known, or told in two ways. */
static int opener(const Conversation *c)
{
    return c->opened == 1 ? 0 : c->opened == 2 ? 1 : -1;
}

bool verdict_role_fits(Tracker *t, Conversation *c, int side, bool from_client)
{
    int client = from_client ? side : 1 - side, opened = opener(c);
    if (opened >= 0 && client != opened)
        return false;
    if (c->client == client)
        return true;
    if (c->client >= 0 && c->id)
        return false;
    c->client = client;
    c->caller = conversation_server(c)->port != RPCSS_PORT ? caller_new(t->pool, c) : NULL;
    return true;
}

static void add_answer(Conversation *c, Confidence level)
{
    c->answers = true;
    c->answered = MAX(c->answered, level);
}

void verdict_accepted(Conversation *c, const Interface *interface)
{
    add_answer(c, !interface ? CONFIDENCE_RPCSS : interface->family == FAMILY_WMI ? CONFIDENCE_WMI : CONFIDENCE_DCOM);
}

void verdict_answered(Conversation *c, const Call *call)
{
    bool is_wmi =
        (call->interface && call->interface->family == FAMILY_WMI) || (call->activation && call->activation->is_wmi);
    add_answer(c, is_wmi ? CONFIDENCE_WMI : CONFIDENCE_DCOM);
}

Verdict conversation_verdict(const Conversation *c)
{
    if (c->confidence == CONFIDENCE_NONE)
        return VERDICT_UNKNOWN;
    Confidence needed = c->confidence;
    // What ties it to WMI may be an endpoint or a pointer; then any DCOM that is answered is a part of that.
    if (c->evidence_frame[EVIDENCE_OXID_ENDPOINT] || c->evidence_frame[EVIDENCE_IPID] ||
        c->evidence_frame[EVIDENCE_CAUSALITY])
        needed = MIN(needed, CONFIDENCE_DCOM);
    return c->answered >= needed ? VERDICT_SESSION : VERDICT_ATTEMPT;
}

AttemptReason conversation_attempt_reason(const Conversation *c)
{
    if (conversation_verdict(c) != VERDICT_ATTEMPT)
        return ATTEMPT_UNKNOWN;
    if (c->bind_nak)
        return ATTEMPT_BIND_NAK;
    if (c->rejected)
        return ATTEMPT_REJECTED;
    int server = c->client != 1;
    if (c->spoke[server] && !c->answers)
        return ATTEMPT_OTHER;
    if (c->bytes[server] == 0)
        return ATTEMPT_ONE_SIDED;
    return c->reset ? ATTEMPT_RESET : ATTEMPT_NO_ANSWER;
}
