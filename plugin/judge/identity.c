// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/identity.h"

#include "judge/file-scope.h"

struct Identities {
    wmem_map_t *by_ticket;  ///< digest of a ticket's encrypted part → Identity
    wmem_map_t *by_service; ///< client address, service → Identity, the newest
};

Identities *identities_new(void)
{
    Identities *known = wmem_new0(wmem_file_scope(), Identities);
    known->by_ticket = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
    known->by_service = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
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
    Identity *identity = wmem_new0(wmem_file_scope(), Identity);
    identity->user = file_string(reply->client);
    identity->domain = file_string(reply->client_realm);
    identity->source = "kerberos-tgs-rep";
    identity->frame = frame;
    if (reply->ticket) {
        g_autofree char *ticket = ticket_key(reply->ticket, reply->ticket_len);
        wmem_map_insert(known->by_ticket, file_string(ticket), identity);
    }
    g_autofree char *service = service_key(client, reply->spn, reply->realm);
    wmem_map_insert(known->by_service, file_string(service), identity);
}

const Identity *identities_find(const Identities *known, const AuthToken *token, const uint8_t client[16],
                                uint32_t frame)
{
    if (token->user || token->workstation) {
        Identity *identity = wmem_new0(wmem_file_scope(), Identity);
        identity->user = file_string(token->user);
        identity->domain = file_string(token->domain);
        identity->workstation = file_string(token->workstation);
        identity->source = "ntlm-authenticate";
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
