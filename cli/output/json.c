// SPDX-License-Identifier: GPL-2.0-or-later
// The schema car-wmi/1: one object a line (ndjson), or the same objects as one array (json).

#include "base/json-write.h"
#include "output/format.h"
#include "output/json-host.h"
#include "record/basis.h"
#include "record/text.h"

static void write_frame(JsonWriter *w, const char *name, int64_t frame)
{
    json_write_number(w, name, frame ? frame_number(frame) : NUMBER_UNKNOWN);
}

/** Names the capture of a frame that is not in the one where the conversation begins. */
static void write_capture(JsonWriter *w, const char *name, const RecordSet *set, const Record *r, int64_t frame)
{
    const char *path = record_other_path(set, r, frame);
    if (path)
        json_write_text(w, name, path);
}

static void write_answer(JsonWriter *w, const char *name, Answer answer)
{
    if (answer == ANSWER_UNKNOWN)
        json_write_null(w, name);
    else
        json_write_bool(w, name, answer == ANSWER_YES);
}

/** The frames of a message that are in the capture of its first one. */
static void write_frames(JsonWriter *w, const char *name, int64_t first, const GArray *frames)
{
    json_open_array(w, name);
    if (!frames && first)
        json_write_int(w, NULL, frame_number(first));
    for (guint i = 0; frames && i < frames->len; i++) {
        int64_t frame = g_array_index(frames, int64_t, i);
        if (frame_file(frame) == frame_file(first))
            json_write_int(w, NULL, frame_number(frame));
    }
    json_close_array(w);
}

/** Those that are in others. */
static void write_more_frames(JsonWriter *w, const char *name, const RecordSet *set, int64_t first,
                              const GArray *frames)
{
    bool open = false;
    for (guint i = 0; frames && i < frames->len; i++) {
        int64_t frame = g_array_index(frames, int64_t, i);
        if (frame_file(frame) == frame_file(first) || frame_file(frame) >= set->files->len)
            continue;
        if (!open)
            json_open_array(w, name);
        open = true;
        json_open_object(w, NULL);
        json_write_text(w, "capture", ((const RecordFile *) g_ptr_array_index(set->files, frame_file(frame)))->path);
        json_write_int(w, "frame", frame_number(frame));
        json_close_object(w);
    }
    if (open)
        json_close_array(w);
}

static void write_basis(JsonWriter *w, const char *name, Basis basis)
{
    json_write_text(w, name, word_text(&basis_words, basis));
}

static void write_evidence(JsonWriter *w, const RecordSet *set, const Record *r)
{
    json_open_array(w, "evidence");
    for (guint i = 0; i < r->evidence->len; i++) {
        const Evidence *evidence = &g_array_index(r->evidence, Evidence, i);
        json_open_object(w, NULL);
        json_write_text(w, "kind", evidence_name(evidence->kind));
        write_basis(w, "basis", evidence_basis(evidence->kind));
        write_frame(w, "frame", evidence->frame);
        write_capture(w, "capture", set, r, evidence->frame);
        json_close_object(w);
    }
    json_close_array(w);
}

/** The programs that fit, and the marks that this rests on. */
static void write_client_family(JsonWriter *w, const RecordSet *set, const Record *r)
{
    if (!r->client_hint) {
        json_write_null(w, "client_family");
        return;
    }
    json_open_object(w, "client_family");
    json_open_array(w, "families");
    for (guint i = 0; i < r->client_families->len; i++)
        json_write_text(w, NULL, g_array_index(r->client_families, const char *, i));
    json_close_array(w);
    json_open_array(w, "marks");
    for (guint i = 0; i < r->client_marks->len; i++) {
        const RecordMark *mark = &g_array_index(r->client_marks, RecordMark, i);
        json_open_object(w, NULL);
        json_write_text(w, "mark", mark->mark);
        write_frame(w, "frame", mark->frame);
        write_capture(w, "capture", set, r, mark->frame);
        json_close_object(w);
    }
    json_close_array(w);
    json_close_object(w);
}

