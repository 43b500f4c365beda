// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/identities.h"

#define MAX_IDENTITIES 64 ///< kept; older ones are forgotten

GArray *identities_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(Auth));
}

static bool agree(const char *a, const char *b)
{
    return !a || !b || g_str_equal(a, b);
}

static bool same_context(const Auth *a, const Auth *b)
{
    return g_strcmp0(a->type, b->type) == 0 && a->level == b->level && agree(a->spn, b->spn) &&
           agree(a->user, b->user) && agree(a->domain, b->domain) && agree(a->workstation, b->workstation);
}

static void complete(Auth *auth, const Auth *seen)
{
    if (!auth->spn) {
        auth->spn = seen->spn;
        auth->realm = seen->realm;
    }
    if (!auth->user) {
        auth->user = seen->user;
        auth->domain = seen->domain;
        auth->workstation = seen->workstation;
        auth->user_source = seen->user_source;
        auth->user_frame = seen->user_frame;
    }
}

void identities_see(GArray *identities, const Auth *seen)
{
    Auth identity = *seen;
    for (guint i = identities->len; i > 0; i--) {
        const Auth *known = &g_array_index(identities, Auth, i - 1);
        if (!same_context(known, seen))
            continue;
        identity = *known;
        complete(&identity, seen);
        g_array_remove_index(identities, i - 1);
        break;
    }
    if (identities->len == MAX_IDENTITIES)
        g_array_remove_index(identities, 0);
    g_array_append_val(identities, identity);
}

const Auth *identities_of(const GArray *identities, const RecordUser *user)
{
    for (guint i = identities->len; i > 0; i--) {
        const Auth *identity = &g_array_index(identities, Auth, i - 1);
        if (g_strcmp0(identity->user, user->user) == 0 && g_strcmp0(identity->domain, user->domain) == 0)
            return identity;
    }
    return NULL;
}

const Auth *identities_newest(const GArray *identities)
{
    const Auth *newest = NULL;
    for (guint i = identities->len; i > 0; i--) {
        const Auth *identity = &g_array_index(identities, Auth, i - 1);
        if (identity->user)
            return identity;
        newest = newest ? newest : identity;
    }
    return newest;
}
