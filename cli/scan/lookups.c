// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/lookups.h"

#include "wire/epm.h"
#include "wire/pdu.h"

#define MAX_LOOKUPS 65536u
#define RPCSS_PORT 135
#define PROTOCOL_TCP 6

static void note(GHashTable *lookups, const FlowKey *flow, guint server, uint16_t port)
{
    FlowKey item = *flow;
    item.port[server] = port;
    item.transport = (uint8_t) server;
    if (g_hash_table_size(lookups) < MAX_LOOKUPS)
        flow_keys_add(lookups, &item);
}

/** Whether the answer is one; which of the two transfer syntaxes it is in was agreed on before. */
static bool take_answer(GHashTable *lookups, const FlowKey *flow, guint server, const Pdu *pdu)
{
    for (int ndr64 = 0; ndr64 <= 1; ndr64++) {
        EpmTower towers[EPM_MAX_TOWERS];
        unsigned n;
        Bytes stub = bytes_init(pdu->stub, pdu->stub_len, pdu->big_endian);
        if (!epm_map_response_read(&stub, ndr64, towers, &n))
            continue;
        for (unsigned i = 0; i < n; i++)
            note(lookups, flow, server, towers[i].port);
        return true;
    }
    return false;
}

void lookups_take(GHashTable *lookups, const FlowKey *flow, guint server, const uint8_t *payload, size_t len)
{
    Pdu pdu;
    for (size_t at = 0; at < len; at += pdu.frag_len) {
        bool whole = pdu_read(payload + at, len - at, &pdu) && pdu.complete && pdu.frag_len >= PDU_HEADER_SIZE;
        bool answers = !whole || pdu.type == PDU_RESPONSE;
        if (answers && !(whole && take_answer(lookups, flow, server, &pdu)))
            note(lookups, flow, server, LOOKUPS_ANY_PORT);
        if (!whole)
            return;
    }
}

NamedPort lookups_get(const FlowKey *item)
{
    guint server = item->transport & 1;
    NamedPort named = {*item, item->ip[1 - server], item->ip[server], item->port[server]};
    const Address ip[2] = {named.client, named.server};
    const uint16_t port[2] = {item->port[1 - server], RPCSS_PORT};
    (void) flow_key_set(&named.flow, ip, port, PROTOCOL_TCP);
    return named;
}
