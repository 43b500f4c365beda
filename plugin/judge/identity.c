// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/identity.h"

#include "judge/keep.h"

#define TICKET_LIFETIME (10 * 3600) ///< seconds, the default of Windows

/** A ticket as it was issued. */
typedef struct {
    const Identity *identity;
    nstime_t time;
} Issued;

/** Tickets for one service to one client, each user once, the newest first. */
typedef struct {
    unsigned n;
    Issued issued[CANDIDATES_MAX];
} ServiceTickets;

struct Identities {
    wmem_allocator_t *pool;
    wmem_map_t *by_ticket;  ///< digest of a ticket's encrypted part → Identity
    wmem_map_t *by_service; ///< client address, service → ServiceTickets
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

static bool is_same_user(const Identity *a, const Identity *b)
{
    return g_strcmp0(a->user, b->user) == 0 && g_strcmp0(a->domain, b->domain) == 0;
}

static void add_issued(ServiceTickets *tickets, const Identity *identity, const nstime_t *time)
{
    unsigned place = 0;
    while (place < tickets->n && !is_same_user(tickets->issued[place].identity, identity))
        place++;
    if (place == tickets->n)
        tickets->n = MIN(tickets->n + 1, CANDIDATES_MAX);
    for (unsigned i = MIN(place, CANDIDATES_MAX - 1); i > 0; i--)
        tickets->issued[i] = tickets->issued[i - 1];
    tickets->issued[0] = (Issued){identity, *time};
}

void identities_learn(Identities *known, const KdcReply *reply, const uint8_t client[16], uint32_t frame,
                      const nstime_t *time)
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
    ServiceTickets *tickets = wmem_map_lookup(known->by_service, service);
    if (!tickets) {
        tickets = wmem_new0(known->pool, ServiceTickets);
        wmem_map_insert(known->by_service, keep_string(known->pool, service), tickets);
    }
    add_issued(tickets, identity, time);
}

const Identity *identities_find(const Identities *known, const AuthToken *token, uint32_t frame)
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
    if (token->mechanism != AUTH_TOKEN_KERBEROS || !token->ticket)
        return NULL;
    g_autofree char *ticket = ticket_key(token->ticket, token->ticket_len);
    return wmem_map_lookup(known->by_ticket, ticket);
}

unsigned identities_candidates(const Identities *known, const AuthToken *token, const uint8_t client[16],
                               const nstime_t *time, UserCandidate out[CANDIDATES_MAX])
{
    if (token->mechanism != AUTH_TOKEN_KERBEROS || !token->spn || !token->realm)
        return 0;
    g_autofree char *service = service_key(client, token->spn, token->realm);
    const ServiceTickets *tickets = wmem_map_lookup(known->by_service, service);
    unsigned n = 0;
    for (unsigned i = 0; tickets && i < tickets->n; i++) {
        const Issued *issued = &tickets->issued[i];
        // Unsigned: two times of a capture may lie further apart than a time_t can say.
        uint64_t age = (uint64_t) time->secs - (uint64_t) issued->time.secs;
        if (nstime_cmp(&issued->time, time) > 0 || age > TICKET_LIFETIME)
            continue;
        out[n++] = (UserCandidate){issued->identity, (int64_t) age};
    }
    return n;
}
