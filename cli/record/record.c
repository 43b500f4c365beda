// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/record.h"

#include "base/address.h"
#include "names/outcomes.h"

#include <inttypes.h>
#include <string.h>

static void call_clear(gpointer data)
{
    RecordCall *call = data;
    g_clear_pointer(&call->frames, g_array_unref);
    g_clear_pointer(&call->response_frames, g_array_unref);
    g_clear_pointer(&call->properties, g_array_unref);
    g_clear_pointer(&call->result_properties, g_array_unref);
}

static void process_clear(gpointer data)
{
    Process *process = data;
    g_clear_pointer(&process->sources, g_array_unref);
    g_clear_pointer(&process->log_sources, g_array_unref);
}

static void artifact_clear(gpointer data)
{
    RecordArtifact *artifact = data;
    g_clear_pointer(&artifact->frames, g_array_unref);
    g_clear_pointer(&artifact->outputs, g_array_unref);
}

void record_add_artifact(Record *record, const RecordArtifact *artifact)
{
    if (!record->artifacts) {
        record->artifacts = g_array_new(FALSE, FALSE, sizeof(RecordArtifact));
        g_array_set_clear_func(record->artifacts, artifact_clear);
    }
    g_array_append_val(record->artifacts, *artifact);
}

RecordCall call_init(void)
{
    return (RecordCall){
        .number = NUMBER_UNKNOWN,
        .origin = NUMBER_UNKNOWN,
        .opnum = NUMBER_UNKNOWN,
        .command_length = NUMBER_UNKNOWN,
        .status = NUMBER_UNKNOWN,
        .operation_status = NUMBER_UNKNOWN,
    };
}

Process process_init(ProcessRole role, int64_t pid)
{
    return (Process){
        .role = role,
        .pid = pid,
        .sources = g_array_new(FALSE, FALSE, sizeof(ProcessSource)),
        .parent_pid = NUMBER_UNKNOWN,
    };
}

Record *record_new(void)
{
    Record *r = g_new0(Record, 1);
    r->evidence = g_array_new(FALSE, TRUE, sizeof(Evidence));
    r->anomalies = g_array_new(FALSE, TRUE, sizeof(RecordAnomaly));
    r->activity = NUMBER_UNKNOWN;
    r->activation.call = r->activation.client_port = r->activation.status = r->activation.port = NUMBER_UNKNOWN;
    r->frames.count = NUMBER_UNKNOWN;
    r->bytes.client = r->bytes.server = NUMBER_UNKNOWN;
    r->client.port = r->server.port = NUMBER_UNKNOWN;
    r->users = g_array_new(FALSE, TRUE, sizeof(RecordUser));
    r->user_candidates = g_array_new(FALSE, TRUE, sizeof(UserCandidate));
    r->interfaces = g_array_new(FALSE, TRUE, sizeof(OfferedInterface));
    r->calls = g_array_new(FALSE, TRUE, sizeof(RecordCall));
    g_array_set_clear_func(r->calls, call_clear);
    r->client_families = g_array_new(FALSE, FALSE, sizeof(const char *));
    r->client_marks = g_array_new(FALSE, FALSE, sizeof(RecordMark));
    r->logins = g_array_new(FALSE, TRUE, sizeof(Login));
    r->processes = g_array_new(FALSE, TRUE, sizeof(Process));
    g_array_set_clear_func(r->processes, process_clear);
    return r;
}

void record_free(Record *record)
{
    g_array_unref(record->evidence);
    g_array_unref(record->anomalies);
    g_array_unref(record->users);
    g_array_unref(record->user_candidates);
    g_array_unref(record->interfaces);
    g_array_unref(record->calls);
    g_array_unref(record->client_families);
    g_array_unref(record->client_marks);
    g_array_unref(record->logins);
    g_array_unref(record->processes);
    g_clear_pointer(&record->parts, g_array_unref);
    g_clear_pointer(&record->artifacts, g_array_unref);
    g_clear_pointer(&record->host, host_facts_free);
    g_free(record);
}

static void record_file_free(gpointer data)
{
    RecordFile *file = data;
    g_free(file->path);
    g_free(file->note);
    g_free(file);
}

RecordSet *record_set_new(Texts *texts)
{
    RecordSet *set = g_new0(RecordSet, 1);
    set->files = g_ptr_array_new_with_free_func(record_file_free);
    set->records = g_ptr_array_new_with_free_func((GDestroyNotify) record_free);
    set->texts = texts ? texts : texts_new();
    return set;
}

RecordFile *record_set_add_file(RecordSet *set, const char *path, char *note)
{
    RecordFile *file = g_new0(RecordFile, 1);
    file->path = path ? g_utf8_make_valid(path, -1) : NULL;
    file->note = note;
    g_ptr_array_add(set->files, file);
    return file;
}

const RecordFile *record_file(const RecordSet *set, const Record *record)
{
    return g_ptr_array_index(set->files, MIN(frame_file(record->frames.first), set->files->len - 1));
}

int64_t record_frame_count(const Record *record)
{
    int64_t count = record->parts ? 0 : record->frames.count;
    for (guint i = 0; record->parts && i < record->parts->len; i++)
        count += g_array_index(record->parts, RecordPart, i).count;
    return count;
}

