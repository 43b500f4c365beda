// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/identity.h"

#include "judge/keep.h"

struct Identities {
    wmem_allocator_t *pool;
    wmem_map_t *by_ticket;  ///< digest of a ticket's encrypted part → Identity
    wmem_map_t *by_service; ///< client address, service → Identity, the newest
};

Identities *identities_new(wmem_allocator_t *pool)
{
    Identities *known = wmem_new0(pool, Identities);
    known->pool = pool;
    known->by_ticket = wmem_map_new(pool, wmem_str_hash, g_str_equal);
    known->by_service = wmem_map_new(pool, wmem_str_hash, g_str_equal);
    return known;
}

static char *ticket_key(const uint8_t *ticket, size_t len)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, ticket, len);
}

/** Service names are compared without regard to case, as Windows does. */
static char *service_key(const uint8_t client[16], const char *spn, const char *realm)
{
    g_autofree char *service = g_utf8_casefold(spn, -1);
    g_autofree char *folded_realm = g_utf8_casefold(realm, -1);
    GString *key = g_string_new(NULL);
    for (unsigned i = 0; i < 16; i++)
        g_string_append_printf(key, "%02x", client[i]);
    g_string_append_printf(key, " %s@%s", service, folded_realm);
    return g_string_free(key, FALSE);
}

void identities_learn(Identities *known, const KdcReply *reply, const uint8_t client[16], uint32_t frame)
{
    Identity *identity = wmem_new0(known->pool, Identity);
    identity->user = keep_string(known->pool, reply->client);
    identity->domain = keep_string(known->pool, reply->client_realm);
    identity->source = USER_SOURCE_KERBEROS;
    identity->frame = frame;
    if (reply->ticket) {
        g_autofree char *ticket = ticket_key(reply->ticket, reply->ticket_len);
        wmem_map_insert(known->by_ticket, keep_string(known->pool, ticket), identity);
    }
    g_autofree char *service = service_key(client, reply->spn, reply->realm);
    wmem_map_insert(known->by_service, keep_string(known->pool, service), identity);
}

const Identity *identities_find(const Identities *known, const AuthToken *token, const uint8_t client[16],
                                uint32_t frame)
{
    if (token->user || token->workstation) {
        Identity *identity = wmem_new0(known->pool, Identity);
        identity->user = keep_string(known->pool, token->user);
        identity->domain = keep_string(known->pool, token->domain);
        identity->workstation = keep_string(known->pool, token->workstation);
        identity->source = USER_SOURCE_NTLM;
        identity->frame = frame;
        return identity;
    }
    const Identity *found = NULL;
    if (token->ticket) {
        g_autofree char *ticket = ticket_key(token->ticket, token->ticket_len);
        found = wmem_map_lookup(known->by_ticket, ticket);
    }
    if (!found && token->spn && token->realm) {
        g_autofree char *service = service_key(client, token->spn, token->realm);
        found = wmem_map_lookup(known->by_service, service);
    }
    return found;
}
