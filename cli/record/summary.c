// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/summary.h"

#include "record/outcome.h"

#include "names/classes.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

#define MAX_PHRASES 4
#define MAX_LINE ((size_t) 400) ///< characters of one phrase

/** What the phrase of one call is made from. */
typedef struct {
    const Record *record;
    const RecordCall *call;
    const char *failure; ///< why the server did not do it; NULL when it did or that is unknown
} DescribedCall;

static bool is_any_of(const char *text, const char *const *list)
{
    for (; text && *list; list++) {
        if (g_ascii_strcasecmp(text, *list) == 0)
            return true;
    }
    return false;
}

static bool is_text(const char *text, const char *expected)
{
    return text && g_ascii_strcasecmp(text, expected) == 0;
}

static void append_after(GString *s, const char *separator, const char *value)
{
    if (!value || !*value)
        return;
    g_string_append(s, separator);
    g_string_append(s, value);
}

/** "ran: ", or, when it failed, "tried to run: ". */
static void append_verb(GString *s, const DescribedCall *described, const char *done, const char *tried)
{
    g_string_append(s, described->failure ? "tried to " : "");
    g_string_append(s, described->failure ? tried : done);
    g_string_append(s, ": ");
}

// Object paths: \\server\root\cimv2:Class.Name="value",Other=7 or Class="value".

/** The value of the first key, without quotes. NULL when there is none. Owned by the caller. */
static char *path_key(const char *path)
{
    const char *value = path ? strchr(path, '=') : NULL;
    if (!value)
        return NULL;
    value++;
    char quote = *value == '"' || *value == '\'' ? *value : '\0';
    if (!quote)
        return g_strndup(value, strcspn(value, ","));
    GString *key = g_string_new(NULL);
    for (value++; *value && *value != quote; value++) {
        if (*value == '\\' && value[1])
            value++;
        g_string_append_c(key, *value);
    }
    return g_string_free(key, FALSE);
}

static void append_path_key(GString *s, const char *separator, const char *path)
{
    g_autofree char *key = path_key(path);
    append_after(s, separator, key ? key : path);
}

// Methods of well-known classes.

static void describe_process_create(GString *s, const DescribedCall *described)
{
    append_verb(s, described, "ran", "run");
    if (described->call->command_line)
        g_string_append(s, described->call->command_line);
    else
        g_string_append(s, "Win32_Process.Create");
}

static const char *registry_root(const GArray *properties)
{
    static const char *const roots[] = {"HKCR", "HKCU", "HKLM", "HKU", NULL, "HKCC"};
    const char *value = property_value(properties, "hDefKey");
    if (!value)
        return NULL;
    uint32_t key = (uint32_t) g_ascii_strtoll(value, NULL, 10);
    uint32_t index = key - 0x80000000;
    return index < G_N_ELEMENTS(roots) ? roots[index] : NULL;
}

static void describe_registry(GString *s, const DescribedCall *described)
{
    const GArray *properties = described->call->properties;
    g_string_append_printf(s, "registry: %s", described->call->wmi_method);
    const char *separator = " ";
    const char *const parts[] = {registry_root(properties), property_value(properties, "sSubKeyName"),
                                 property_value(properties, "sValueName")};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        append_after(s, separator, parts[i]);
        separator = parts[i] && *parts[i] ? "\\" : separator;
    }
    append_after(s, " = ", property_value(properties, "sValue"));
    append_after(s, " = ", property_value(properties, "uValue"));
}

static void describe_service(GString *s, const DescribedCall *described)
{
    const RecordCall *call = described->call;
    g_string_append_printf(s, "service: %s", call->wmi_method);
    const char *name = property_value(call->properties, "Name");
    g_autofree char *key = path_key(call->object_path);
    append_after(s, " ", name ? name : key);
    append_after(s, ": ", property_value(call->properties, "PathName"));
    append_after(s, " to ", property_value(call->properties, "StartMode"));
}

static void describe_shadow_copy(GString *s, const DescribedCall *described)
{
    const RecordCall *call = described->call;
    g_string_append_printf(s, "shadow copy: %s", call->wmi_method);
    g_autofree char *key = path_key(call->object_path);
    append_after(s, " ", key);
    append_after(s, " ", property_value(call->properties, "Volume"));
}

