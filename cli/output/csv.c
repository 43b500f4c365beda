// SPDX-License-Identifier: GPL-2.0-or-later
// CSV, one line a connection.

#include "base/hash.h"
#include "join/summary.h"
#include "output/csv-write.h"
#include "output/format.h"
#include "record/basis.h"
#include "record/outcome.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

typedef char *(*CellFunc)(const RecordSet *set, const Record *r);

/** What `get` says of the processes of a role, each different one once. */
static char *processes(const Record *r, ProcessRole role, char *(*get)(const Process *process))
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < r->processes->len; i++) {
        const Process *process = &g_array_index(r->processes, Process, i);
        g_autofree char *text = process->role == role ? get(process) : NULL;
        if (text && !g_ptr_array_find_with_equal_func(found, text, g_str_equal, NULL))
            g_ptr_array_add(found, g_steal_pointer(&text));
    }
    g_ptr_array_add(found, NULL);
    return g_strjoinv("; ", (char **) found->pdata);
}

static char *process_id(const Process *process)
{
    return csv_number(process->pid);
}

static char *process_image(const Process *process)
{
    return g_strdup(process->image);
}

/** Which of the client's columns were not said on the connection itself. */
static char *inferred(const Record *r)
{
    bool process = false;
    for (guint i = 0; i < r->processes->len; i++)
        process |= g_array_index(r->processes, Process, i).inferred;
    return g_strconcat(process ? "client_pid" : "", process && r->client.host_inferred ? "; " : "",
                       r->client.host_inferred ? "client_host" : "", NULL);
}

static char *cell_capture(const RecordSet *set, const Record *r)
{
    return g_strdup(record_file(set, r)->path);
}

static char *cell_techniques(const RecordSet *set, const Record *r)
{
    (void) set;
    GString *ids = g_string_new(NULL);
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        if (record_has_technique(r, t))
            g_string_append_printf(ids, "%s%s", ids->len ? "; " : "", technique_id(t));
    }
    return g_string_free(ids, FALSE);
}

static void append_basis(GString *s, const char *column, Basis basis)
{
    if (basis)
        g_string_append_printf(s, "%s%s: %s", s->len ? "; " : "", column, word_text(&basis_words, basis));
}

static Basis role_basis(const Record *r, ProcessRole role)
{
    for (guint i = 0; i < r->processes->len; i++) {
        const Process *process = &g_array_index(r->processes, Process, i);
        if (process->role == role)
            return process_basis(process);
    }
    return BASIS_UNKNOWN;
}

/** What columns rest on that stand in the packets for certain or do not. */
static char *cell_basis(const RecordSet *set, const Record *r)
{
    (void) set;
    GString *s = g_string_new(NULL);
    append_basis(s, "client_host", host_basis(r, &r->client));
    append_basis(s, "client_pid", role_basis(r, ROLE_CLIENT));
    append_basis(s, "server_host", host_basis(r, &r->server));
    append_basis(s, "server_pid", role_basis(r, ROLE_SERVER));
    append_basis(s, "user", auth_basis(&r->auth));
    append_basis(s, "started", role_basis(r, ROLE_SPAWNED));
    return g_string_free(s, FALSE);
}

static char *cell_analytics(const RecordSet *set, const Record *r)
{
    (void) set;
    g_autoptr(GPtrArray) ids = record_analytics(r);
    g_ptr_array_add(ids, ATTACK_STRATEGY);
    g_ptr_array_add(ids, D3FEND_TECHNIQUE);
    g_ptr_array_add(ids, NULL);
    return g_strjoinv("; ", (char **) ids->pdata);
}

static char *artifacts(const Record *r)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; r->artifacts && i < r->artifacts->len; i++) {
        g_autofree char *path = record_text_artifact_path(&g_array_index(r->artifacts, RecordArtifact, i));
        g_string_append_printf(names, "%s%s", i ? "; " : "", path);
    }
    return g_string_free(names, FALSE);
}

/** What `get` says of the calls, each different one once. */
static char *calls(const Record *r, const char *(*get)(const RecordCall *call))
{
    GString *s = g_string_new(NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(hash_text, g_str_equal);
    for (guint i = 0; i < r->calls->len; i++) {
        const char *text = get(&g_array_index(r->calls, RecordCall, i));
        if (text && g_hash_table_add(seen, (gpointer) text))
            g_string_append_printf(s, "%s%s", s->len ? "; " : "", text);
    }
    return g_string_free(s, FALSE);
}

static const char *call_command(const RecordCall *call)
{
    return call->command_line;
}

static const char *call_query(const RecordCall *call)
{
    return call->query;
}

static char *cell_anomalies(const RecordSet *set, const Record *r)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < r->anomalies->len; i++) {
        g_autofree char *text = record_text_anomaly(set, r, &g_array_index(r->anomalies, RecordAnomaly, i));
        g_string_append_printf(all, "%s%s", i ? "; " : "", text);
    }
    return g_string_free(all, FALSE);
}

