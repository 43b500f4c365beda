// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/allow.h"

#include "base/address.h"
#include "base/time.h"
#include "record/text.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_FILE ((size_t) 1 << 20)

G_DEFINE_QUARK(car - allow - error - quark, allow_error)

/** One value of a key. */
typedef struct {
    Network network;       ///< where there is no pattern
    GPatternSpec *pattern; ///< of a text in lower case
    bool address;          ///< it is one of addresses, not of names
    bool whole;            ///< it names the domain or folder, too
} Value;

typedef struct {
    char *name, *reason;
    GPtrArray *client, *server, *user, *process; ///< Value *; NULL: any
    int64_t until;                               ///< the first moment when it is no longer good
    bool used;                                   ///< it was for a record
} Rule;

struct Allow {
    GPtrArray *rules; ///< Rule *
};

// -- reading ---------------------------------------------------------------------------------------------------------

static void value_free(gpointer data)
{
    Value *value = data;
    g_clear_pointer(&value->pattern, g_pattern_spec_free);
    g_free(value);
}

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

static GPatternSpec *make_pattern(const char *text)
{
    g_autofree char *lower = g_utf8_strdown(text, -1);
    return g_pattern_spec_new(lower);
}

/** An address, a network, or a pattern of addresses or of hosts' names. NULL when it looks like a network and is none. */
static Value *make_place(const char *text)
{
    Value *value = g_new0(Value, 1);
    bool network = network_parse(slice(text), &value->network);
    if (!network && strchr(text, '/')) {
        value_free(value);
        return NULL;
    }
    if (!network) {
        // A host may call itself by any address: such a pattern is for addresses only.
        value->address = strspn(text, "0123456789.:*?") == strlen(text) && strpbrk(text, "0123456789:");
        value->pattern = make_pattern(text);
    }
    return value;
}