static void describe_method(GString *s, const DescribedCall *described)
{
    static const char *const services[] = {"Win32_Service", "Win32_BaseService", "Win32_SystemDriver", NULL};
    const RecordCall *call = described->call;
    if (is_text(call->class_name, "Win32_Process") && is_text(call->wmi_method, "Create")) {
        describe_process_create(s, described);
    } else if (is_text(call->class_name, "StdRegProv")) {
        describe_registry(s, described);
    } else if (is_any_of(call->class_name, services)) {
        describe_service(s, described);
    } else if (is_text(call->class_name, "Win32_ShadowCopy")) {
        describe_shadow_copy(s, described);
    } else {
        append_verb(s, described, "called", "call");
        g_string_append(s, call->class_name ? call->class_name : "");
        append_after(s, call->class_name ? "." : "", call->wmi_method);
        g_autofree char *key = path_key(call->object_path);
        append_after(s, " of ", key);
    }
}

// Objects written.

static void describe_written(GString *s, const DescribedCall *described)
{
    /** What a consumer does, or a filter waits for; the first that there is. */
    static const char *const contents[] = {"CommandLineTemplate", "ExecutablePath", "ScriptText",
                                           "ScriptFileName",      "Filename",       "Query"};
    const RecordCall *call = described->call;
    append_verb(s, described, "wrote", "write");
    g_string_append(s, call->class_name);
    if (is_text(call->class_name, "__FilterToConsumerBinding")) {
        append_path_key(s, " ", property_value(call->properties, "Filter"));
        append_path_key(s, " to ", property_value(call->properties, "Consumer"));
        return;
    }
    append_after(s, " ", property_value(call->properties, "Name"));
    const char *content = NULL;
    for (size_t i = 0; !content && i < G_N_ELEMENTS(contents); i++)
        content = property_value(call->properties, contents[i]);
    if (wmi_class_is_subscription(call->class_name))
        append_after(s, ": ", content);
}

// Queries.

/** The word after FROM. NULL when there is none. Owned by the caller. */
static char *queried_class(const char *query)
{
    static const char blanks[] = " \t\r\n";
    for (const char *p = query; *p;) {
        p += strspn(p, blanks);
        size_t len = strcspn(p, blanks);
        bool from = len == 4 && g_ascii_strncasecmp(p, "FROM", 4) == 0;
        p += len;
        if (from) {
            p += strspn(p, blanks);
            return g_strndup(p, strcspn(p, blanks));
        }
    }
    return NULL;
}

