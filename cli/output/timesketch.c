// SPDX-License-Identifier: GPL-2.0-or-later
// JSON lines for Timesketch: an event for the start of each connection and for each call. Of its fields `message`, `datetime`
// and `timestamp_desc` have to be there; what has no time is no event of a timeline.

#include "base/json-write.h"
#include "base/time.h"
#include "output/format.h"
#include "record/outcome.h"
#include "record/summary.h"
#include "record/text.h"

static void write_head(JsonWriter *w, const char *message, const char *time, const char *description)
{
    json_open_object(w, NULL);
    json_write_text(w, "message", message);
    json_write_text(w, "datetime", time);
    json_write_int(w, "timestamp", time_parse_utc(time) / TIME_MICROSECOND);
    json_write_text(w, "timestamp_desc", description);
}

static void write_who(JsonWriter *w, const RecordSet *set, const Record *r)
{
    g_autofree char *users = record_text_users(r);
    const Process *process = record_process(r, ROLE_CLIENT);
    json_write_text(w, "confidence", confidence_name(r->confidence));
    json_write_known_int(w, "activity", r->activity);
    json_write_known_text(w, "source_ip", r->client.ip);
    json_write_known_int(w, "source_port", r->client.port);
    json_write_known_text(w, "source_host", r->client.host);
    json_write_known_text(w, "destination_ip", r->server.ip);
    json_write_known_int(w, "destination_port", r->server.port);
    json_write_known_text(w, "destination_host", r->server.host);
    json_write_known_text(w, "username", users);
    if (process) {
        json_write_known_int(w, "pid", process->pid);
        json_write_known_text(w, "process", process->image);
    }
    json_write_known_text(w, "capture", record_file(set, r)->path);
    json_write_known_text(w, "filter", r->filter);
    g_autofree char *allowed = record_text_allowed(r);
    json_write_known_text(w, "allowed", allowed);
}

static void end_line(JsonWriter *w)
{
    json_close_object(w);
    (void) putc('\n', w->stream);
    w->follows = false;
}

static void write_connection(JsonWriter *w, const RecordSet *set, const Record *r)
{
    if (time_parse_utc(r->start_time) == NUMBER_UNKNOWN)
        return;
    g_autofree char *message = g_strconcat("Connection: ", r->summary ? r->summary : "no call was seen", NULL);
    write_head(w, message, r->start_time, "Connection start");
    json_write_text(w, "data_type", "car_wmi:connection");
    write_who(w, set, r);
    if (r->frames.first)
        json_write_int(w, "frame", frame_number(r->frames.first));
    end_line(w);
}

static void write_call(JsonWriter *w, const RecordSet *set, const Record *r, const RecordCall *call,
                       GHashTable *operations)
{
    if (time_parse_utc(call->time) == NUMBER_UNKNOWN)
        return;
    g_autofree char *phrase = summary_phrase(r, call, operations);
    write_head(w, *phrase ? phrase : "call", call->time, "Call");
    json_write_text(w, "data_type", "car_wmi:call");
    write_who(w, set, r);
    json_write_int(w, "frame", frame_number(call->frame));
    json_write_known_text(w, "interface", call->interface);
    json_write_known_text(w, "method", call->method);
    json_write_known_text(w, "stage", stage_name(call->stage));
    json_write_known_text(w, "outcome", word_text(&outcome_words, call->outcome));
    json_write_known_text(w, "namespace", call->namespace_path);
    json_write_known_text(w, "command_line", call->command_line);
    json_write_known_text(w, "query", call->query);
    json_write_known_text(w, "object_path", call->object_path);
    json_open_array(w, "techniques");
    for (unsigned i = 0; i < call->n_techniques; i++)
        json_write_text(w, NULL, technique_id(call->techniques[i].technique));
    json_close_array(w);
    end_line(w);
}

static void timesketch_record(Out *out, const RecordSet *set, const Record *record)
{
    JsonWriter w = {.stream = out->stream};
    write_connection(&w, set, record);
    g_autoptr(GHashTable) operations = outcome_operations(record);
    for (guint i = 0; i < record->calls->len; i++)
        write_call(&w, set, record, &g_array_index(record->calls, RecordCall, i), operations);
}

const OutFormat out_format_timesketch = {
    .name = "timesketch",
    .summary = "events of connections and calls, for Timesketch (JSONL)",
    .live = OUT_LIVE_ENDS,
    .record = timesketch_record,
};
