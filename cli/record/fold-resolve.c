// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash.h"
#include "record/fold-state.h"
#include "record/identities.h"
#include "record/outcome.h"
#include "record/summary.h"
#include "record/techniques.h"

#include <string.h>

#define RPCSS_PORT 135

static void resolve_activation(EventFold *fold, FoldedConversation *c)
{
    FoldedConversation *from = fold_conversation(fold, c->activation_conn);
    RecordActivation *activation = from ? fold_find_activation(from, c->activation_call) : NULL;
    if (!activation && c->activations->len > 0) {
        from = c;
        activation = &g_array_index(c->activations, RecordActivation, 0);
    }
    if (!activation)
        return;
    c->record->has_activation = true;
    c->record->activation = *activation;
    c->record->activation.client_port = from->record->client.port;
    if (!c->record->callback) { // in a callback the ends have changed roles
        c->record->server.host = activation->server_host;
        c->record->server.fqdn = activation->server_fqdn;
    }
}

static void resolve_logins(Record *r)
{
    for (guint i = 0; i < r->logins->len; i++) {
        Login *login = &g_array_index(r->logins, Login, i);
        login->status = g_array_index(r->calls, RecordCall, login->call).status;
    }
}

static void resolve_origins(const EventFold *fold, Record *r)
{
    for (guint i = 0; i < r->calls->len; i++) {
        RecordCall *call = &g_array_index(r->calls, RecordCall, i);
        if (call->origin != NUMBER_UNKNOWN)
            call->origin_frame =
                (int64_t) GPOINTER_TO_SIZE(g_hash_table_lookup(fold->call_frames, fold_key(call->origin)));
    }
}

/** The user with most calls, of several the first; an unnamed one when no call names any. NULL when there are no calls but
 *  those without authentication. */
static const RecordUser *main_user(const Record *r)
{
    static const RecordUser unnamed;
    const RecordUser *best = NULL;
    for (guint i = 0; i < r->users->len; i++) {
        const RecordUser *user = &g_array_index(r->users, RecordUser, i);
        bool better = best && (user->accepted == ANSWER_NO) < (best->accepted == ANSWER_NO);
        bool worse = best && (user->accepted == ANSWER_NO) > (best->accepted == ANSWER_NO);
        if (!best || better || (!worse && user->calls > best->calls))
            best = user;
    }
    return best || r->unnamed_calls == 0 ? best : &unnamed;
}

static void resolve_auth(FoldedConversation *c)
{
    Auth *auth = &c->record->auth;
    const RecordUser *user = main_user(c->record);
    const Auth *identity = user ? identities_of(c->identities, user) : identities_newest(c->identities);
    *auth = identity ? *identity : (Auth){0};
    if (user && user->accepted == ANSWER_NO) { // who was refused is no user of it
        auth->user = auth->domain = auth->workstation = NULL;
        auth->user_source = USER_SOURCE_UNKNOWN;
        auth->user_frame = 0;
    } else if (user) {
        auth->user = user->user;
        auth->domain = user->domain;
        auth->workstation = user->workstation;
        auth->user_source = user->source;
        auth->user_frame = user->frame;
    }
    const AuthSeen *seen = c->auth_on_call.any ? &c->auth_on_call : &c->auth_on_bind;
    auth->level = seen->level;
    auth->type = g_strcmp0(seen->type, "spnego") == 0 && c->mechanism ? c->mechanism : seen->type;
    bool ntlm = g_strcmp0(auth->type, "ntlm") == 0;
    if (ntlm && auth->user_source == USER_SOURCE_KERBEROS) { // a ticket was offered, but not taken
        auth->user = auth->domain = auth->workstation = NULL;
        auth->user_source = USER_SOURCE_UNKNOWN;
        auth->user_frame = 0;
    }
    GArray *candidates = c->record->user_candidates;
    g_array_set_size(candidates, 0);
    if (!ntlm && !auth->user && c->record->users->len == 0)
        g_array_append_vals(candidates, c->candidates->data, c->candidates->len);
}

/** Text of the set's own; NULL for NULL. */
static const char *keep_text(EventFold *fold, const char *text)
{
    return text ? texts_keep(fold->texts, text) : NULL;
}

