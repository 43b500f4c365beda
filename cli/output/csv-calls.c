// SPDX-License-Identifier: GPL-2.0-or-later
// CSV, one line a call.

#include "output/csv-write.h"
#include "output/format.h"
#include "record/outcome.h"
#include "record/summary.h"
#include "record/text.h"

#include <inttypes.h>

typedef struct {
    const RecordSet *set;
    const Record *record;
    const RecordCall *call;
    GHashTable *operations; ///< outcome_operations()
} Row;

static char *frame(int64_t value)
{
    return value ? csv_number(frame_number(value)) : NULL;
}

static char *capture(const Row *row)
{
    const char *other = record_other_path(row->set, row->record, row->call->frame);
    return g_strdup(other ? other : record_file(row->set, row->record)->path);
}

/** Of the client, where it is only one. */
static char *client_pid(const Record *record)
{
    const Process *process = record_process(record, ROLE_CLIENT);
    return process ? csv_number(process->pid) : NULL;
}

static char *client_image(const Record *record)
{
    const Process *process = record_process(record, ROLE_CLIENT);
    return process ? g_strdup(process->image) : NULL;
}

static char *properties(const GArray *list)
{
    GString *s = g_string_new(NULL);
    for (guint i = 0; list && i < list->len; i++) {
        const RecordProperty *property = &g_array_index(list, RecordProperty, i);
        if (property->value)
            g_string_append_printf(s, "%s%s=%s", s->len ? "; " : "", property->name ? property->name : "?",
                                   property->value);
    }
    return g_string_free(s, FALSE);
}

static char *sealed(const RecordCall *call)
{
    return g_strdup(call->sealed != ANSWER_YES ? NULL : call->decrypted ? "decrypted" : "yes");
}

/** What the call shows, whatever became of it, and why: "T1112 (The registry is written to)". */
static char *techniques(const RecordCall *call)
{
    GString *s = g_string_new(NULL);
    for (unsigned i = 0; i < call->n_techniques; i++)
        g_string_append_printf(s, "%s%s (%s)", i ? "; " : "", technique_id(call->techniques[i].technique),
                               call->techniques[i].reason);
    return g_string_free(s, FALSE);
}

#define CELL(name, expression)                                                                                         \
    static char *cell_##name(const Row *row)                                                                           \
    {                                                                                                                  \
        return expression;                                                                                             \
    }
CELL(capture, capture(row))
CELL(time, g_strdup(row->call->time))
CELL(frame, frame(row->call->frame))
CELL(response_frame, frame(row->call->response_frame))
CELL(activity, csv_number(row->record->activity))
CELL(confidence, g_strdup(confidence_name(row->record->confidence)))
CELL(allowed, record_text_allowed(row->record))
CELL(client_ip, g_strdup(row->record->client.ip))
CELL(client_port, csv_number(row->record->client.port))
CELL(client_host, g_strdup(row->record->client.host))
CELL(client_pid, client_pid(row->record))
CELL(client_image, client_image(row->record))
CELL(server_ip, g_strdup(row->record->server.ip))
CELL(server_port, csv_number(row->record->server.port))
CELL(server_host, g_strdup(row->record->server.host))
CELL(user, record_text_users(row->record))
CELL(namespace, g_strdup(row->call->namespace_path))
CELL(interface, g_strdup(row->call->interface))
CELL(opnum, csv_number(row->call->opnum))
CELL(method, g_strdup(row->call->method))
CELL(stage, g_strdup(stage_name(row->call->stage)))
CELL(outcome, g_strdup(word_text(&outcome_words, row->call->outcome)))
CELL(status, g_strdup(row->call->status_name))
CELL(sealed, sealed(row->call))
CELL(what, summary_phrase(row->record, row->call, row->operations))
CELL(command_line, g_strdup(row->call->command_line))
CELL(query, g_strdup(row->call->query))
CELL(object_path, g_strdup(row->call->object_path))
CELL(class, g_strdup(row->call->class_name))
CELL(wmi_method, g_strdup(row->call->wmi_method))
CELL(properties, properties(row->call->properties))
CELL(results, properties(row->call->result_properties))
CELL(techniques, techniques(row->call))
#undef CELL

static const struct {
    const char *title;
    char *(*get)(const Row *row);
} columns[] = {
    {"capture", cell_capture},
    {"time", cell_time},
    {"frame", cell_frame},
    {"response_frame", cell_response_frame},
    {"activity", cell_activity},
    {"confidence", cell_confidence},
    {"allowed", cell_allowed},
    {"client_ip", cell_client_ip},
    {"client_port", cell_client_port},
    {"client_host", cell_client_host},
    {"client_pid", cell_client_pid},
    {"client_image", cell_client_image},
    {"server_ip", cell_server_ip},
    {"server_port", cell_server_port},
    {"server_host", cell_server_host},
    {"user", cell_user},
    {"namespace", cell_namespace},
    {"interface", cell_interface},
    {"opnum", cell_opnum},
    {"method", cell_method},
    {"stage", cell_stage},
    {"outcome", cell_outcome},
    {"status", cell_status},
    {"sealed", cell_sealed},
    {"what", cell_what},
    {"command_line", cell_command_line},
    {"query", cell_query},
    {"object_path", cell_object_path},
    {"class", cell_class},
    {"wmi_method", cell_wmi_method},
    {"properties", cell_properties},
    {"results", cell_results},
    {"techniques", cell_techniques},
};

static void calls_begin(Out *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(columns) && !out->style.goes_on; i++)
        csv_write_title(out->stream, columns[i].title, i + 1 == G_N_ELEMENTS(columns));
}

static void calls_record(Out *out, const RecordSet *set, const Record *record)
{
    g_autoptr(GHashTable) operations = outcome_operations(record);
    for (guint k = 0; k < record->calls->len; k++) {
        const Row row = {set, record, &g_array_index(record->calls, RecordCall, k), operations};
        for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
            g_autofree char *text = columns[i].get(&row);
            csv_write_cell(out->stream, text, i + 1 == G_N_ELEMENTS(columns));
        }
    }
}

const OutFormat out_format_csv_calls = {
    .name = "csv-calls",
    .summary = "one line a call, for spreadsheets",
    .live = OUT_LIVE_ENDS,
    .begin = calls_begin,
    .record = calls_record,
};
