// SPDX-License-Identifier: GPL-2.0-or-later
// The data model of MITRE CAR, one JSON object a line: {object, action, fields}. A connection gives flow/start, a
// flow/message for each interface bound and each call, flow/end, and process/create for each process that was started.
// What is unknown is left out. pid, image_path and the like are those of the client's process; `process`, beside `fields`, says
// what they rest on, for which the data model has no place.

#include "base/json-write.h"
#include "names/techniques.h"
#include "output/format.h"
#include "record/basis.h"
#include "record/text.h"

#include <string.h>

static void put_frame(JsonWriter *w, const char *name, int64_t frame)
{
    json_write_known_int(w, name, frame ? frame_number(frame) : NUMBER_UNKNOWN);
}

/** Other analytics that the connection fits, and techniques that it shows. */
static void write_related(JsonWriter *w, const Record *r)
{
    g_autoptr(GPtrArray) ids = record_analytics(r);
    json_open_array(w, "related");
    for (guint i = 1; i < ids->len; i++)
        json_write_text(w, NULL, g_ptr_array_index(ids, i));
    json_close_array(w);
    json_open_array(w, "techniques");
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++)
        if (record_has_technique(r, t))
            json_write_text(w, NULL, technique_id(t));
    json_close_array(w);
}

static void write_process_basis(JsonWriter *w, const Record *r, const char *object)
{
    bool spawned = strcmp(object, "process") == 0;
    const Process *process = record_process(r, spawned ? ROLE_SPAWNED : ROLE_CLIENT);
    if (!process)
        return;
    // A connection to 135 is RPCSS', whoever asked for it.
    g_autofree char *text =
        g_strconcat(word_text(&basis_words, process_basis(process)), process->asked_for ? ", asked for it" : "", NULL);
    json_write_text(w, "process", text);
}

static void open_event(JsonWriter *w, const Record *r, const char *object, const char *action)
{
    json_open_object(w, NULL);
    json_write_text(w, "analytic", CAR_ANALYTIC);
    json_write_text(w, "detection_strategy", ATTACK_STRATEGY);
    json_write_text(w, "d3fend", D3FEND_TECHNIQUE);
    write_related(w, r);
    json_write_text(w, "confidence", confidence_name(r->confidence));
    json_write_known_text(w, "verdict", word_text(&verdict_words, record_verdict(r)));
    g_autofree char *allowed = record_text_allowed(r);
    json_write_known_text(w, "allowed", allowed);
    write_process_basis(w, r, object);
    json_write_text(w, "object", object);
    json_write_text(w, "action", action);
    json_open_object(w, "fields");
}

static void close_event(JsonWriter *w)
{
    json_close_object(w);
    json_close_object(w);
    (void) putc('\n', w->stream);
    w->follows = false;
}

static void write_owner(JsonWriter *w, const Process *process)
{
    if (!process)
        return;
    json_write_known_int(w, "pid", process->pid);
    json_write_known_int(w, "ppid", process->parent_pid);
    json_write_known_text(w, "image_path", process->image);
    json_write_known_text(w, "exe", record_base_name(process->image));
    json_write_known_text(w, "user", process->user);
}

/** What all events of a flow have. */
static void write_flow(JsonWriter *w, const Record *r)
{
    json_write_known_text(w, "src_ip", r->client.ip);
    json_write_known_int(w, "src_port", r->client.port);
    json_write_known_text(w, "src_hostname", r->client.host);
    json_write_known_text(w, "src_fqdn", r->client.fqdn);
    json_write_known_text(w, "dest_ip", r->server.ip);
    json_write_known_int(w, "dest_port", r->server.port);
    json_write_known_text(w, "dest_hostname", r->server.host);
    json_write_known_text(w, "dest_fqdn", r->server.fqdn);
    json_write_text(w, "transport_protocol", "TCP");
    json_write_text(w, "application_protocol", "DCE/RPC");
    json_write_known_text(w, "start_time", r->start_time);
    write_owner(w, record_process(r, ROLE_CLIENT));
}

