// SPDX-License-Identifier: GPL-2.0-or-later
// Elastic Common Schema: one event a connection, and one a process that was started over it; one JSON object a line. What is unknown is left out. `process` is the
// process at the client's end.

#include "base/hash.h"
#include "base/json-write.h"
#include "base/time.h"
#include "names/techniques.h"
#include "output/format.h"
#include "record/basis.h"
#include "record/text.h"

#include <string.h>

#define ECS_VERSION "8.11.0" ///< the oldest that has all fields used here

static void put_list(JsonWriter *w, const char *name, const GPtrArray *values)
{
    if (values->len == 0)
        return;
    json_open_array(w, name);
    for (guint i = 0; i < values->len; i++)
        json_write_text(w, NULL, g_ptr_array_index(values, i));
    json_close_array(w);
}

static void add_once(GPtrArray *list, const char *text)
{
    if (text && *text && !g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
        g_ptr_array_add(list, g_strdup(text));
}

static void write_words(JsonWriter *w, const char *name, const char *first, const char *second)
{
    json_open_array(w, name);
    json_write_text(w, NULL, first);
    json_write_text(w, NULL, second);
    json_close_array(w);
}

/** What of a call that was cancelled was done before, nobody knows. */
static const char *ecs_outcome(Outcome outcome)
{
    static const char *const outcomes[N_OUTCOMES] = {
        [OUTCOME_SUCCEEDED] = "success", [OUTCOME_FAILED] = "failure",       [OUTCOME_CANCELLED] = "unknown",
        [OUTCOME_NO_ANSWER] = "unknown", [OUTCOME_NOT_READABLE] = "unknown",
    };
    return outcomes[outcome];
}

#define ENDPOINT_MAPPER 135

static bool may_alert(const Record *r)
{
    return r->confidence == CONFIDENCE_WMI && !r->allowed.rule && record_verdict(r) != VERDICT_ATTEMPT;
}

/** What was asked on 135 alerts by the connection that it led to, where there is one. */
static bool is_asked_elsewhere(const Out *out, const Record *r)
{
    return r->server.port == ENDPOINT_MAPPER && out->state && g_hash_table_contains(out->state, &r->activity);
}

/** While its records are written, the state holds the activities of the set with a connection to an object. */
static void ecs_set(Out *out, const RecordSet *set, Confidence min)
{
    g_autoptr(GHashTable) led = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < set->records->len; i++) {
        Record *record = g_ptr_array_index(set->records, i);
        if (may_alert(record) && record->server.port != ENDPOINT_MAPPER && record->activity != NUMBER_UNKNOWN)
            g_hash_table_add(led, &record->activity);
    }
    out->state = led;
    for (guint i = 0; i < set->records->len; i++) {
        const Record *record = g_ptr_array_index(set->records, i);
        if (record->confidence >= min)
            out_record(out, set, record);
    }
    out->state = NULL;
}

static void write_event(JsonWriter *w, const Out *out, const RecordSet *set, const Record *r)
{
    json_open_object(w, "event");
    json_write_text(w, "kind", may_alert(r) && !is_asked_elsewhere(out, r) ? "alert" : "event");
    g_autofree char *id = record_text_id(r);
    json_write_text(w, "id", id);
    write_words(w, "category", "network", "intrusion_detection");
    write_words(w, "type", "connection", "info");
    json_write_text(w, "module", "car_wmi");
    json_write_text(w, "dataset", "car_wmi.connection");
    json_write_text(w, "provider", "car-wmi");
    const RecordCall *call = record_strongest_call(r);
    json_write_known_text(w, "action", call ? stage_name(call->stage) : NULL);
    json_write_known_text(w, "outcome", call ? ecs_outcome(call->outcome) : NULL);
    g_autofree char *reason = record_text_evidence(set, r);
    json_write_known_text(w, "reason", *reason ? reason : NULL);
    json_write_known_text(w, "start", r->start_time);
    json_write_known_text(w, "end", r->end_time);
    int64_t start = time_parse_utc(r->start_time), end = time_parse_utc(r->end_time);
    if (start != NUMBER_UNKNOWN && end >= start)
        json_write_int(w, "duration", end - start);
    json_close_object(w);
}