static Value *make_name(const char *text)
{
    Value *value = g_new0(Value, 1);
    value->whole = strpbrk(text, "\\/");
    value->pattern = make_pattern(text);
    return value;
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

static bool read_values(GPtrArray **values, Value *(*make)(const char *), const char *rule, const char *key,
                        const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    *values = g_ptr_array_new_with_free_func(value_free);
    for (char **part = parts; *part; part++) {
        g_strstrip(*part);
        if (!**part)
            continue;
        Value *value = make(*part);
        if (!value)
            return set_rule_error(error, rule, "%s: %s is no network", key, *part);
        g_ptr_array_add(*values, value);
    }
    return (*values)->len > 0 || set_rule_error(error, rule, "%s has no value", key);
}

static bool read_until(Rule *rule, const char *text, GError **error)
{
    bool date = strlen(text) == strlen("2026-12-31");
    g_autofree char *time = date ? g_strconcat(text, "T00:00:00Z", NULL) : g_strdup(text);
    rule->until = time_parse_utc(time);
    if (rule->until == NUMBER_UNKNOWN)
        return set_rule_error(error, rule->name,
                              "until: %s is neither a day (2026-12-31) nor a time (2026-12-31T12:00:00Z)", text);
    rule->until += date ? TIME_DAY : 0;
    return true;
}

static bool read_key(Rule *rule, const char *key, const char *text, GError **error)
{
    if (strcmp(key, "client") == 0)
        return read_values(&rule->client, make_place, rule->name, key, text, error);
    if (strcmp(key, "server") == 0)
        return read_values(&rule->server, make_place, rule->name, key, text, error);
    if (strcmp(key, "user") == 0)
        return read_values(&rule->user, make_name, rule->name, key, text, error);
    if (strcmp(key, "process") == 0)
        return read_values(&rule->process, make_name, rule->name, key, text, error);
    if (strcmp(key, "until") == 0)
        return read_until(rule, text, error);
    if (strcmp(key, "reason") == 0) {
        rule->reason = g_strdup(text);
        return true;
    }
    return set_rule_error(error, rule->name, "there is no key %s, but client, server, user, process, until and reason",
                          key);
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

static bool matches_text(const Value *value, const char *text)
{
    if (!text)
        return false;
    g_autofree char *lower = g_utf8_strdown(text, -1);
    return g_pattern_spec_match_string(value->pattern, lower);
}

static bool matches_place(const GPtrArray *values, const RecordEnd *end)
{
    Address address;
    bool known = address_parse(slice(end->ip), &address);
    for (guint i = 0; i < values->len; i++) {
        const Value *value = g_ptr_array_index(values, i);
        if (!value->pattern  ? known && network_has(&value->network, &address)
            : value->address ? matches_text(value, end->ip)
                             : matches_text(value, end->host) || matches_text(value, end->fqdn))
            return true;
    }
    return false;
}

/** `whole` is the name with its domain or folder. */
static bool matches_name(const GPtrArray *values, const char *whole)
{
    for (guint i = 0; i < values->len; i++) {
        const Value *value = g_ptr_array_index(values, i);
        if (matches_text(value, value->whole ? whole : record_base_name(whole)))
            return true;
    }
    return false;
}

/** All have to; NULL, who is not known, never does. */
static bool matches_users(const GPtrArray *values, const GPtrArray *users)
{
    for (guint i = 0; i < users->len; i++) {
        if (!matches_name(values, g_ptr_array_index(users, i)))
            return false;
    }
    return users->len > 0;
}

/** One that is inferred counts where it is the only candidate. */
static bool matches_process(const GPtrArray *values, const Record *record)
{
    guint inferred = 0;
    for (guint i = 0; i < record->processes->len; i++)
        inferred += g_array_index(record->processes, Process, i).inferred;
    for (guint i = 0; i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (process->role == ROLE_CLIENT && (!process->inferred || inferred == 1) &&
            matches_name(values, process->image))
            return true;
    }
    return false;
}

static bool matches(const Rule *rule, const Record *record, const GPtrArray *users)
{
    // The server of a callback is the client of the WMI that it belongs to.
    const RecordEnd *client = record->callback ? &record->server : &record->client;
    const RecordEnd *server = record->callback ? &record->client : &record->server;
    int64_t start = time_parse_utc(record->start_time);
    return (!rule->client || matches_place(rule->client, client)) &&
           (!rule->server || matches_place(rule->server, server)) &&
           (!rule->user || matches_users(rule->user, users)) &&
           (!rule->process || matches_process(rule->process, record)) &&
           (rule->until == NUMBER_UNKNOWN || (start != NUMBER_UNKNOWN && start < rule->until));
}

static void free_users(gpointer data)
{
    g_ptr_array_unref(data);
}

/** Activity → accounts (char *) of its connections. */
static GHashTable *users_of_activities(const RecordSet *set)
{
    GHashTable *table = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_users);
    for (guint i = 0; i < set->records->len; i++) {
        const Record *record = g_ptr_array_index(set->records, i);
        GPtrArray *users = record_users(record);
        GPtrArray *known = g_hash_table_lookup(table, &record->activity);
        if (known)
            g_ptr_array_extend_and_steal(known, users);
        else
            g_hash_table_insert(table, (gpointer) &record->activity, users);
    }
    return table;
}

void allow_apply(Allow *allow, RecordSet *set)
{
    g_autoptr(GHashTable) activities = users_of_activities(set);
    for (guint i = 0; i < set->records->len; i++) {
        Record *record = g_ptr_array_index(set->records, i);
        g_autoptr(GPtrArray) own = record_users(record);
        if (own->len > 0 && record->unnamed_calls > 0)
            g_ptr_array_add(own, NULL);
        bool alone = own->len > 0 || record->activity == NUMBER_UNKNOWN;
        const GPtrArray *users = alone ? own : g_hash_table_lookup(activities, &record->activity);
        for (guint j = 0; j < allow->rules->len; j++) {
            Rule *rule = g_ptr_array_index(allow->rules, j);
            if (!matches(rule, record, users))
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
