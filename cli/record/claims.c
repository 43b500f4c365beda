// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/claims.h"

#include "base/hash.h"
#include "record/basis.h"
#include "record/text.h"

#include <inttypes.h>

#define MAX_OF_KIND 20u

static void claim_free(gpointer data)
{
    Claim *claim = data;
    g_free(claim->detail);
    g_free(claim->value);
    g_free(claim);
}

/** Takes over `value`. Returns what was added. */
static Claim *add(GPtrArray *claims, const char *text, const char *detail, int64_t frame, const char *field,
                  char *value)
{
    Claim *claim = g_new(Claim, 1);
    *claim = (Claim){
        .text = text, .detail = g_strdup(detail), .basis = BASIS_SEEN, .frame = frame, .field = field, .value = value};
    g_ptr_array_add(claims, claim);
    return claim;
}

static void add_evidence(GPtrArray *claims, const Record *record)
{
    for (guint i = 0; i < record->evidence->len; i++) {
        const Evidence *evidence = &g_array_index(record->evidence, Evidence, i);
        if (evidence_sentence(evidence->kind) && evidence->frame)
            add(claims, evidence_sentence(evidence->kind), NULL, evidence->frame, "car.wmi_rpc.evidence",
                g_strdup_printf("\"%s\"", evidence_name(evidence->kind)))
                ->basis = evidence_basis(evidence->kind);
    }
}

static void add_process(GPtrArray *claims, const Process *process)
{
    static const struct {
        const char *text, *field;
    } roles[N_PROCESS_ROLES] = {
        [ROLE_CLIENT] = {"The client’s process has the id", "car.wmi_rpc.client_pid"},
        [ROLE_SERVER] = {"The server’s process has the id", "car.wmi_rpc.server_pid"},
        [ROLE_SPAWNED] = {"The process that was started has the id", NULL},
    };
    const ProcessSource *source = process->sources->len ? &g_array_index(process->sources, ProcessSource, 0) : NULL;
    if (!source || !source->frame || process->pid == NUMBER_UNKNOWN)
        return;
    g_autofree char *pid = g_strdup_printf("%" PRId64, process->pid);
    const char *text = process->asked_for ? "The process that asked for it, by its object connection, has the id"
                       : process->inferred
                           ? "The client’s process, by a connection whose objects this one calls, has the id"
                           : roles[process->role].text;
    const char *field = roles[process->role].field;
    add(claims, text, pid, source->frame, field, field ? g_strdup(pid) : NULL)->basis = wire_basis(process);
}

static void add_user(GPtrArray *claims, const char *domain, const char *user, int64_t frame, Basis basis)
{
    g_autofree char *account = record_text_account(domain, user);
    if (account && frame)
        add(claims, "The user is", account, frame, NULL, NULL)->basis = basis;
}

static void add_identities(GPtrArray *claims, const Record *record)
{
    const Auth *auth = &record->auth;
    if (record->users->len == 0)
        add_user(claims, auth->domain, auth->user, auth->user_frame, auth_basis(auth));
    for (guint i = 0; i < MIN(record->users->len, MAX_OF_KIND); i++) {
        const RecordUser *user = &g_array_index(record->users, RecordUser, i);
        add_user(claims, user->domain, user->user, user->frame, user_source_basis(user->source));
    }
    for (guint i = 0; i < MIN(record->processes->len, MAX_OF_KIND); i++)
        add_process(claims, &g_array_index(record->processes, Process, i));
    for (guint i = 0; i < MIN(record->logins->len, MAX_OF_KIND); i++) {
        const Login *login = &g_array_index(record->logins, Login, i);
        if (login->frame)
            add(claims, "The client logs in to", login->namespace_path, login->frame, NULL, NULL);
    }
}

/** Each different one where it stands first. */
static void add_calls(GPtrArray *claims, const Record *record)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    for (guint i = 0; i < record->calls->len && g_hash_table_size(seen) < MAX_OF_KIND; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (!call->frame || !call->interface || !call->method || call->stage < STAGE_QUERY)
            continue;
        char *what = record_text_call(call);
        if (g_hash_table_add(seen, what))
            add(claims, "It calls", what, call->frame, "car.wmi_rpc.method", g_strdup_printf("\"%s\"", what));
    }
}

GPtrArray *claims_new(const Record *record)
{
    GPtrArray *claims = g_ptr_array_new_with_free_func(claim_free);
    add_evidence(claims, record);
    add_identities(claims, record);
    add_calls(claims, record);
    return claims;
}
