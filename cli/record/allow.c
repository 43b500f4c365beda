// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/allow.h"

#include "base/hash.h"
#include "base/time.h"
#include "record/pattern.h"
#include "record/text.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_FILE ((size_t) 1 << 20)

G_DEFINE_QUARK(car - allow - error - quark, allow_error)

typedef struct {
    char *name, *reason;
    GPtrArray *client, *server, *user, *process; ///< Pattern *; NULL: any
    Verdict verdict;                             ///< VERDICT_UNKNOWN: any
    int64_t until;                               ///< the first moment when it is no longer good
    bool used;                                   ///< it was for a record
} Rule;

struct Allow {
    GPtrArray *rules; ///< Rule *
};

// -- reading ---------------------------------------------------------------------------------------------------------

static void rule_free(gpointer data)
{
    Rule *rule = data;
    g_free(rule->name);
    g_free(rule->reason);
    g_clear_pointer(&rule->client, g_ptr_array_unref);
    g_clear_pointer(&rule->server, g_ptr_array_unref);
    g_clear_pointer(&rule->user, g_ptr_array_unref);
    g_clear_pointer(&rule->process, g_ptr_array_unref);
    g_free(rule);
}

void allow_free(Allow *allow)
{
    g_ptr_array_unref(allow->rules);
    g_free(allow);
}

static bool set_rule_error(GError **error, const char *rule, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** Always false. */
static bool set_rule_error(GError **error, const char *rule, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, ALLOW_ERROR, ALLOW_ERROR_RULE, "[%s]: %s", rule, text);
    return false;
}

static bool read_values(GPtrArray **values, Pattern *(*make)(const char *), const char *rule, const char *key,
                        const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    *values = g_ptr_array_new_with_free_func(pattern_free);
    for (char **part = parts; *part; part++) {
        g_strstrip(*part);
        if (!**part)
            continue;
        Pattern *pattern = make(*part);
        if (!pattern)
            return set_rule_error(error, rule, "%s: %s is no network", key, *part);
        g_ptr_array_add(*values, pattern);
    }
    return (*values)->len > 0 || set_rule_error(error, rule, "%s has no value", key);
}

static bool read_until(Rule *rule, const char *text, GError **error)
{
    rule->until = time_parse_bound(text, true);
    if (rule->until == NUMBER_UNKNOWN)
        return set_rule_error(error, rule->name,
                              "until: %s is neither a day (2026-12-31) nor a time (2026-12-31T12:00:00Z)", text);
    return true;
}

static bool read_key(Rule *rule, const char *key, const char *text, GError **error)
{
    if (strcmp(key, "client") == 0)
        return read_values(&rule->client, pattern_new_place, rule->name, key, text, error);
    if (strcmp(key, "server") == 0)
        return read_values(&rule->server, pattern_new_place, rule->name, key, text, error);
    if (strcmp(key, "user") == 0)
        return read_values(&rule->user, pattern_new_name, rule->name, key, text, error);
    if (strcmp(key, "process") == 0)
        return read_values(&rule->process, pattern_new_name, rule->name, key, text, error);
    if (strcmp(key, "verdict") == 0) {
        rule->verdict = (Verdict) word_value(&verdict_words, text);
        return rule->verdict || set_rule_error(error, rule->name, "verdict: %s is neither session nor attempt", text);
    }
    if (strcmp(key, "until") == 0)
        return read_until(rule, text, error);
    if (strcmp(key, "reason") == 0) {
        rule->reason = g_strdup(text);
        return true;
    }
    return set_rule_error(error, rule->name,
                          "there is no key %s, but client, server, user, process, verdict, until and reason", key);
}