/** The text that all of them have in common; NULL when there is none. */
static const char *common_text(const GArray *inferred, size_t offset)
{
    const char *common = NULL;
    for (guint i = 0; i < inferred->len; i++) {
        const char *text = *(const char **) (void *) (inferred->data + i * sizeof(Inferred) + offset);
        if (!text || (common && g_ascii_strcasecmp(common, text) != 0))
            return NULL;
        common = common ? common : text;
    }
    return common;
}

static void resolve_inferred_end(FoldedConversation *c)
{
    RecordEnd *end = &c->record->client;
    if (!end->host || end->host_inferred) {
        end->host = common_text(c->inferred, offsetof(Inferred, host));
        end->host_inferred = end->host;
    }
    if (!end->fqdn || end->fqdn_inferred) {
        end->fqdn = common_text(c->inferred, offsetof(Inferred, fqdn));
        end->fqdn_inferred = end->fqdn;
    }
}

/** Its client is a service that asks for others. */
static bool is_rpcss(const Record *r)
{
    return r->server.port == RPCSS_PORT;
}

static const char *inferred_note(EventFold *fold, const FoldedConversation *c, const FoldedConversation *from)
{
    g_autofree char *candidate =
        c->inferred->len > 1 ? g_strdup_printf(", one of %u candidates", c->inferred->len) : g_strdup("");
    const char *inferred = word_text(&basis_words, BASIS_INFERRED);
    g_autofree char *port = g_strdup_printf("%" G_GINT64_FORMAT, from ? from->record->client.port : 0);
    g_autofree char *note =
        is_rpcss(c->record) ? g_strconcat(inferred, ": asked for it: the process of the object connection from port ",
                                          port, ", which uses what was returned", NULL)
                            : g_strconcat(inferred, candidate, ": the process of the connection from port ", port,
                                          ", to which was handed out what this one calls", NULL);
    return keep_text(fold, note);
}

/** Processes that said who they are elsewhere. Those of an earlier moment are replaced. */
static void resolve_inferred(EventFold *fold, FoldedConversation *c)
{
    GArray *processes = c->record->processes;
    for (guint i = processes->len; i > 0; i--) {
        if (g_array_index(processes, Process, i - 1).inferred)
            g_array_remove_index(processes, i - 1);
    }
    g_hash_table_remove_all(c->processes);
    for (guint i = 0; i < processes->len; i++) {
        const Process *process = &g_array_index(processes, Process, i);
        if (process->role != ROLE_SPAWNED)
            fold_put_index(c->processes, fold_process_key(process->role, process->pid), i + 1);
    }
    for (guint i = 0; i < c->inferred->len; i++) {
        const Inferred *inferred = &g_array_index(c->inferred, Inferred, i);
        const FoldedConversation *from = fold_conversation(fold, inferred->conn);
        g_autofree char *filter = from ? record_filter(&from->record->client, &from->record->server) : NULL;
        const ProcessSource source = {
            .kind = "wire:activity",
            .frame = inferred->frame,
            .call_frame = inferred->call_frame,
            .connection = keep_text(fold, filter),
        };
        Process process = process_init(ROLE_CLIENT, inferred->pid);
        process.start_time = inferred->start_time;
        process.inferred = true;
        process.asked_for = is_rpcss(c->record);
        process.note = inferred_note(fold, c, from);
        g_array_append_val(process.sources, source);
        g_array_append_val(processes, process);
    }
    resolve_inferred_end(c);
}

/** Fills in what stands in other places. May be done again when more is known. */
void fold_resolve(EventFold *fold, FoldedConversation *c)
{
    Record *r = c->record;
    if (c->totalled && c->final_confidence != CONFIDENCE_NONE)
        r->confidence = c->final_confidence;
    resolve_activation(fold, c);
    resolve_auth(c);
    resolve_logins(r);
    resolve_origins(fold, r);
    outcomes_set(r);
    resolve_inferred(fold, c);
    r->client_identified = record_client_identified(r, c->bound);
    g_autofree char *filter = record_filter(&r->client, &r->server);
    r->filter = keep_text(fold, filter);
    r->remote = record_remote(&r->client, &r->server);
    r->techniques = 0;
    if (r->confidence == CONFIDENCE_WMI)
        record_add_technique(r, TECHNIQUE_WMI);
    record_add_call_techniques(r);
    g_autofree char *summary = summary_make(r);
    r->summary = keep_text(fold, summary);
    c->resolved = true;
}