static void write_interface(JsonWriter *w, const RecordSet *set, const Record *r, const OfferedInterface *offered)
{
    open_event(w, r, "flow", "message");
    write_flow(w, r);
    json_open_object(w, "proto_info");
    json_write_text(w, "rpc_interface", offered->name);
    json_write_text(w, "rpc_uuid", offered->uuid);
    json_write_text(w, "rpc_message", "bind");
    put_frame(w, "frame", offered->frame);
    json_write_known_text(w, "capture", record_other_path(set, r, offered->frame));
    if (offered->accepted != ANSWER_UNKNOWN)
        json_write_bool(w, "accepted", offered->accepted == ANSWER_YES);
    json_close_object(w);
    close_event(w);
}

static void write_call(JsonWriter *w, const RecordSet *set, const Record *r, const RecordCall *call)
{
    open_event(w, r, "flow", "message");
    write_flow(w, r);
    json_open_object(w, "proto_info");
    json_write_known_text(w, "rpc_interface", call->interface);
    json_write_known_int(w, "rpc_opnum", call->opnum);
    json_write_known_text(w, "rpc_method", call->method);
    json_write_text(w, "rpc_message", "request");
    put_frame(w, "frame", call->frame);
    json_write_known_text(w, "capture", record_other_path(set, r, call->frame));
    put_frame(w, "response_frame", call->response_frame);
    json_write_known_text(w, "response_capture", record_other_path(set, r, call->response_frame));
    json_write_known_text(w, "stage", stage_name(call->stage));
    json_write_known_text(w, "namespace", call->namespace_path);
    if (call->sealed != ANSWER_UNKNOWN)
        json_write_bool(w, "sealed", call->sealed == ANSWER_YES);
    json_write_known_text(w, "query", call->query);
    json_write_known_text(w, "object_path", call->object_path);
    json_write_known_text(w, "class", call->class_name);
    json_write_known_text(w, "wmi_method", call->wmi_method);
    json_write_known_text(w, "command_line", call->command_line);
    json_write_known_text(w, "outcome", word_text(&outcome_words, call->outcome));
    json_write_known_int(w, "status", call->status);
    json_close_object(w);
    close_event(w);
}

static void write_spawned(JsonWriter *w, const Record *r, const Process *process)
{
    open_event(w, r, "process", "create");
    json_write_known_text(w, "hostname", r->server.host);
    json_write_known_text(w, "fqdn", r->server.fqdn);
    write_owner(w, process);
    json_write_known_text(w, "command_line", process->command_line);
    json_write_known_text(w, "parent_image_path", process->parent_image);
    json_write_known_text(w, "parent_exe", record_base_name(process->parent_image));
    close_event(w);
}

static void car_record(Out *out, const RecordSet *set, const Record *r)
{
    JsonWriter writer = {.stream = out->stream}, *w = &writer;
    open_event(w, r, "flow", "start");
    write_flow(w, r);
    close_event(w);
    for (guint i = 0; i < r->interfaces->len; i++)
        write_interface(w, set, r, &g_array_index(r->interfaces, OfferedInterface, i));
    for (guint i = 0; i < r->calls->len; i++)
        write_call(w, set, r, &g_array_index(r->calls, RecordCall, i));
    open_event(w, r, "flow", "end");
    write_flow(w, r);
    json_write_known_text(w, "end_time", r->end_time);
    json_write_known_int(w, "packet_count", record_frame_count(r));
    json_write_known_int(w, "out_bytes", r->bytes.client);
    json_write_known_int(w, "in_bytes", r->bytes.server);
    close_event(w);
    for (guint i = 0; i < r->processes->len; i++) {
        const Process *process = &g_array_index(r->processes, Process, i);
        if (process->role == ROLE_SPAWNED)
            write_spawned(w, r, process);
    }
}

const OutFormat out_format_car = {
    .name = "car",
    .summary = "flows and processes in MITRE CAR's data model, one JSON object a line",
    .live = OUT_LIVE_ENDS,
    .record = car_record,
};