static void write_end(JsonWriter *w, const char *name, const RecordEnd *endpoint, int64_t bytes)
{
    json_open_object(w, name);
    json_write_known_text(w, "address", endpoint->ip ? endpoint->ip : endpoint->host);
    json_write_known_text(w, "ip", endpoint->ip);
    json_write_known_int(w, "port", endpoint->port);
    json_write_known_text(w, "domain", endpoint->fqdn ? endpoint->fqdn : endpoint->host);
    json_write_known_int(w, "bytes", bytes);
    json_close_object(w);
}

static void write_network(JsonWriter *w, const Record *r)
{
    json_open_object(w, "network");
    if (r->client.ip)
        json_write_text(w, "type", strchr(r->client.ip, ':') ? "ipv6" : "ipv4");
    json_write_text(w, "transport", "tcp");
    json_write_text(w, "iana_number", "6");
    json_write_text(w, "protocol", "dce_rpc");
    if (r->confidence >= CONFIDENCE_DCOM)
        json_write_text(w, "application", confidence_name(r->confidence));
    if (r->bytes.client != NUMBER_UNKNOWN && r->bytes.server != NUMBER_UNKNOWN)
        json_write_int(w, "bytes", r->bytes.client + r->bytes.server);
    json_write_known_int(w, "packets", record_frame_count(r));
    json_close_object(w);
}

static void write_process(JsonWriter *w, const Process *process)
{
    if (!process)
        return;
    json_open_object(w, "process");
    json_write_known_int(w, "pid", process->pid);
    json_write_known_text(w, "name", record_base_name(process->image));
    json_write_known_text(w, "executable", process->image);
    json_write_known_text(w, "command_line", process->command_line);
    json_write_known_text(w, "start", process->start_time);
    if (process->user) {
        json_open_object(w, "user");
        json_write_text(w, "name", process->user);
        json_close_object(w);
    }
    if (process->parent_pid != NUMBER_UNKNOWN || process->parent_image) {
        json_open_object(w, "parent");
        json_write_known_int(w, "pid", process->parent_pid);
        json_write_known_text(w, "name", record_base_name(process->parent_image));
        json_write_known_text(w, "executable", process->parent_image);
        json_close_object(w);
    }
    json_close_object(w);
}

static void write_user(JsonWriter *w, const Auth *auth)
{
    if (!auth->user)
        return;
    json_open_object(w, "user");
    json_write_text(w, "name", auth->user);
    json_write_known_text(w, "domain", auth->domain);
    json_close_object(w);
}

/** Lists of ids and names that belong together. */
typedef struct {
    GPtrArray *ids, *names, *references;
} Named;

static Named named_new(void)
{
    return (Named){
        .ids = g_ptr_array_new_with_free_func(g_free),
        .names = g_ptr_array_new_with_free_func(g_free),
        .references = g_ptr_array_new_with_free_func(g_free),
    };
}

static void named_write(JsonWriter *w, const Named *named)
{
    put_list(w, "id", named->ids);
    put_list(w, "name", named->names);
    put_list(w, "reference", named->references);
}

static void named_clear(Named *named)
{
    g_ptr_array_unref(named->ids);
    g_ptr_array_unref(named->names);
    g_ptr_array_unref(named->references);
}

static void named_add(Named *named, const char *id, const char *name, char *reference)
{
    add_once(named->ids, id);
    add_once(named->names, name);
    add_once(named->references, reference);
    g_free(reference);
}

static void write_threat(JsonWriter *w, const Record *r)
{
    Named tactics = named_new(), techniques = named_new(), subtechniques = named_new();
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        if (!record_has_technique(r, t))
            continue;
        const AttackTechnique *technique = technique_get(t);
        const char *top = technique->parent ? technique->parent : technique->id;
        named_add(&techniques, top, technique->parent ? technique->parent_name : technique->name, technique_url(top));
        if (technique->parent)
            named_add(&subtechniques, technique->id, technique->name, technique_url(technique->id));
        for (size_t j = 0; j < G_N_ELEMENTS(technique->tactics) && technique->tactics[j]; j++)
            named_add(&tactics, technique->tactics[j]->id, technique->tactics[j]->name,
                      tactic_url(technique->tactics[j]));
    }
    if (techniques.ids->len > 0) {
        json_open_object(w, "threat");
        json_write_text(w, "framework", "MITRE ATT&CK");
        json_open_object(w, "tactic");
        named_write(w, &tactics);
        json_close_object(w);
        json_open_object(w, "technique");
        named_write(w, &techniques);
        if (subtechniques.ids->len > 0) {
            json_open_object(w, "subtechnique");
            named_write(w, &subtechniques);
            json_close_object(w);
        }
        json_close_object(w);
        json_close_object(w);
    }
    named_clear(&tactics);
    named_clear(&techniques);
    named_clear(&subtechniques);
}

