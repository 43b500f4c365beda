// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/identities.h"

#define MAX_IDENTITIES 64 ///< kept; older ones are forgotten

typedef struct {
    Auth auth;
    guint uses;
} Identity;

GArray *identities_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(Identity));
}

static bool agree(const char *a, const char *b)
{
    return !a || !b || g_str_equal(a, b);
}

static bool same_context(const Auth *a, const Auth *b)
{
    return g_strcmp0(a->type, b->type) == 0 && g_strcmp0(a->level, b->level) == 0 && agree(a->spn, b->spn) &&
           agree(a->user, b->user) && agree(a->domain, b->domain) && agree(a->workstation, b->workstation);
}

static void add_told(Auth *auth, const Auth *told)
{
    if (!auth->spn) {
        auth->spn = told->spn;
        auth->realm = told->realm;
    }
    if (!auth->user) {
        auth->user = told->user;
        auth->domain = told->domain;
        auth->workstation = told->workstation;
        auth->user_source = told->user_source;
        auth->user_frame = told->user_frame;
    }
}

void identities_see(GArray *identities, const Auth *told)
{
    Identity identity = {.auth = *told};
    for (guint i = identities->len; i > 0; i--) {
        const Identity *known = &g_array_index(identities, Identity, i - 1);
        if (!same_context(&known->auth, told))
            continue;
        identity = *known;
        add_told(&identity.auth, told);
        g_array_remove_index(identities, i - 1);
        break;
    }
    if (identities->len == MAX_IDENTITIES)
        g_array_remove_index(identities, 0);
    g_array_append_val(identities, identity);
}

void identities_use(GArray *identities, const char *type, const char *level)
{
    Identity *best = NULL;
    int best_fit = 0;
    for (guint i = identities->len; i > 0; i--) {
        Identity *identity = &g_array_index(identities, Identity, i - 1);
        bool level_fits = g_strcmp0(identity->auth.level, level) == 0;
        bool type_fits = g_strcmp0(identity->auth.type, type) == 0; // SPNEGO's may go by the name of what it chose
        int fit = 1 + level_fits + (level_fits && type_fits);
        if (fit > best_fit) {
            best = identity;
            best_fit = fit;
        }
    }
    if (best)
        best->uses++;
}

const Auth *identities_main(const GArray *identities)
{
    const Identity *best = NULL;
    for (guint i = 0; i < identities->len; i++) {
        const Identity *identity = &g_array_index(identities, Identity, i);
        bool named = identity->auth.user != NULL, best_named = best && best->auth.user;
        if (!best || named > best_named || (named == best_named && identity->uses >= best->uses))
            best = identity;
    }
    return best ? &best->auth : NULL;
}