static void append_listing(GString *s, const char *class_name)
{
    static const struct {
        const char *class_name, *words;
    } listings[] = {
        {"Win32_Process", "process listing"},
        {"Win32_Service", "service listing"},
        {"Win32_ShadowCopy", "shadow copy listing"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(listings); i++) {
        if (is_text(class_name, listings[i].class_name))
            g_string_append_printf(s, " (%s)", listings[i].words);
    }
}

static void describe_query(GString *s, const DescribedCall *described)
{
    const char *method = described->call->method;
    if (method && g_str_has_prefix(method, "ExecNotificationQuery"))
        append_verb(s, described, "subscribed", "subscribe");
    else
        append_verb(s, described, "queried", "query");
    g_string_append(s, described->call->query);
    g_autofree char *class_name = queried_class(described->call->query);
    append_listing(s, class_name);
}

static void describe_enumeration(GString *s, const DescribedCall *described)
{
    append_verb(s, described, "enumerated", "enumerate");
    if (g_str_has_prefix(described->call->method, "CreateClassEnum"))
        g_string_append(s, *described->call->class_name ? "subclasses of " : "all classes");
    g_string_append(s, described->call->class_name);
    append_listing(s, described->call->class_name);
}

// Activations.

static bool is_activation(const RecordCall *call)
{
    return (g_strcmp0(call->interface, "ISystemActivator") == 0 ||
            g_strcmp0(call->interface, "IRemoteActivation") == 0) &&
           call->method && g_str_has_prefix(call->method, "Remote");
}

/** The class that an activation asks for; NULL when that is unknown. */
static const char *activated_class(const Record *record, const RecordCall *call)
{
    const RecordActivation *activation = &record->activation;
    bool own = record->has_activation && call->number != NUMBER_UNKNOWN && activation->call == call->number;
    return own ? activation->clsid : NULL;
}

static void describe_activation(GString *s, const DescribedCall *described)
{
    const char *clsid = activated_class(described->record, described->call);
    if (!clsid) {
        g_string_append(s, "tried to activate an object");
        return;
    }
    Guid guid;
    const ComClass *class = guid_parse(clsid, strlen(clsid), &guid) ? class_find(&guid) : NULL;
    append_verb(s, described, "activated", "activate");
    g_string_append(s, !class ? clsid : class->kind == CLASS_WMI ? "WMI" : class->name);
    append_after(s, " on ", described->record->activation.server_name);
}

/** Interface and method, and why no more is known. */
static void describe_unread(GString *s, const DescribedCall *described)
{
    const RecordCall *call = described->call;
    if (g_strcmp0(call->interface, "IWbemServices") != 0)
        append_after(s, "", call->interface ? call->interface : "?");
    if (s->len > 0)
        g_string_append(s, "::");
    if (call->method)
        g_string_append(s, call->method);
    else if (call->opnum != NUMBER_UNKNOWN)
        g_string_append_printf(s, "%" PRId64, call->opnum);
    if (call->sealed == ANSWER_YES && call->command_length != NUMBER_UNKNOWN)
        g_string_append_printf(s, " (sealed, %" PRId64 " characters, %s)", call->command_length,
                               word_text(&basis_words, BASIS_ESTIMATED));
    else if (call->sealed == ANSWER_YES)
        g_string_append(s, " (sealed)");
    else if (call->undecodable) {
        append_after(s, " (not readable: ", call->undecodable);
        g_string_append_c(s, ')');
    }
}

static void describe(GString *s, const DescribedCall *described)
{
    const RecordCall *call = described->call;
    const char *method = call->method ? call->method : "";
    bool services = g_strcmp0(call->interface, "IWbemServices") == 0;
    if (services && g_str_has_prefix(method, "ExecMethod") && call->wmi_method) {
        describe_method(s, described);
    } else if (services && g_str_has_prefix(method, "PutInstance") && call->class_name) {
        describe_written(s, described);
    } else if (services && g_str_has_prefix(method, "PutClass") && call->class_name) {
        append_verb(s, described, "wrote", "write");
        append_after(s, "class ", call->class_name);
    } else if (services && g_str_has_prefix(method, "DeleteClass") && call->class_name) {
        append_verb(s, described, "deleted", "delete");
        append_after(s, "class ", call->class_name);
    } else if (services && g_str_has_prefix(method, "DeleteInstance") && call->object_path) {
        append_verb(s, described, "deleted", "delete");
        g_string_append(s, call->object_path);
    } else if (services && call->query) {
        describe_query(s, described);
    } else if (services && g_str_has_prefix(method, "Create") && call->class_name) {
        describe_enumeration(s, described);
    } else if (services && g_str_has_prefix(method, "GetObject") && call->object_path) {
        append_verb(s, described, "read", "read");
        g_string_append(s, call->object_path);
    } else if (g_str_equal(method, "NTLMLogin") && call->namespace_path) {
        append_verb(s, described, "logged in", "log in");
        g_string_append(s, call->namespace_path);
    } else if (is_activation(call) && (described->failure || activated_class(described->record, call))) {
        describe_activation(s, described);
    } else {
        describe_unread(s, described);
    }
}

/** Makes one line of texts of the wire, and cuts it off when it is long. */
static void make_line(GString *s)
{
    g_autoptr(GString) line = g_string_sized_new(MIN(s->len, MAX_LINE));
    size_t length = 0;
    bool space = false;
    for (const char *p = s->str; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029) {
            space = true;
            continue;
        }
        if (++length > MAX_LINE) {
            g_string_append(line, "…");
            break;
        }
        if (space && c != ' ')
            g_string_append_c(line, ' ');
        space = false;
        g_string_append_unichar(line, c);
    }
    g_string_truncate(s, 0);
    g_string_append_len(s, line->str, (gssize) line->len);
}

static char *make_phrase(const Record *record, const RecordCall *call, GHashTable *operations, bool line)
{
    const RecordCall *operation = outcome_operation(operations, call);
    g_autofree char *failure = outcome_reason(call, operation);
    const DescribedCall described = {.record = record, .call = call, .failure = failure};
    GString *s = g_string_new(NULL);
    describe(s, &described);
    if (line)
        make_line(s);
    if (failure) {
        append_after(s, call->outcome == OUTCOME_CANCELLED ? " (cancelled by the client: " : " (failed: ", failure);
        g_string_append_c(s, ')');
    } else {
        int64_t returned = property_number(call->result_properties, "ReturnValue");
        if (returned > 0)
            g_string_append_printf(s, " (ReturnValue %" PRId64 ")", returned);
    }
    return g_string_free(s, FALSE);
}

char *summary_phrase(const Record *record, const RecordCall *call, GHashTable *operations)
{
    return make_phrase(record, call, operations, false);
}