const char *record_other_path(const RecordSet *set, const Record *record, int64_t frame)
{
    guint file = frame_file(frame);
    if (frame == 0 || file == frame_file(record->frames.first) || file >= set->files->len)
        return NULL;
    return ((const RecordFile *) g_ptr_array_index(set->files, file))->path;
}

void record_set_free(RecordSet *set)
{
    g_ptr_array_unref(set->files);
    g_ptr_array_unref(set->records);
    texts_free(set->texts);
    g_free(set);
}

const char *process_role_name(ProcessRole role)
{
    static const char *const names[N_PROCESS_ROLES] = {
        [ROLE_CLIENT] = "client",
        [ROLE_SERVER] = "server",
        [ROLE_SPAWNED] = "spawned",
    };
    return names[role];
}

const char *winmgmt_host_name(WinmgmtHost host)
{
    static const char *const names[N_WINMGMT_HOSTS] = {
        [WINMGMT_HOST_NAMED] = "named",
        [WINMGMT_HOST_GROUP] = "group",
        [WINMGMT_HOST_OWN_GROUP] = "own-group",
        [WINMGMT_HOST_OTHER] = "other",
    };
    return names[host];
}

Verdict record_verdict(const Record *record)
{
    bool is_early = record->state == RECORD_OPEN && record->verdict == VERDICT_ATTEMPT;
    return is_early ? VERDICT_UNKNOWN : record->verdict;
}

const char *record_state_text(RecordState state)
{
    static const char *const texts[] = {NULL, "open", "closed", "unfinished"};
    return texts[state];
}

/** The address as an operand, and the `field` to compare with it; NULL when it is none. Written anew, not copied: only an
 * address gets into the expression. Owned by the caller. */
static char *filter_operand(const char *ip, const char **field)
{
    Address address;
    if (!address_parse(slice(ip), &address))
        return NULL;
    bool v6 = strchr(ip, ':');
    *field = v6 ? "ipv6.addr" : "ip.addr";
    g_autofree char *text = address_text(&address);
    return g_strconcat(v6 && address_is_v4(&address) ? "::ffff:" : "", text, NULL);
}

char *record_filter(const RecordEnd *client, const RecordEnd *server)
{
    const char *field, *other;
    g_autofree char *a = filter_operand(client->ip, &field);
    g_autofree char *b = filter_operand(server->ip, &other);
    if (!a || !b || strcmp(field, other) != 0 || client->port < 0 || server->port < 0)
        return NULL;
    return g_strdup_printf("%s==%s && %s==%s && tcp.port==%" PRId64 " && tcp.port==%" PRId64, field, a, field, b,
                           client->port, server->port);
}

Answer record_remote(const RecordEnd *client, const RecordEnd *server)
{
    Address a, b;
    if (!address_parse(slice(client->ip), &a) || !address_parse(slice(server->ip), &b))
        return ANSWER_UNKNOWN;
    bool local = address_equal(&a, &b) || (address_loopback(&a) && address_loopback(&b));
    return local ? ANSWER_NO : ANSWER_YES;
}

const char *property_value(const GArray *properties, const char *name)
{
    for (guint i = 0; properties && i < properties->len; i++) {
        const RecordProperty *property = &g_array_index(properties, RecordProperty, i);
        if (property->name && g_ascii_strcasecmp(property->name, name) == 0)
            return property->value;
    }
    return NULL;
}

int64_t property_number(const GArray *properties, const char *name)
{
    const char *value = property_value(properties, name);
    char *end = NULL;
    int64_t number = value ? g_ascii_strtoll(value, &end, 10) : NUMBER_UNKNOWN;
    bool whole = value && end != value && (*end == '\0' || *end == ' '); // a note in parentheses may follow
    return whole ? number : NUMBER_UNKNOWN;
}

static bool is_text(const char *text, const char *expected)
{
    return text && g_ascii_strcasecmp(text, expected) == 0;
}

bool call_is_method(const RecordCall *call, const char *class_name, const char *method)
{
    return g_strcmp0(call->interface, "IWbemServices") == 0 && call->method &&
           g_str_has_prefix(call->method, "ExecMethod") && is_text(call->class_name, class_name) &&
           is_text(call->wmi_method, method);
}

Answer record_client_identified(const Record *record, bool begun)
{
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (!call->interface || !call->method)
            continue;
        if (g_str_has_prefix(call->interface, "IWbemLoginClientID") && g_str_has_prefix(call->method, "SetClientInfo"))
            return ANSWER_YES;
        if (strcmp(call->interface, "IWbemLevel1Login") == 0 && strcmp(call->method, "NTLMLogin") == 0)
            return begun ? ANSWER_NO : ANSWER_UNKNOWN;
    }
    return ANSWER_UNKNOWN;
}

const char *call_technique_reason(const RecordCall *call, Technique technique)
{
    for (unsigned i = 0; i < call->n_techniques; i++)
        if (call->techniques[i].technique == technique)
            return call->techniques[i].reason;
    return NULL;
}

Stage call_weight(const RecordCall *call)
{
    return outcome_is_failure(call->outcome) ? MIN(call->stage, STAGE_LOGIN) : call->stage;
}

const RecordCall *record_strongest_call(const Record *record)
{
    const RecordCall *best = NULL;
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (!best || call_weight(call) > call_weight(best))
            best = call;
    }
    return best;
}

bool record_is_led_to(const Record *record)
{
    return record->has_activation && !record->callback && record->activation.port != NUMBER_UNKNOWN &&
           record->activation.port == record->server.port;
}
