// SPDX-License-Identifier: GPL-2.0-or-later
// Open Cybersecurity Schema Framework 1.1: Network Activity (4001), one event a connection, one JSON object a line. What is
// unknown is left out.

#include "base/json-write.h"
#include "base/time.h"
#include "names/techniques.h"
#include "output/format.h"
#include "record/basis.h"
#include "record/outcome.h"
#include "record/text.h"

#include <string.h>

#define OCSF_VERSION "1.1.0"
#define CLASS_NETWORK_ACTIVITY 4001
#define ACTIVITY_TRAFFIC 6

/** Of the event: what ran something is medium, what is allowed informational, as is what is not known to be WMI. */
static int severity(const Record *r)
{
    enum { INFORMATIONAL = 1, LOW = 2, MEDIUM = 3 };
    const RecordCall *call = record_strongest_call(r);
    if (r->allowed.rule || r->confidence < CONFIDENCE_WMI)
        return INFORMATIONAL;
    return call && call_weight(call) >= STAGE_SUBSCRIBE ? MEDIUM : LOW;
}

static void write_metadata(JsonWriter *w)
{
    json_open_object(w, "metadata");
    json_write_text(w, "version", OCSF_VERSION);
    json_open_object(w, "product");
    json_write_text(w, "name", "car-wmi");
    json_write_text(w, "vendor_name", "car-wmi");
    json_write_text(w, "version", CAR_VERSION);
    json_close_object(w);
    json_close_object(w);
}

static void write_end(JsonWriter *w, const char *name, const RecordEnd *end)
{
    json_open_object(w, name);
    if (!end->ip && !end->host && !end->fqdn)
        json_write_text(w, "name", "unknown"); // the class demands one
    json_write_known_text(w, "ip", end->ip);
    json_write_known_int(w, "port", end->port);
    json_write_known_text(w, "hostname", end->fqdn ? end->fqdn : end->host);
    json_close_object(w);
}

static void write_connection(JsonWriter *w, const Record *r)
{
    enum { DIRECTION_UNKNOWN = 0, TCP = 6, IPV4 = 4, IPV6 = 6 };
    json_open_object(w, "connection_info");
    json_write_int(w, "direction_id", DIRECTION_UNKNOWN);
    json_write_text(w, "protocol_name", "tcp");
    json_write_int(w, "protocol_num", TCP);
    if (r->client.ip)
        json_write_int(w, "protocol_ver_id", strchr(r->client.ip, ':') ? IPV6 : IPV4);
    json_close_object(w);
}

static void write_traffic(JsonWriter *w, const Record *r)
{
    json_open_object(w, "traffic");
    json_write_known_int(w, "packets", record_frame_count(r));
    json_write_known_int(w, "bytes_out", r->bytes.client);
    json_write_known_int(w, "bytes_in", r->bytes.server);
    json_close_object(w);
}

/** What has no attribute of its own in the class. */
static void write_unmapped(JsonWriter *w, const RecordSet *set, const Record *r)
{
    json_open_object(w, "unmapped");
    json_write_text(w, "confidence", confidence_name(r->confidence));
    json_write_known_int(w, "activity", r->activity);
    g_autofree char *users = record_text_users(r);
    json_write_known_text(w, "user", users);
    const Process *process = record_process(r, ROLE_CLIENT);
    if (process) {
        json_write_known_int(w, "process_pid", process->pid);
        json_write_known_text(w, "process_image", process->image);
        json_write_bool(w, "process_inferred", process->inferred);
        json_write_text(w, "process_basis", word_text(&basis_words, process_basis(process)));
    }
    json_write_known_text(w, "namespace", record_text_namespace(r));
    json_open_array(w, "command_lines");
    for (guint i = 0; i < r->calls->len; i++) {
        const RecordCall *call = &g_array_index(r->calls, RecordCall, i);
        if (call->command_line)
            json_write_text(w, NULL, call->command_line);
    }
    json_close_array(w);
    json_write_text(w, "analytic", CAR_ANALYTIC);
    json_write_text(w, "detection_strategy", ATTACK_STRATEGY);
    json_write_text(w, "d3fend", D3FEND_TECHNIQUE);
    g_autofree char *outcome = outcome_text(r);
    json_write_known_text(w, "outcome", outcome);
    json_open_array(w, "techniques");
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        if (record_has_technique(r, t))
            json_write_text(w, NULL, technique_id(t));
    }
    json_close_array(w);
    g_autofree char *evidence = record_text_evidence(set, r);
    json_write_text(w, "evidence", evidence);
    json_write_known_text(w, "filter", r->filter);
    json_write_known_text(w, "capture", record_file(set, r)->path);
    json_close_object(w);
}

static void ocsf_record(Out *out, const RecordSet *set, const Record *r)
{
    int64_t start = time_parse_utc(r->start_time), end = time_parse_utc(r->end_time);
    if (start == NUMBER_UNKNOWN)
        return; // the class demands a time
    JsonWriter w = {.stream = out->stream};
    json_open_object(&w, NULL);
    json_write_int(&w, "category_uid", CLASS_NETWORK_ACTIVITY / 1000);
    json_write_int(&w, "class_uid", CLASS_NETWORK_ACTIVITY);
    json_write_int(&w, "activity_id", ACTIVITY_TRAFFIC);
    json_write_int(&w, "type_uid", CLASS_NETWORK_ACTIVITY * 100 + ACTIVITY_TRAFFIC);
    json_write_int(&w, "severity_id", severity(r));
    json_write_int(&w, "time", start / TIME_MILLISECOND);
    json_write_int(&w, "start_time", start / TIME_MILLISECOND);
    if (end != NUMBER_UNKNOWN) {
        json_write_int(&w, "end_time", end / TIME_MILLISECOND);
        json_write_int(&w, "duration", MAX(end - start, 0) / TIME_MILLISECOND);
    }
    write_metadata(&w);
    json_write_text(&w, "message", r->summary ? r->summary : "connected");
    json_write_text(&w, "app_name", "DCE/RPC");
    write_end(&w, "src_endpoint", &r->client);
    write_end(&w, "dst_endpoint", &r->server);
    write_connection(&w, r);
    write_traffic(&w, r);
    write_unmapped(&w, set, r);
    json_close_object(&w);
    (void) putc('\n', out->stream);
}

const OutFormat out_format_ocsf = {
    .name = "ocsf",
    .summary = "Network Activity of OCSF, one JSON object a line",
    .live = OUT_LIVE_ENDS,
    .record = ocsf_record,
};