static void write_activation(JsonWriter *w, const RecordSet *set, const Record *r)
{
    if (!r->has_activation) {
        json_write_null(w, "activation");
        return;
    }
    json_open_object(w, "activation");
    write_frame(w, "frame", r->activation.frame);
    write_capture(w, "capture", set, r, r->activation.frame);
    json_write_number(w, "client_port", r->activation.client_port);
    json_write_text(w, "clsid", r->activation.clsid);
    json_write_text(w, "server_name", r->activation.server_name);
    json_write_number(w, "status", r->activation.status);
    json_close_object(w);
}

/** CAR-2014-05-001: what on 135 named the port that the connection goes to. */
typedef struct {
    const char *by;
    int64_t frame, response_frame, client_port;
    const char *interface; ///< that was looked up; NULL: none
} RpcActivity;

static void write_rpc_activity(JsonWriter *w, const RecordSet *set, const Record *r, const RpcActivity *activity)
{
    json_open_object(w, NULL);
    json_write_text(w, "analytic", CAR_RELATED_ANALYTIC);
    json_write_text(w, "by", activity->by);
    write_frame(w, "frame", activity->frame);
    write_capture(w, "capture", set, r, activity->frame);
    write_frame(w, "response_frame", activity->response_frame);
    write_capture(w, "response_capture", set, r, activity->response_frame);
    json_write_number(w, "client_port", activity->client_port);
    json_write_text(w, "interface", activity->interface);
    json_write_number(w, "port", r->server.port);
    json_close_object(w);
}

