// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/text.h"

#include "base/hash.h"

#include <inttypes.h>
#include <string.h>

#define MAX_ACCOUNTS 3u ///< named; the others are counted

char *record_text_endpoint(const RecordEnd *endpoint)
{
    const char *ip = endpoint->ip ? endpoint->ip : "?";
    g_autofree char *port =
        endpoint->port == NUMBER_UNKNOWN ? g_strdup("?") : g_strdup_printf("%" PRId64, endpoint->port);
    return g_strdup_printf(strchr(ip, ':') ? "[%s]:%s" : "%s:%s", ip, port);
}

char *record_text_account(const char *domain, const char *user)
{
    return user && domain ? g_strconcat(domain, "\\", user, NULL) : g_strdup(user);
}

GPtrArray *record_users(const Record *record)
{
    GPtrArray *users = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < record->users->len; i++) {
        const RecordUser *user = &g_array_index(record->users, RecordUser, i);
        if (user->accepted != ANSWER_NO)
            g_ptr_array_add(users, record_text_account(user->domain, user->user));
    }
    if (users->len == 0 && record->auth.user)
        g_ptr_array_add(users, record_text_account(record->auth.domain, record->auth.user));
    return users;
}

char *record_text_accounts(const GPtrArray *accounts)
{
    GString *s = g_string_new(NULL);
    for (guint i = 0; i < MIN(accounts->len, MAX_ACCOUNTS); i++)
        g_string_append_printf(s, "%s%s", i ? ", " : "", (const char *) g_ptr_array_index(accounts, i));
    if (accounts->len > MAX_ACCOUNTS)
        g_string_append_printf(s, " (and %u more)", accounts->len - MAX_ACCOUNTS);
    return g_string_free(s, accounts->len == 0);
}

char *record_text_users(const Record *record)
{
    g_autoptr(GPtrArray) users = record_users(record);
    for (guint i = 0; i < record->users->len; i++) {
        const RecordUser *user = &g_array_index(record->users, RecordUser, i);
        g_autofree char *account = record_text_account(user->domain, user->user);
        if (user->accepted == ANSWER_NO)
            g_ptr_array_add(users, g_strdup_printf("%s (refused)", account));
    }
    return record_text_accounts(users);
}

const char *record_text_user_source(const Auth *auth)
{
    return auth->user_log ? auth->user_log : user_source_name(auth->user_source);
}

char *record_text_auth(const Auth *auth)
{
    if (!auth->type || g_str_equal(auth->type, "none") || !auth->level)
        return g_strdup(auth->type);
    return g_strconcat(auth->type, "/", auth_level_name(auth->level), NULL);
}

const char *record_text_namespace(const Record *record)
{
    const char *found = NULL;
    for (guint i = 0; i < record->logins->len; i++)
        found = g_array_index(record->logins, Login, i).namespace_path;
    for (guint i = 0; i < record->calls->len && !found; i++)
        found = g_array_index(record->calls, RecordCall, i).namespace_path;
    return found;
}

static void append_name(GString *list, const char *name)
{
    g_string_append_printf(list, "%s%s", list->len ? ", " : "", name);
}

/** Interfaces that calls were made on although nobody was seen to bind them. */
static void append_called_interfaces(GString *named, const Record *record)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(hash_text, g_str_equal);
    for (guint i = 0; i < record->interfaces->len; i++)
        g_hash_table_add(seen, (gpointer) g_array_index(record->interfaces, OfferedInterface, i).name);
    for (guint i = 0; i < record->calls->len; i++) {
        const char *name = g_array_index(record->calls, RecordCall, i).interface;
        if (name && g_hash_table_add(seen, (gpointer) name))
            append_name(named, name);
    }
}

char *record_text_interfaces(const Record *record)
{
    g_autoptr(GString) named = g_string_new(NULL);
    g_autoptr(GString) unnamed = g_string_new(NULL);
    for (guint i = 0; i < record->interfaces->len; i++) {
        const OfferedInterface *offered = &g_array_index(record->interfaces, OfferedInterface, i);
        if (offered->accepted != ANSWER_NO)
            append_name(strcmp(offered->name, offered->uuid) == 0 ? unnamed : named, offered->name);
    }
    append_called_interfaces(named, record);
    return g_strdup(named->len ? named->str : unnamed->str);
}

static char *frame_text(const RecordSet *set, const Record *record, int64_t frame)
{
    const char *path = record_other_path(set, record, frame);
    return g_strdup_printf("frame %" PRId64 "%s%s", frame_number(frame), path ? " of " : "", path ? path : "");
}

/** "3 minutes". */
static char *age_text(int64_t seconds)
{
    bool hours = seconds >= 7200, minutes = seconds >= 120;
    int64_t n = hours ? seconds / 3600 : minutes ? seconds / 60 : seconds;
    return g_strdup_printf("%" PRId64 " %s%s", n, hours ? "hour" : minutes ? "minute" : "second", n == 1 ? "" : "s");
}

char *record_text_candidate(const RecordSet *set, const Record *record, const UserCandidate *candidate)
{
    g_autofree char *frame = frame_text(set, record, candidate->frame);
    g_autofree char *age = age_text(candidate->age);
    return g_strdup_printf("probably: a ticket for %s, in %s, %s before",
                           candidate->spn ? candidate->spn : "the service", frame, age);
}