#define CELL(name, expression)                                                                                         \
    static char *cell_##name(const RecordSet *set, const Record *r)                                                    \
    {                                                                                                                  \
        (void) set;                                                                                                    \
        return expression;                                                                                             \
    }
CELL(start_time, g_strdup(r->start_time))
CELL(end_time, g_strdup(r->end_time))
CELL(confidence, g_strdup(confidence_name(r->confidence)))
CELL(verdict, record_text_verdict(r))
CELL(allowed, record_text_allowed(r))
CELL(activity, csv_number(r->activity))
CELL(client_ip, g_strdup(r->client.ip))
CELL(client_port, csv_number(r->client.port))
CELL(client_host, g_strdup(r->client.host))
CELL(client_pid, processes(r, ROLE_CLIENT, process_id))
CELL(client_image, processes(r, ROLE_CLIENT, process_image))
CELL(client_inferred, inferred(r))
CELL(server_ip, g_strdup(r->server.ip))
CELL(server_port, csv_number(r->server.port))
CELL(server_host, g_strdup(r->server.host))
CELL(server_pid, processes(r, ROLE_SERVER, process_id))
CELL(server_image, processes(r, ROLE_SERVER, process_image))
CELL(user, record_text_users(r))
CELL(auth, record_text_auth(&r->auth))
CELL(namespace, g_strdup(record_text_namespace(r)))
CELL(interfaces, record_text_interfaces(r))
CELL(started, processes(r, ROLE_SPAWNED, host_summary_process))
CELL(summary, g_strdup(r->summary))
CELL(evidence, record_text_evidence(set, r))
CELL(commands, calls(r, call_command))
CELL(queries, calls(r, call_query))
CELL(artifacts, artifacts(r))
CELL(outcome, outcome_text(r))
CELL(first_frame, csv_number(r->frames.first ? frame_number(r->frames.first) : NUMBER_UNKNOWN))
CELL(last_frame, csv_number(r->frames.last ? frame_number(r->frames.last) : NUMBER_UNKNOWN))
CELL(frames, csv_number(record_frame_count(r)))
CELL(client_bytes, csv_number(r->bytes.client))
CELL(server_bytes, csv_number(r->bytes.server))
CELL(filter, g_strdup(r->filter))
#undef CELL

static const struct {
    const char *title;
    CellFunc get;
} columns[] = {
    {"capture", cell_capture},
    {"start_time", cell_start_time},
    {"end_time", cell_end_time},
    {"confidence", cell_confidence},
    {"verdict", cell_verdict},
    {"allowed", cell_allowed},
    {"techniques", cell_techniques},
    {"activity", cell_activity},
    {"client_ip", cell_client_ip},
    {"client_port", cell_client_port},
    {"client_host", cell_client_host},
    {"client_pid", cell_client_pid},
    {"client_image", cell_client_image},
    {"server_ip", cell_server_ip},
    {"server_port", cell_server_port},
    {"server_host", cell_server_host},
    {"server_pid", cell_server_pid},
    {"server_image", cell_server_image},
    {"user", cell_user},
    {"auth", cell_auth},
    {"namespace", cell_namespace},
    {"interfaces", cell_interfaces},
    {"started", cell_started},
    {"summary", cell_summary},
    {"evidence", cell_evidence},
    {"first_frame", cell_first_frame},
    {"last_frame", cell_last_frame},
    {"frames", cell_frames},
    {"client_bytes", cell_client_bytes},
    {"server_bytes", cell_server_bytes},
    {"filter", cell_filter},
    {"client_inferred", cell_client_inferred},
    {"artifacts", cell_artifacts},
    {"commands", cell_commands},
    {"queries", cell_queries},
    {"outcome", cell_outcome},
    {"analytics", cell_analytics},
    {"basis", cell_basis},
    {"anomalies", cell_anomalies},
};

static void csv_begin(Out *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(columns) && !out->style.goes_on; i++)
        csv_write_title(out->stream, columns[i].title, i + 1 == G_N_ELEMENTS(columns));
}

static void csv_record(Out *out, const RecordSet *set, const Record *record)
{
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
        g_autofree char *text = columns[i].get(set, record);
        csv_write_cell(out->stream, text, i + 1 == G_N_ELEMENTS(columns));
    }
}

const OutFormat out_format_csv = {
    .name = "csv",
    .summary = "one line a connection, for spreadsheets (RFC 4180)",
    .live = OUT_LIVE_ENDS,
    .begin = csv_begin,
    .record = csv_record,
};