static void write_related(JsonWriter *w, const Record *r)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) users = g_ptr_array_new_with_free_func(g_free);
    const RecordEnd *const ends[] = {&r->client, &r->server};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        add_once(addresses, ends[i]->ip);
        add_once(hosts, ends[i]->host);
        add_once(hosts, ends[i]->fqdn);
    }
    add_once(users, r->auth.user);
    for (guint i = 0; i < r->users->len; i++)
        add_once(users, g_array_index(r->users, RecordUser, i).user);
    for (guint i = 0; i < r->processes->len; i++)
        add_once(users, g_array_index(r->processes, Process, i).user);
    json_open_object(w, "related");
    put_list(w, "ip", addresses);
    put_list(w, "hosts", hosts);
    put_list(w, "user", users);
    json_close_object(w);
}

static void write_rule(JsonWriter *w)
{
    json_open_object(w, "rule");
    json_write_text(w, "id", CAR_ANALYTIC);
    json_write_text(w, "name", CAR_ANALYTIC_NAME);
    json_write_text(w, "ruleset", "MITRE CAR");
    json_write_text(w, "reference", CAR_ANALYTIC_URL);
    json_close_object(w);
}

/** What else names the same, and what it leads to. */
static void write_tags(JsonWriter *w, const Record *r)
{
    g_autoptr(GPtrArray) ids = record_analytics(r);
    g_ptr_array_add(ids, ATTACK_STRATEGY);
    g_ptr_array_add(ids, D3FEND_TECHNIQUE);
    put_list(w, "tags", ids);
}

static void write_log(JsonWriter *w, const RecordSet *set, const Record *r)
{
    const char *path = record_file(set, r)->path;
    if (!path)
        return;
    json_open_object(w, "log");
    json_open_object(w, "file");
    json_write_text(w, "path", path);
    json_close_object(w);
    json_close_object(w);
}

static void write_basis(JsonWriter *w, const char *name, Basis basis)
{
    json_write_known_text(w, name, word_text(&basis_words, basis));
}

/** What the members of that name rest on. */
static void write_bases(JsonWriter *w, const Record *r, const Process *process)
{
    if (process) {
        g_autofree char *text = g_strconcat(word_text(&basis_words, process_basis(process)),
                                            process->asked_for ? ", asked for it" : "", NULL);
        json_write_text(w, "process", text);
    }
    write_basis(w, "source_domain", host_basis(r, &r->client));
    write_basis(w, "destination_domain", host_basis(r, &r->server));
    write_basis(w, "user", auth_basis(&r->auth));
}

/** What the schema has no fields for. */
static void write_own(JsonWriter *w, const RecordSet *set, const Record *r)
{
    json_open_object(w, "car_wmi");
    g_autofree char *activity = record_text_activity_id(set, r);
    json_write_known_text(w, "activity_id", activity);
    json_write_known_int(w, "activity", r->activity);
    json_write_known_text(w, "namespace", record_text_namespace(r));
    const Process *server = record_process(r, ROLE_SERVER);
    if (server)
        json_write_known_int(w, "server_pid", server->pid);
    g_autoptr(GPtrArray) methods = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) commands = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) queries = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new(hash_text, g_str_equal);
    for (guint i = 0; i < r->calls->len; i++) {
        const RecordCall *call = &g_array_index(r->calls, RecordCall, i);
        g_autofree char *method = record_text_call(call);
        if (!g_hash_table_contains(seen, method)) {
            g_ptr_array_add(methods, g_strdup(method));
            g_hash_table_add(seen, g_ptr_array_index(methods, methods->len - 1));
        }
        if (call->command_line)
            g_ptr_array_add(commands, g_strdup(call->command_line));
        if (call->query)
            g_ptr_array_add(queries, g_strdup(call->query));
    }
    put_list(w, "method", methods);
    put_list(w, "command_line", commands);
    put_list(w, "query", queries);
    json_close_object(w);
}

