// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/lookup.h"

#include "judge/exporter.h"
#include "judge/keep.h"
#include "wire/epm.h"

void lookups_init(Tracker *t)
{
    t->lookups = endpoints_new(t->pool);
}

static Lookup *take_request(Step *s, bool ndr64)
{
    const Pdu *pdu = s->pdu;
    Conversation *c = s->conversation;
    bool whole = pdu->complete && pdu->flags & PFC_FIRST_FRAG && pdu->flags & PFC_LAST_FRAG;
    Bytes stub = bytes_init(pdu->stub, pdu->stub_len, pdu->big_endian);
    EpmTower asked;
    if (pdu->opnum != EPM_OPNUM_MAP || !whole || s->result->sealed || !epm_map_request_read(&stub, ndr64, &asked))
        return NULL;
    Lookup *lookup = wmem_new0(s->tracker->pool, Lookup);
    lookup->conversation = c;
    lookup->frame = s->frame;
    lookup->interface = asked.interface;
    lookup->ndr64 = ndr64;
    if (!c->lookups)
        c->lookups = wmem_map_new(s->tracker->pool, g_direct_hash, g_direct_equal);
    wmem_map_insert(c->lookups, GUINT_TO_POINTER(pdu->call_id), lookup);
    return lookup;
}

static void learn(Step *s, const uint8_t server[16], uint16_t port, Lookup *lookup)
{
    EndpointKey key = {.server.port = port};
    memcpy(key.client, conversation_client(s->conversation)->ip, 16);
    memcpy(key.server.ip, server, 16);
    wmem_map_insert(s->tracker->lookups, keep_copy(s->tracker->pool, &key, sizeof(key)), lookup);
}

static Lookup *take_response(Step *s, Lookup *lookup)
{
    const Pdu *pdu = s->pdu;
    bool whole = pdu->complete && pdu->flags & PFC_FIRST_FRAG && pdu->flags & PFC_LAST_FRAG;
    Bytes stub = bytes_init(pdu->stub, pdu->stub_len, pdu->big_endian);
    EpmTower towers[EPM_MAX_TOWERS];
    unsigned n;
    if (pdu->type != PDU_RESPONSE || !whole || s->result->sealed ||
        !epm_map_response_read(&stub, lookup->ndr64, towers, &n))
        return NULL;
    lookup->response_frame = s->frame;
    for (unsigned i = 0; i < n; i++) {
        if (!guid_equal(&towers[i].interface, &lookup->interface))
            continue;
        uint8_t ip[16] = {[10] = 0xff, 0xff};
        memcpy(ip + 12, towers[i].ip, 4);
        // As with activations, the server may stand behind another address than the one it names.
        learn(s, conversation_server(s->conversation)->ip, towers[i].port, lookup);
        if (towers[i].has_ip)
            learn(s, ip, towers[i].port, lookup);
    }
    return lookup;
}

Lookup *lookup_take(Step *s)
{
    Conversation *c = s->conversation;
    if (conversation_server(c)->port != RPCSS_PORT)
        return NULL;
    if (s->pdu->type != PDU_REQUEST) {
        Lookup *lookup = c->lookups ? wmem_map_remove(c->lookups, GUINT_TO_POINTER(s->pdu->call_id)) : NULL;
        return lookup ? take_response(s, lookup) : NULL;
    }
    const Context *context = wmem_map_lookup(c->contexts, GUINT_TO_POINTER(s->pdu->context_id));
    bool is_mapper = context && context->result == RESULT_ACCEPTED && guid_equal(&context->offered.uuid, &epm_uuid);
    return is_mapper ? take_request(s, guid_equal(&context->offered.transfer, &ndr64_uuid)) : NULL;
}

void lookup_check(Step *s)
{
    Conversation *c = s->conversation;
    if (c->lookup_checked || conversation_server(c)->port == RPCSS_PORT)
        return;
    c->lookup_checked = true;
    EndpointKey key = {.server = *conversation_server(c)};
    memcpy(key.client, conversation_client(c)->ip, 16);
    Lookup *lookup = wmem_map_lookup(s->tracker->lookups, &key);
    if (!lookup || lookup->response_frame >= c->first_frame)
        return;
    lookup->led = true;
    c->lookup = lookup;
}
