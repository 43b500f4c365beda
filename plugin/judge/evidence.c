// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/evidence.h"

#include "judge/keep.h"

void activity_join(Conversation *a, Conversation *b)
{
    a = activity_representative(a);
    b = activity_representative(b);
    if (a->id < b->id)
        b->activity = a;
    else
        a->activity = b;
}

/** The newest WMI conversation between two hosts. */
static void wmi_pair_learn(Step *s)
{
    const Conversation *c = s->conversation;
    HostPair pair;
    memcpy(pair.client, conversation_client(c)->ip, 16);
    memcpy(pair.server, conversation_server(c)->ip, 16);
    if (wmem_map_lookup(s->tracker->wmi_pairs, &pair) != c)
        wmem_map_insert(s->tracker->wmi_pairs, keep_copy(s->tracker->pool, &pair, sizeof(pair)), s->conversation);
}

void add_evidence(Step *s, EvidenceKind kind)
{
    Conversation *c = s->conversation;
    if (c->evidence_frame[kind])
        return;
    c->evidence_frame[kind] = s->frame;
    s->result->evidence |= 1u << kind;
    if (c->id == 0) {
        wmem_array_append_one(s->tracker->conversations, c);
        c->id = wmem_array_get_count(s->tracker->conversations);
        c->activity = c;
    }
    c->confidence = MAX(c->confidence, evidence_confidence(kind));
    if (c->confidence == CONFIDENCE_WMI && conversation_server(c)->port != RPCSS_PORT && !c->is_callback)
        wmi_pair_learn(s);
}

void link_activation(Step *s, Activation *a)
{
    Conversation *c = s->conversation;
    if (!c->activation && a->conversation != c) {
        c->activation = a;
        c->activation_open = false;
        a->led |= conversation_led_by_activation(c);
    }
    if (c->id && a->conversation->id)
        activity_join(c, a->conversation);
}

void check_callback_origin(Step *s)
{
    Conversation *c = s->conversation;
    HostPair pair;
    memcpy(pair.client, conversation_server(c)->ip, 16);
    memcpy(pair.server, conversation_client(c)->ip, 16);
    Conversation *origin = wmem_map_lookup(s->tracker->wmi_pairs, &pair);
    if (origin)
        activity_join(c, origin);
}