char *record_text_evidence(const RecordSet *set, const Record *record)
{
    GString *s = g_string_new(NULL);
    for (guint i = 0; i < record->evidence->len; i++) {
        const Evidence *evidence = &g_array_index(record->evidence, Evidence, i);
        append_name(s, evidence_name(evidence->kind));
        if (evidence->frame) {
            g_autofree char *frame = frame_text(set, record, evidence->frame);
            g_string_append_printf(s, " (%s)", frame);
        }
    }
    return g_string_free(s, FALSE);
}

char *record_text_evidence_clause(EvidenceKind kind)
{
    char *clause = g_strdup(evidence_sentence(kind));
    if (clause && !g_ascii_isupper(clause[1])) // "A WMI interface …", but "RPCSS …"
        clause[0] = g_ascii_tolower(clause[0]);
    return clause;
}

char *record_text_allowed(const Record *record)
{
    if (!record->allowed.rule || !record->allowed.reason)
        return g_strdup(record->allowed.rule);
    return g_strconcat(record->allowed.rule, ": ", record->allowed.reason, NULL);
}

char *record_text_anomaly(const RecordSet *set, const Record *record, const RecordAnomaly *anomaly)
{
    g_autofree char *first = frame_text(set, record, anomaly->frames[0]);
    g_autofree char *second = frame_text(set, record, anomaly->frames[1]);
    switch (anomaly->kind) {
    case ANOMALY_OVERLAP:
        return g_strdup_printf("%s says “%s”, %s says “%s” in the same place; which one arrived cannot be told", first,
                               anomaly->readings[0], second, anomaly->readings[1]);
    case ANOMALY_NUMBERS:
        return g_strdup_printf("%s has numbers far from those of the connection, which went on without it: the ends "
                               "ignore such a packet",
                               first);
    case ANOMALY_END: return g_strdup_printf("%s ends the connection, which went on all the same", first);
    case ANOMALY_SYN: return g_strdup_printf("%s begins another connection, but the old one went on", first);
    default: return g_strdup(first);
    }
}

char *record_text_verdict(const Record *record)
{
    Verdict verdict = record_verdict(record);
    if (verdict == VERDICT_ATTEMPT)
        return g_strconcat("attempt: ", attempt_reason_sentence(record->verdict_reason), NULL);
    return g_strdup(word_text(&verdict_words, verdict));
}

char *record_text_call(const RecordCall *call)
{
    const char *interface = call->interface ? call->interface : "?";
    if (call->method)
        return g_strconcat(interface, "::", call->method, NULL);
    if (call->opnum == NUMBER_UNKNOWN)
        return g_strdup(interface);
    return g_strdup_printf("%s::opnum %" PRId64, interface, call->opnum);
}

bool record_launched(const Record *record)
{
    for (guint i = 0; i < record->processes->len; i++)
        if (g_array_index(record->processes, Process, i).role == ROLE_SPAWNED)
            return true;
    return false;
}

GPtrArray *record_analytics(const Record *record)
{
    GPtrArray *ids = g_ptr_array_new();
    g_ptr_array_add(ids, CAR_ANALYTIC);
    if (record_is_led_to(record) || record->lookup.frame)
        g_ptr_array_add(ids, CAR_RELATED_ANALYTIC);
    if (record_launched(record))
        g_ptr_array_add(ids, CAR_LAUNCH_ANALYTIC);
    return ids;
}

const Process *record_process(const Record *record, ProcessRole role)
{
    const Process *found = NULL;
    for (guint i = 0; i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (process->role != role)
            continue;
        if (found && found->inferred && process->inferred)
            return NULL;
        found = found ? found : process;
    }
    return found;
}

const char *record_base_name(const char *path)
{
    if (!path)
        return NULL;
    const char *base = path;
    for (const char *p = path; *p; p++) {
        if (*p == '\\' || *p == '/')
            base = p + 1;
    }
    return base;
}

static char *join_path(const char *folder, const char *name)
{
    return folder ? g_strconcat(folder, "\\", name, NULL) : g_strdup(name);
}

char *record_text_artifact(const RecordArtifact *artifact)
{
    return join_path(record_base_name(artifact->share), artifact->name);
}

char *record_text_artifact_path(const RecordArtifact *artifact)
{
    return join_path(artifact->share, artifact->name);
}

/** The letter, and 17 letters and digits. */
static char *make_id(char letter, const char *text)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    guint8 digest[32];
    gsize len = sizeof(digest);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *) text, -1);
    g_checksum_get_digest(sum, digest, &len);
    GString *id = g_string_new(NULL);
    g_string_append_c(id, letter);
    for (size_t i = 0; i < 17; i++)
        g_string_append_c(id, digits[digest[i] % strlen(digits)]);
    return g_string_free(id, FALSE);
}

char *record_text_id(const Record *record)
{
    g_autofree char *text =
        g_strdup_printf("%s %s", record->filter ? record->filter : "", record->start_time ? record->start_time : "");
    return make_id('C', text);
}

char *record_text_activity_id(const RecordSet *set, const Record *record)
{
    if (record->activity == NUMBER_UNKNOWN)
        return NULL;
    const char *path = record_base_name(record_file(set, record)->path);
    g_autofree char *text = g_strdup_printf("%s %" PRId64, path ? path : "", record->activity);
    return make_id('A', text);
}