static Rule *read_rule(GKeyFile *file, const char *name, GError **error)
{
    Rule *rule = g_new0(Rule, 1);
    rule->name = g_strdup(name);
    rule->until = NUMBER_UNKNOWN;
    g_auto(GStrv) keys = g_key_file_get_keys(file, name, NULL, NULL);
    bool ok = true;
    for (char **key = keys; ok && key && *key; key++) {
        // As it stands: backslashes are those of paths and domains.
        g_autofree char *text = g_key_file_get_value(file, name, *key, NULL);
        ok = read_key(rule, *key, g_strstrip(text), error);
    }
    if (ok && !rule->client && !rule->server && !rule->user && !rule->process)
        ok = set_rule_error(error, name, "a rule needs a client, server, user or process");
    if (!ok)
        g_clear_pointer(&rule, rule_free);
    return rule;
}

/** Says of a rule or key that stands twice, of which a key file would keep one. */
static bool check_once(const char *text, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *rule = "";
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (**line == '[')
            rule = *line;
        else if (**line == '#' || **line == '\0')
            continue;
        const char *key = **line == '[' ? "" : *line;
        g_autofree char *entry = g_strdup_printf("%s%.*s", rule, (int) strcspn(key, " \t="), key);
        if (!g_hash_table_add(seen, g_strdup(entry))) {
            g_set_error(error, ALLOW_ERROR, ALLOW_ERROR_RULE, "%s stands twice", entry);
            return false;
        }
    }
    return true;
}

Allow *allow_parse(const char *text, size_t len, GError **error)
{
    static const char bom[] = "\xef\xbb\xbf";
    if (!g_utf8_validate(text, (gssize) len, NULL)) {
        g_set_error(error, ALLOW_ERROR, ALLOW_ERROR_RULE, "it is not in UTF-8");
        return NULL;
    }
    g_autofree char *copy = g_strndup(text, len);
    const char *start = g_str_has_prefix(copy, bom) ? copy + strlen(bom) : copy;
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!check_once(start, error) || !g_key_file_load_from_data(file, start, strlen(start), G_KEY_FILE_NONE, error))
        return NULL;
    g_autoptr(Allow) allow = g_new0(Allow, 1);
    allow->rules = g_ptr_array_new_with_free_func(rule_free);
    g_auto(GStrv) names = g_key_file_get_groups(file, NULL);
    for (char **name = names; *name; name++) {
        Rule *rule = read_rule(file, *name, error);
        if (!rule)
            return NULL;
        g_ptr_array_add(allow->rules, rule);
    }
    return g_steal_pointer(&allow);
}

Allow *allow_read(const char *path, GError **error)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GFileInputStream) stream = g_file_read(file, NULL, error);
    if (!stream) // its error names the file
        return NULL;
    g_autofree char *text = g_malloc(MAX_FILE + 1);
    size_t len = 0;
    Allow *allow = NULL;
    if (g_input_stream_read_all(G_INPUT_STREAM(stream), text, MAX_FILE + 1, &len, NULL, error)) {
        if (len > MAX_FILE)
            g_set_error(error, ALLOW_ERROR, ALLOW_ERROR_RULE, "it is longer than 1 MiB");
        else
            allow = allow_parse(text, len, error);
    }
    if (!allow)
        g_prefix_error(error, "%s: ", path);
    return allow;
}

// -- matching --------------------------------------------------------------------------------------------------------

/** All have to; NULL, who is not known, never does. */
static bool matches_users(const GPtrArray *values, const GPtrArray *users)
{
    for (guint i = 0; i < users->len; i++) {
        if (!patterns_match_name(values, g_ptr_array_index(users, i)))
            return false;
    }
    return users->len > 0;
}

/** Whether a rule is for a process that the connection itself, or a log, names. */
static bool matches_own_process(const GPtrArray *values, const Record *record)
{
    for (guint i = 0; record && i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (process->role == ROLE_CLIENT && !process->inferred && patterns_match_name(values, process->image))
            return true;
    }
    return false;
}

/** The only process that is inferred; NULL when there is none, or several candidates. */
static const Process *only_inferred(const Record *record)
{
    const Process *found = NULL;
    for (guint i = 0; i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (process->inferred && found)
            return NULL;
        found = process->inferred ? process : found;
    }
    return found;
}