// Which calls are worth a phrase.

typedef struct {
    Stage stage;
    guint index; ///< of the call
} RankedCall;

Stage summary_weight(const RecordCall *call)
{
    bool persists = wmi_class_is_subscription(call->class_name) || wmi_namespace_is_subscription(call->namespace_path);
    return call->stage == STAGE_WRITE && persists ? STAGE_SUBSCRIBE : call->stage;
}

static int compare_ranked(gconstpointer a, gconstpointer b)
{
    const RankedCall *x = a, *y = b;
    if (x->stage != y->stage)
        return x->stage > y->stage ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

bool summary_acts(const RecordCall *call)
{
    return g_strcmp0(call->interface, "IWbemServices") == 0 && summary_weight(call) > STAGE_READ;
}

/** Those that act, strongest first. */
static GArray *find_acting_calls(const Record *record)
{
    GArray *acting = g_array_new(FALSE, FALSE, sizeof(RankedCall));
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        RankedCall ranked = {summary_weight(call), i};
        if (summary_acts(call))
            g_array_append_val(acting, ranked);
    }
    g_array_sort(acting, compare_ranked);
    return acting;
}

const RecordCall *summary_representative(const Record *record)
{
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (is_activation(call))
            return call;
    }
    return record_strongest_call(record);
}

typedef struct {
    char *text;
    guint times;
} Phrase;

static char *join(const Phrase *phrases, size_t count, guint more)
{
    GString *all = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(all, "%s%s", i ? "; " : "", phrases[i].text);
        if (phrases[i].times > 1)
            g_string_append_printf(all, " (%u times)", phrases[i].times);
    }
    if (more > 0)
        g_string_append_printf(all, "; and %u more", more);
    return g_string_free(all, FALSE);
}

static char *summary_of_acting_calls(const Record *record)
{
    g_autoptr(GHashTable) operations = outcome_operations(record);
    g_autoptr(GArray) acting = find_acting_calls(record);
    if (acting->len == 0) {
        const RecordCall *call = summary_representative(record);
        return call ? make_phrase(record, call, operations, true) : NULL;
    }
    Phrase phrases[MAX_PHRASES];
    size_t count = 0;
    guint more = 0;
    for (guint i = 0; i < acting->len; i++) {
        const RankedCall *ranked = &g_array_index(acting, RankedCall, i);
        char *text = make_phrase(record, &g_array_index(record->calls, RecordCall, ranked->index), operations, true);
        size_t same = 0;
        while (same < count && strcmp(phrases[same].text, text) != 0)
            same++;
        if (same < count)
            phrases[same].times++;
        else if (count < MAX_PHRASES)
            phrases[count++] = (Phrase){g_steal_pointer(&text), 1};
        else
            more++;
        g_free(text);
    }
    char *all = join(phrases, count, more);
    for (size_t i = 0; i < count; i++)
        g_free(phrases[i].text);
    return all;
}

static char *summary_of_calls(const Record *record)
{
    char *calls = summary_of_acting_calls(record);
    if (record_verdict(record) != VERDICT_ATTEMPT)
        return calls;
    g_autofree char *tried = calls;
    g_autofree char *verdict = record_text_verdict(record);
    return tried ? g_strdup_printf("%s: %s", verdict, tried) : g_steal_pointer(&verdict);
}

/** What the newest output of a file says; NULL when none was read. */
static const char *newest_output(const RecordArtifact *artifact)
{
    for (guint i = artifact->outputs->len; i > 0; i--) {
        const char *text = g_array_index(artifact->outputs, ArtifactOutput, i - 1).text;
        if (*text)
            return text;
    }
    return NULL;
}

char *summary_make(const Record *record)
{
    char *calls = summary_of_calls(record);
    if (!record->artifacts)
        return calls;
    GString *all = g_string_new(calls);
    g_free(calls);
    const RecordArtifact *artifact = &g_array_index(record->artifacts, RecordArtifact, 0);
    g_autofree char *file = record_text_artifact(artifact);
    const char *output = newest_output(artifact);
    g_string_append_printf(all, "%soutput file %s", all->len > 0 ? "; " : "", file);
    if (output) {
        g_autoptr(GString) line = g_string_new(output);
        make_line(line);
        append_after(all, ": ", line->str);
    }
    if (record->artifacts->len > 1)
        g_string_append_printf(all, "; and %u more", record->artifacts->len - 1);
    return g_string_free(all, FALSE);
}
