// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/conversation.h"

#include "event/event.h"
#include "names/status.h"

#include <wsutil/inet_addr.h>

const char *security_type_name(const Security *s)
{
    switch (s->type) {
    case AUTH_TYPE_NONE: return "none";
    case AUTH_TYPE_SPNEGO:
        if (s->mechanism == AUTH_TOKEN_KERBEROS)
            return "kerberos";
        return s->mechanism == AUTH_TOKEN_NTLM ? "ntlm" : "spnego";
    case AUTH_TYPE_NTLM: return "ntlm";
    case 14: return "schannel";
    case AUTH_TYPE_KERBEROS: return "kerberos";
    case 68: return "netlogon";
    default: return NULL;
    }
}

Conversation *conversation_make(wmem_allocator_t *pool, const Endpoint *from, const Endpoint *to)
{
    Conversation *c = wmem_new0(pool, Conversation);
    c->side[0] = *from;
    c->side[1] = *to;
    c->client = -1;
    return c;
}

/** Most captures have one interface: parts are kept only once a second one is seen. */
static void count_part(Conversation *c, wmem_allocator_t *pool, const Frame *frame)
{
    if (c->frames == 0)
        c->interface_id = frame->interface_id;
    if (!c->parts && frame->interface_id == c->interface_id)
        return;
    if (!c->parts) {
        ConversationPart before = {c->interface_id, c->first_frame, c->last_frame, c->frames};
        c->parts = wmem_array_new(pool, sizeof(ConversationPart));
        wmem_array_append_one(c->parts, before);
    }
    for (guint i = wmem_array_get_count(c->parts); i > 0; i--) {
        ConversationPart *part = wmem_array_index(c->parts, i - 1);
        if (part->interface_id == frame->interface_id) {
            part->frames++;
            part->last_frame = frame->number;
            return;
        }
    }
    ConversationPart part = {frame->interface_id, frame->number, frame->number, 1};
    if (wmem_array_get_count(c->parts) < EVENT_LIST_MAX) // each frame looks for its part
        wmem_array_append_one(c->parts, part);
}

void conversation_count(Conversation *c, wmem_allocator_t *pool, const Frame *frame)
{
    count_part(c, pool, frame);
    bool first = c->frames++ == 0;
    if (first || nstime_cmp(&frame->time, &c->first_time) < 0) {
        c->first_frame = frame->number;
        c->first_time = frame->time;
    }
    if (first || nstime_cmp(&frame->time, &c->last_time) >= 0) {
        c->last_frame = frame->number;
        c->last_time = frame->time;
    }
    c->frame_time = frame->time;
    c->time_digits = frame->time_digits;
    c->bytes[frame->side] += frame->length;
    if (frame->flags & FRAME_SYN)
        c->opened |= 1u << (frame->flags & FRAME_ACK ? 1 - frame->side : frame->side);
    c->reset |= (frame->flags & FRAME_RST) != 0;
    c->spoke[frame->side] |= frame->payload;
}

/** A method that the table of interfaces does not tell the use of. */
static const Method *make_method(wmem_allocator_t *pool, const Interface *interface, uint16_t opnum)
{
    const char *name;
    size_t len = method_name_find(interface, opnum, &name);
    if (len == 0)
        return NULL;
    Method *method = wmem_new0(pool, Method);
    method->interface = interface->name;
    method->opnum = opnum;
    method->name = wmem_strndup(pool, name, len);
    return method;
}

void call_set_interface(Call *call, wmem_allocator_t *pool, const Guid *uuid, const Interface *interface,
                        InterfaceSource source)
{
    call->has_uuid = true;
    call->uuid = *uuid;
    call->interface = interface;
    call->source = source;
    call->method = interface ? method_find(interface, call->opnum) : NULL;
    if (interface && !call->method)
        call->method = make_method(pool, interface, call->opnum);
}

void call_forget_interface(Call *call)
{
    call->has_uuid = false;
    call->interface = NULL;
    call->source = SOURCE_UNKNOWN;
    call->method = NULL;
}

Outcome call_outcome(const Call *call)
{
    return call->answered ? call_answer_outcome(&call->answer) : OUTCOME_UNKNOWN;
}

bool pdu_shows(const PduResult *r, Technique technique)
{
    for (unsigned i = 0; i < r->n_techniques; i++)
        if (r->techniques[i].technique == technique)
            return true;
    return false;
}

bool pdu_denied(const PduResult *r)
{
    const CallOutcome *o = r->outcome;
    return (r->has_status && status_is_denied(r->status)) ||
           (o && o->has_operation_status && status_is_denied(o->operation_status));
}

char *call_method_text(wmem_allocator_t *pool, const Call *call)
{
    return call->method ? wmem_strdup_printf(pool, "%s::%s", call->interface->name, call->method->name) : NULL;
}

char *endpoint_ip_text(wmem_allocator_t *pool, const Endpoint *e)
{
    static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[WS_INET6_ADDRSTRLEN];
    if (memcmp(e->ip, v4_mapped, sizeof(v4_mapped)) == 0)
        (void) ws_inet_ntop4(e->ip + 12, text, sizeof(text));
    else
        (void) ws_inet_ntop6(e->ip, text, sizeof(text));
    return wmem_strdup(pool, text);
}

Conversation *activity_representative(Conversation *c)
{
    while (c->activity != c) {
        c->activity = c->activity->activity; // so that the way is short the next time
        c = c->activity;
    }
    return c;
}

uint32_t conversation_activity(Conversation *c)
{
    return c->id == 0 ? 0 : activity_representative(c)->id;
}