/** Other analytics of CAR that the connection fits, and where they show. */
static void write_related(JsonWriter *w, const RecordSet *set, const Record *r)
{
    const RecordActivation *activation = &r->activation;
    const RecordLookup *lookup = &r->lookup;
    json_open_array(w, "related");
    if (record_is_led_to(r))
        write_rpc_activity(
            w, set, r,
            &(RpcActivity){"activation", activation->frame, activation->response_frame, activation->client_port, NULL});
    if (lookup->frame)
        write_rpc_activity(
            w, set, r,
            &(RpcActivity){"look-up", lookup->frame, lookup->response_frame, lookup->client_port, lookup->interface});
    for (guint i = 0; i < r->processes->len; i++) {
        const Process *process = &g_array_index(r->processes, Process, i);
        if (process->role != ROLE_SPAWNED)
            continue;
        json_open_object(w, NULL);
        json_write_text(w, "analytic", CAR_LAUNCH_ANALYTIC);
        json_write_number(w, "pid", process->pid);
        json_write_text(w, "image", process->image);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_endpoint(JsonWriter *w, const char *name, const Record *r, const RecordEnd *endpoint)
{
    json_open_object(w, name);
    json_write_text(w, "ip", endpoint->ip);
    json_write_number(w, "port", endpoint->port);
    json_write_text(w, "host", endpoint->host);
    json_write_text(w, "fqdn", endpoint->fqdn);
    write_basis(w, "host_basis", host_basis(r, endpoint));
    if (endpoint->host_inferred)
        json_write_bool(w, "host_inferred", true);
    if (endpoint->fqdn_inferred)
        json_write_bool(w, "fqdn_inferred", true);
    json_close_object(w);
}

static void write_auth(JsonWriter *w, const RecordSet *set, const Record *r)
{
    const Auth *auth = &r->auth;
    json_open_object(w, "auth");
    json_write_text(w, "type", auth->type);
    json_write_text(w, "level", auth_level_name(auth->level));
    json_write_text(w, "spn", auth->spn);
    json_write_text(w, "realm", auth->realm);
    json_write_text(w, "user", auth->user);
    json_write_text(w, "domain", auth->domain);
    json_write_text(w, "workstation", auth->workstation);
    json_write_text(w, "user_source", record_text_user_source(auth));
    write_basis(w, "user_basis", auth_basis(auth));
    write_frame(w, "user_frame", auth->user_frame);
    write_capture(w, "user_capture", set, r, auth->user_frame);
    json_close_object(w);
}

static void write_users(JsonWriter *w, const RecordSet *set, const Record *r)
{
    json_open_array(w, "users");
    for (guint i = 0; i < r->users->len; i++) {
        const RecordUser *user = &g_array_index(r->users, RecordUser, i);
        json_open_object(w, NULL);
        json_write_text(w, "user", user->user);
        json_write_text(w, "domain", user->domain);
        json_write_text(w, "workstation", user->workstation);
        json_write_text(w, "source", user_source_name(user->source));
        write_basis(w, "basis", user_source_basis(user->source));
        write_frame(w, "frame", user->frame);
        write_capture(w, "capture", set, r, user->frame);
        json_write_int(w, "calls", user->calls);
        write_answer(w, "accepted", user->accepted);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_candidates(JsonWriter *w, const RecordSet *set, const Record *r)
{
    json_open_array(w, "user_candidates");
    for (guint i = 0; i < r->user_candidates->len; i++) {
        const UserCandidate *candidate = &g_array_index(r->user_candidates, UserCandidate, i);
        g_autofree char *reason = record_text_candidate(set, r, candidate);
        json_open_object(w, NULL);
        json_write_text(w, "user", candidate->user);
        json_write_text(w, "domain", candidate->domain);
        write_frame(w, "frame", candidate->frame);
        write_capture(w, "capture", set, r, candidate->frame);
        json_write_number(w, "age", candidate->age);
        json_write_text(w, "reason", reason);
        write_basis(w, "basis", BASIS_INFERRED);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_interfaces(JsonWriter *w, const RecordSet *set, const Record *r)
{
    json_open_array(w, "interfaces");
    for (guint i = 0; i < r->interfaces->len; i++) {
        const OfferedInterface *offered = &g_array_index(r->interfaces, OfferedInterface, i);
        json_open_object(w, NULL);
        json_write_text(w, "name", offered->name);
        json_write_text(w, "uuid", offered->uuid);
        write_frame(w, "frame", offered->frame);
        write_capture(w, "capture", set, r, offered->frame);
        write_answer(w, "accepted", offered->accepted);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_properties(JsonWriter *w, const char *name, const GArray *properties)
{
    if (!properties) {
        json_write_null(w, name);
        return;
    }
    json_open_array(w, name);
    for (guint i = 0; i < properties->len; i++) {
        const RecordProperty *property = &g_array_index(properties, RecordProperty, i);
        json_open_object(w, NULL);
        json_write_text(w, "name", property->name);
        json_write_text(w, "value", property->value);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_logins(JsonWriter *w, const RecordSet *set, const Record *r)
{
    json_open_array(w, "logins");
    for (guint i = 0; i < r->logins->len; i++) {
        const Login *login = &g_array_index(r->logins, Login, i);
        json_open_object(w, NULL);
        write_frame(w, "frame", login->frame);
        write_capture(w, "capture", set, r, login->frame);
        json_write_text(w, "namespace", login->namespace_path);
        json_write_text(w, "locale", login->locale);
        json_write_number(w, "status", login->status);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_techniques(JsonWriter *w, const RecordCall *call)
{
    json_open_array(w, "techniques");
    for (unsigned i = 0; i < call->n_techniques; i++) {
        json_open_object(w, NULL);
        json_write_text(w, "id", technique_id(call->techniques[i].technique));
        json_write_text(w, "reason", call->techniques[i].reason);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_call(JsonWriter *w, const RecordSet *set, const Record *r, const RecordCall *call)
{
    json_open_object(w, NULL);
    write_frame(w, "frame", call->frame);
    write_frames(w, "frames", call->frame, call->frames);
    json_write_text(w, "time", call->time);
    write_frame(w, "response_frame", call->response_frame);
    write_frames(w, "response_frames", call->response_frame, call->response_frames);
    write_capture(w, "capture", set, r, call->frame);
    write_more_frames(w, "more_frames", set, call->frame, call->frames);
    write_capture(w, "response_capture", set, r, call->response_frame);
    write_more_frames(w, "more_response_frames", set, call->response_frame, call->response_frames);
    json_write_text(w, "interface", call->interface);
    json_write_text(w, "interface_source", interface_source_name(call->interface_source));
    json_write_text(w, "object", call->object);
    write_frame(w, "origin_frame", call->origin_frame);
    write_capture(w, "origin_capture", set, r, call->origin_frame);
    json_write_number(w, "opnum", call->opnum);
    json_write_text(w, "method", call->method);
    json_write_text(w, "stage", stage_name(call->stage));
    json_write_text(w, "namespace", call->namespace_path);
    write_answer(w, "sealed", call->sealed);
    json_write_bool(w, "decrypted", call->decrypted);
    json_write_text(w, "query", call->query);
    json_write_text(w, "query_language", call->query_language);
    json_write_text(w, "object_path", call->object_path);
    json_write_text(w, "class", call->class_name);
    json_write_text(w, "wmi_method", call->wmi_method);
    json_write_text(w, "command_line", call->command_line);
    json_write_number(w, "command_length", call->command_length);
    write_properties(w, "properties", call->properties);
    json_write_text(w, "outcome", word_text(&outcome_words, call->outcome));
    write_techniques(w, call);
    write_answer(w, "fault", call->fault);
    json_write_number(w, "status", call->status);
    json_write_text(w, "status_name", call->status_name);
    json_write_number(w, "operation_status", call->operation_status);
    json_write_text(w, "operation_status_name", call->operation_status_name);
    json_write_text(w, "result_text", call->result_text);
    write_properties(w, "result_properties", call->result_properties);
    json_write_text(w, "content_source", call->content_source);
    write_basis(w, "basis", call_basis(call));
    json_write_text(w, "undecodable", call->undecodable);
    json_close_object(w);
}

static void write_processes(JsonWriter *w, const RecordSet *set, const Record *r)
{
    json_open_array(w, "processes");
    for (guint i = 0; i < r->processes->len; i++) {
        const Process *process = &g_array_index(r->processes, Process, i);
        json_open_object(w, NULL);
        json_write_text(w, "role", process_role_name(process->role));
        write_basis(w, "basis", process_basis(process));
        if (process->inferred)
            json_write_bool(w, "inferred", true);
        if (process->asked_for)
            json_write_bool(w, "asked_for", true);
        json_write_number(w, "pid", process->pid);
        json_write_text(w, "start_time", process->start_time);
        json_write_text(w, "image", process->image);
        json_write_text(w, "command_line", process->command_line);
        json_write_text(w, "user", process->user);
        json_write_number(w, "parent_pid", process->parent_pid);
        json_write_text(w, "parent_image", process->parent_image);
        json_write_text(w, "note", process->note);
        if (process->winmgmt)
            json_write_text(w, "winmgmt", winmgmt_host_name(process->winmgmt));
        json_open_array(w, "sources");
        for (guint j = 0; j < process->sources->len; j++) {
            const ProcessSource *source = &g_array_index(process->sources, ProcessSource, j);
            json_open_object(w, NULL);
            json_write_text(w, "kind", source->kind);
            write_frame(w, "frame", source->frame);
            write_capture(w, "capture", set, r, source->frame);
            if (source->call_frame) {
                write_frame(w, "call_frame", source->call_frame);
                write_capture(w, "call_capture", set, r, source->call_frame);
                json_write_text(w, "connection", source->connection);
            }
            json_close_object(w);
        }
        for (guint j = 0; process->log_sources && j < process->log_sources->len; j++)
            out_json_log_source(w, NULL, &g_array_index(process->log_sources, LogSource, j));
        json_close_array(w);
        json_close_object(w);
    }
    json_close_array(w);
}

/** Only where the hosts spoke SMB, too. */
static void write_artifacts(JsonWriter *w, const RecordSet *set, const Record *r)
{
    if (!r->smb)
        return;
    if (!r->artifacts && r->smb_unread) {
        json_write_null(w, "artifacts");
        return;
    }
    json_open_array(w, "artifacts");
    for (guint i = 0; r->artifacts && i < r->artifacts->len; i++) {
        const RecordArtifact *artifact = &g_array_index(r->artifacts, RecordArtifact, i);
        int64_t first = artifact->frames->len > 0 ? g_array_index(artifact->frames, int64_t, 0) : 0;
        json_open_object(w, NULL);
        json_write_text(w, "share", artifact->share);
        json_write_text(w, "name", artifact->name);
        json_write_text(w, "start_time", artifact->start_time);
        json_write_text(w, "end_time", artifact->end_time);
        write_frames(w, "frames", first, artifact->frames);
        write_more_frames(w, "more_frames", set, first, artifact->frames);
        write_capture(w, "capture", set, r, first);
        json_write_number(w, "size", artifact->size);
        write_frame(w, "command_frame", artifact->command_frame);
        json_open_array(w, "outputs");
        for (guint k = 0; k < artifact->outputs->len; k++) {
            const ArtifactOutput *output = &g_array_index(artifact->outputs, ArtifactOutput, k);
            json_open_object(w, NULL);
            write_frame(w, "frame", output->frame);
            write_capture(w, "capture", set, r, output->frame);
            json_write_text(w, "text", output->text);
            json_write_bool(w, "complete", output->complete);
            json_close_object(w);
        }
        json_close_array(w);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_allowed(JsonWriter *w, const Record *r)
{
    if (!r->allowed.rule) {
        json_write_null(w, "allowed");
        return;
    }
    json_open_object(w, "allowed");
    json_write_text(w, "rule", r->allowed.rule);
    json_write_text(w, "reason", r->allowed.reason);
    json_close_object(w);
}

/** What of the conversation stands in which capture, when it spans several. */
static void write_parts(JsonWriter *w, const RecordSet *set, const Record *r)
{
    if (!r->parts)
        return;
    json_open_array(w, "parts");
    for (guint i = 0; i < r->parts->len; i++) {
        const RecordPart *part = &g_array_index(r->parts, RecordPart, i);
        guint file = MIN(frame_file(part->first), set->files->len - 1);
        json_open_object(w, NULL);
        json_write_text(w, "path", ((const RecordFile *) g_ptr_array_index(set->files, file))->path);
        write_frame(w, "first", part->first);
        write_frame(w, "last", part->last);
        json_write_number(w, "count", part->count);
        json_close_object(w);
    }
    json_close_array(w);
}

/** Those of the techniques, each once. */
static void write_tactics(JsonWriter *w, const Record *r)
{
    g_autoptr(GPtrArray) seen = g_ptr_array_new();
    json_open_array(w, "tactics");
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        const AttackTechnique *technique = record_has_technique(r, t) ? technique_get(t) : NULL;
        for (size_t i = 0; technique && i < G_N_ELEMENTS(technique->tactics) && technique->tactics[i]; i++) {
            if (g_ptr_array_find(seen, technique->tactics[i], NULL))
                continue;
            g_ptr_array_add(seen, (gpointer) technique->tactics[i]);
            json_write_text(w, NULL, technique->tactics[i]->id);
        }
    }
    json_close_array(w);
}

static void write_anomaly(JsonWriter *w, const RecordSet *set, const Record *r, const RecordAnomaly *anomaly)
{
    json_open_object(w, NULL);
    json_write_text(w, "kind", word_text(&anomaly_words, anomaly->kind));
    json_open_array(w, "frames");
    for (guint i = 0; i < 2 && (i == 0 || anomaly->frames[1] != anomaly->frames[0]); i++)
        json_write_int(w, NULL, frame_number(anomaly->frames[i]));
    json_close_array(w);
    json_open_array(w, "readings");
    for (guint i = 0; i < 2 && anomaly->readings[i]; i++) {
        json_open_object(w, NULL);
        write_frame(w, "frame", anomaly->frames[i]);
        write_capture(w, "capture", set, r, anomaly->frames[i]);
        json_write_text(w, "text", anomaly->readings[i]);
        json_close_object(w);
    }
    json_close_array(w);
    g_autofree char *text = record_text_anomaly(set, r, anomaly);
    json_write_text(w, "text", text);
    json_close_object(w);
}

static void write_record(JsonWriter *w, const RecordSet *set, const Record *r)
{
    json_open_object(w, NULL);
    json_write_text(w, "schema", "car-wmi/1");
    json_write_text(w, "analytic", CAR_ANALYTIC);
    json_write_text(w, "detection_strategy", ATTACK_STRATEGY);
    json_write_text(w, "d3fend", D3FEND_TECHNIQUE);
    json_open_array(w, "techniques");
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        if (record_has_technique(r, t))
            json_write_text(w, NULL, technique_id(t));
    }
    json_close_array(w);
    write_tactics(w, r);
    json_write_text(w, "confidence", confidence_name(r->confidence));
    json_write_text(w, "verdict", word_text(&verdict_words, record_verdict(r)));
    bool attempt = record_verdict(r) == VERDICT_ATTEMPT;
    json_write_text(w, "verdict_reason", attempt ? word_text(&attempt_reason_words, r->verdict_reason) : NULL);
    write_evidence(w, set, r);
    json_write_number(w, "activity", r->activity);
    write_activation(w, set, r);
    write_related(w, set, r);

    json_open_object(w, "capture");
    const RecordFile *file = record_file(set, r);
    json_write_text(w, "path", file->path);
    json_write_bool(w, "complete", !file->note);
    json_write_text(w, "note", file->note);
    if (set->unlisted_binds > 0)
        json_write_number(w, "unlisted_binds", (int64_t) set->unlisted_binds);
    json_close_object(w);

    json_write_text(w, "start_time", r->start_time);
    json_write_text(w, "end_time", r->end_time);
    if (r->state != RECORD_WHOLE)
        json_write_text(w, "state", record_state_text(r->state));
    json_open_object(w, "frames");
    write_frame(w, "first", r->frames.first);
    write_frame(w, "last", r->frames.last);
    json_write_number(w, "count", r->frames.count);
    write_parts(w, set, r);
    json_close_object(w);
    json_open_object(w, "bytes");
    json_write_number(w, "client", r->bytes.client);
    json_write_number(w, "server", r->bytes.server);
    json_close_object(w);

    json_write_text(w, "filter", r->filter);
    write_endpoint(w, "client", r, &r->client);
    write_endpoint(w, "server", r, &r->server);
    write_answer(w, "remote", r->remote);
    json_write_bool(w, "callback", r->callback);
    write_auth(w, set, r);
    write_users(w, set, r);
    if (r->user_candidates->len > 0)
        write_candidates(w, set, r);
    write_interfaces(w, set, r);
    json_write_text(w, "client_hint", r->client_hint);
    write_client_family(w, set, r);
    write_answer(w, "client_identified", r->client_identified);
    write_logins(w, set, r);
    json_open_array(w, "calls");
    for (guint i = 0; i < r->calls->len; i++)
        write_call(w, set, r, &g_array_index(r->calls, RecordCall, i));
    json_close_array(w);
    write_processes(w, set, r);
    json_open_array(w, "anomalies");
    for (guint i = 0; i < r->anomalies->len; i++)
        write_anomaly(w, set, r, &g_array_index(r->anomalies, RecordAnomaly, i));
    json_close_array(w);
    out_json_host_facts(w, r->host);
    write_artifacts(w, set, r);
    write_allowed(w, r);
    json_write_text(w, "summary", r->summary);
    json_close_object(w);
}

static void ndjson_record(Out *out, const RecordSet *set, const Record *record)
{
    JsonWriter w = {.stream = out->stream};
    write_record(&w, set, record);
    (void) putc('\n', out->stream);
}

static void array_begin(Out *out)
{
    (void) putc('[', out->stream);
}

static void array_record(Out *out, const RecordSet *set, const Record *record)
{
    (void) fputs(out->records ? ",\n" : "\n", out->stream);
    JsonWriter w = {.stream = out->stream};
    write_record(&w, set, record);
}

static void array_end(Out *out)
{
    (void) fputs(out->records ? "\n]\n" : "]\n", out->stream);
}

const OutFormat out_format_ndjson = {
    .name = "ndjson",
    .summary = "the records as JSON objects, one a line",
    .live = OUT_LIVE_ALL,
    .record = ndjson_record,
};

const OutFormat out_format_json = {
    .name = "json",
    .summary = "the records as one JSON array",
    .begin = array_begin,
    .record = array_record,
    .end = array_end,
};