/** Of the host where a process was started. */
static void write_host(JsonWriter *w, const RecordEnd *end)
{
    json_open_object(w, "host");
    json_write_known_text(w, "name", end->host ? end->host : end->fqdn);
    if (end->ip) {
        json_open_array(w, "ip");
        json_write_text(w, NULL, end->ip);
        json_close_array(w);
    }
    json_close_object(w);
}

/** An event for a process that the server was asked to start: it is the server's, and `user` the one who asked. */
static void write_start(const Out *out, const RecordSet *set, const Record *r, const RecordCall *call)
{
    JsonWriter writer = {.stream = out->stream}, *w = &writer;
    json_open_object(w, NULL);
    json_write_known_text(w, "@timestamp", call->time);
    json_open_object(w, "ecs");
    json_write_text(w, "version", ECS_VERSION);
    json_close_object(w);
    g_autofree char *message = g_strconcat("Remote WMI started: ", call->command_line, NULL);
    json_write_text(w, "message", message);
    json_open_object(w, "labels");
    json_write_text(w, "confidence", confidence_name(r->confidence));
    write_basis(w, "process", call_basis(call));
    write_basis(w, "user", auth_basis(&r->auth));
    json_close_object(w);
    json_open_object(w, "event");
    json_write_text(w, "kind", "event");
    json_open_array(w, "category");
    json_write_text(w, NULL, "process");
    json_close_array(w);
    json_open_array(w, "type");
    json_write_text(w, NULL, "start");
    json_close_array(w);
    json_write_text(w, "module", "car_wmi");
    json_write_text(w, "dataset", "car_wmi.process");
    json_write_text(w, "provider", "car-wmi");
    json_write_known_text(w, "outcome", ecs_outcome(call->outcome));
    json_close_object(w);
    json_open_object(w, "car_wmi");
    g_autofree char *activity = record_text_activity_id(set, r);
    json_write_known_text(w, "activity_id", activity);
    json_write_known_int(w, "activity", r->activity);
    json_write_int(w, "frame", frame_number(call->frame));
    json_close_object(w);
    write_host(w, &r->server);
    json_open_object(w, "process");
    json_write_text(w, "command_line", call->command_line);
    json_write_known_int(w, "pid", property_number(call->result_properties, "ProcessId"));
    json_close_object(w);
    write_user(w, &r->auth);
    write_related(w, r);
    write_log(w, set, r);
    json_close_object(w);
    (void) putc('\n', out->stream);
}

static void ecs_record(Out *out, const RecordSet *set, const Record *r)
{
    JsonWriter writer = {.stream = out->stream}, *w = &writer;
    json_open_object(w, NULL);
    json_write_known_text(w, "@timestamp", r->start_time);
    json_open_object(w, "ecs");
    json_write_text(w, "version", ECS_VERSION);
    json_close_object(w);
    json_write_known_text(w, "message", r->summary);
    json_open_object(w, "labels");
    json_write_text(w, "confidence", confidence_name(r->confidence));
    json_write_known_text(w, "verdict", word_text(&verdict_words, record_verdict(r)));
    g_autofree char *allowed = record_text_allowed(r);
    json_write_known_text(w, "allowed", allowed);
    if (r->anomalies->len > 0) {
        g_autofree char *anomaly = record_text_anomaly(set, r, &g_array_index(r->anomalies, RecordAnomaly, 0));
        json_write_text(w, "anomaly", anomaly);
    }
    const Process *process = record_process(r, ROLE_CLIENT);
    write_bases(w, r, process);
    json_close_object(w);
    write_event(w, out, set, r);
    write_own(w, set, r);
    write_end(w, "source", &r->client, r->bytes.client);
    write_end(w, "destination", &r->server, r->bytes.server);
    write_network(w, r);
    write_process(w, process);
    write_user(w, &r->auth);
    write_threat(w, r);
    write_related(w, r);
    write_rule(w);
    write_tags(w, r);
    write_log(w, set, r);
    json_close_object(w);
    (void) putc('\n', out->stream);
    for (guint i = 0; i < r->calls->len; i++) {
        const RecordCall *call = &g_array_index(r->calls, RecordCall, i);
        if (call->command_line && call->outcome != OUTCOME_FAILED && call_is_method(call, "Win32_Process", "Create"))
            write_start(out, set, r, call);
    }
}

const OutFormat out_format_ecs = {
    .name = "ecs",
    .summary = "events of the Elastic Common Schema, one JSON object a line",
    .live = OUT_LIVE_ENDS,
    .record = ecs_record,
    .set = ecs_set,
};