/** What is inferred silences nothing by itself: only where the connection on which that process said who it is, is there, and the
 * rule is for its process. `by_filter` has all records. */
static bool matches_process(const GPtrArray *values, const Record *record, GHashTable *by_filter)
{
    if (matches_own_process(values, record))
        return true;
    const Process *process = only_inferred(record);
    if (!process || process->sources->len == 0)
        return false;
    const char *connection = g_array_index(process->sources, ProcessSource, 0).connection;
    const Record *origin = connection ? g_hash_table_lookup(by_filter, connection) : NULL;
    return origin && origin->activity == record->activity && matches_own_process(values, origin);
}

static bool matches(const Rule *rule, const Record *record, const GPtrArray *users, GHashTable *by_filter)
{
    // The server of a callback is the client of the WMI that it belongs to.
    const RecordEnd *client = record->callback ? &record->server : &record->client;
    const RecordEnd *server = record->callback ? &record->client : &record->server;
    int64_t start = time_parse_utc(record->start_time);
    return (!rule->client || patterns_match_place(rule->client, client)) &&
           (!rule->server || patterns_match_place(rule->server, server)) &&
           (!rule->user || matches_users(rule->user, users)) &&
           (!rule->verdict || rule->verdict == record_verdict(record)) &&
           (!rule->process || matches_process(rule->process, record, by_filter)) &&
           (rule->until == NUMBER_UNKNOWN || (start != NUMBER_UNKNOWN && start < rule->until));
}

/** Filter → record. Of several with one filter, which are connections of the same ports, none. */
static GHashTable *records_by_filter(const RecordSet *set)
{
    GHashTable *table = g_hash_table_new(hash_text, g_str_equal);
    for (guint i = 0; i < set->records->len; i++) {
        Record *record = g_ptr_array_index(set->records, i);
        if (record->filter)
            g_hash_table_insert(table, (gpointer) record->filter,
                                g_hash_table_contains(table, record->filter) ? NULL : record);
    }
    return table;
}

/** Those whose logon the server accepted, as its answers to their calls or a host's log show; NULL for each other one and for calls of
 *  unknown users. What a client says of itself and other connections prove nothing. */
static GPtrArray *proven_users(const Record *record)
{
    GPtrArray *users = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < record->users->len; i++) {
        const RecordUser *user = &g_array_index(record->users, RecordUser, i);
        g_ptr_array_add(users, user->accepted == ANSWER_YES ? record_text_account(user->domain, user->user) : NULL);
    }
    if (users->len == 0 && record->auth.user && record->auth.user_log)
        g_ptr_array_add(users, record_text_account(record->auth.domain, record->auth.user));
    else if (record->unnamed_calls > 0)
        g_ptr_array_add(users, NULL);
    return users;
}

void allow_apply(Allow *allow, RecordSet *set)
{
    g_autoptr(GHashTable) by_filter = records_by_filter(set);
    for (guint i = 0; i < set->records->len; i++) {
        Record *record = g_ptr_array_index(set->records, i);
        g_autoptr(GPtrArray) users = proven_users(record);
        for (guint j = 0; j < allow->rules->len; j++) {
            Rule *rule = g_ptr_array_index(allow->rules, j);
            if (!matches(rule, record, users, by_filter))
                continue;
            rule->used = true;
            if (record->allowed.rule)
                continue;
            record->allowed.rule = texts_keep(set->texts, rule->name);
            record->allowed.reason = rule->reason ? texts_keep(set->texts, rule->reason) : NULL;
        }
    }
}

GPtrArray *allow_unused(const Allow *allow)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < allow->rules->len; i++) {
        const Rule *rule = g_ptr_array_index(allow->rules, i);
        if (!rule->used)
            g_ptr_array_add(names, rule->name);
    }
    return names;
}
