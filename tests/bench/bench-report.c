// SPDX-License-Identifier: GPL-2.0-or-later
// How fast a report is written, and how long it is: bench-report [CONNECTIONS [FILE]]. Half of the connections are
// activations, the others sessions of twenty calls, between forty clients and two hundred servers.

#include "case/report.h"

#include <stdlib.h>

#define CALLS 20

static const char *format_text(RecordSet *set, const char *format, ...) G_GNUC_PRINTF(2, 3);

static const char *format_text(RecordSet *set, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return texts_keep(set->texts, text);
}

static void add_calls(RecordSet *set, Record *r, guint number)
{
    static const struct {
        const char *method;
        Stage stage;
    } methods[] = {{"GetObject", STAGE_READ},
                   {"ExecQuery", STAGE_QUERY},
                   {"ExecMethod", STAGE_EXECUTE},
                   {"PutInstance", STAGE_WRITE}};
    for (guint i = 0; i < CALLS; i++) {
        RecordCall call = call_init();
        call.interface = "IWbemServices";
        call.method = methods[(i + number) % (1 + number % G_N_ELEMENTS(methods))].method;
        call.stage = methods[(i + number) % (1 + number % G_N_ELEMENTS(methods))].stage;
        call.frame = (int64_t) number * 100 + 30 + i * 2;
        call.response_frame = call.frame + 1;
        call.time = r->start_time;
        call.status = 0;
        call.status_name = "S_OK";
        call.object_path = format_text(set, "Win32_Service.Name=\"service%u\"", i);
        g_array_append_val(r->calls, call);
    }
}

static void add_record(RecordSet *set, guint number)
{
    bool activation = number % 2 == 0;
    guint pair = number / 2;
    Record *r = record_new();
    r->confidence = CONFIDENCE_WMI;
    r->activity = pair + 1;
    record_add_technique(r, TECHNIQUE_WMI);
    Evidence evidence = {EVIDENCE_INTERFACE, (int64_t) number * 100 + 5};
    g_array_append_val(r->evidence, evidence);
    r->start_time =
        format_text(set, "2020-08-06T%02u:%02u:%02u.320149Z", pair / 180 % 24, pair / 3 % 60, pair * 20 % 60);
    r->end_time = format_text(set, "2020-08-06T%02u:%02u:%02u.920149Z", pair / 180 % 24, pair / 3 % 60, pair * 20 % 60);
    r->frames.first = (int64_t) number * 100 + 1;
    r->frames.last = (int64_t) number * 100 + 99;
    r->frames.count = 99;
    r->client = (RecordEnd){.ip = format_text(set, "192.0.2.%u", pair % 40), .port = 49152 + number % 16000};
    r->client.host = format_text(set, "WORKSTATION%u", pair % 40);
    r->server = (RecordEnd){.ip = format_text(set, "198.51.100.%u", pair * 7 % 200), .port = activation ? 135 : 49670};
    r->server.host = format_text(set, "SERVER%u", pair * 7 % 200);
    r->filter = record_filter(&r->client, &r->server);
    r->filter = format_text(set, "%s", r->filter);
    r->auth = (Auth){
        .type = "ntlm", .level = AUTH_LEVEL_PRIVACY, .domain = "EXAMPLE", .user = format_text(set, "user%u", pair % 9)};
    r->auth.user_frame = r->frames.first + 8;
    r->summary = format_text(set, activation ? "activated: WMI on SERVER%u" : "ran: cmd.exe /c query %u", pair);
    Process process = process_init(ROLE_CLIENT, 4000 + pair);
    ProcessSource source = {.kind = "wire:SetClientInfo", .frame = r->frames.first + 20};
    g_array_append_val(process.sources, source);
    if (activation) {
        g_array_unref(process.sources);
    } else {
        g_array_append_val(r->processes, process);
        add_calls(set, r, number);
    }
    g_ptr_array_add(set->records, r);
}

int main(int argc, char **argv)
{
    guint connections = argc > 1 ? (guint) atoi(argv[1]) : 2000;
    RecordSet *set = record_set_new(NULL);
    record_set_add_file(set, "bench.pcapng", NULL);
    for (guint i = 0; i < connections; i++)
        add_record(set, i);
    g_autoptr(GPtrArray) sets = g_ptr_array_new_with_free_func((GDestroyNotify) record_set_free);
    g_ptr_array_add(sets, set);
    g_autoptr(GPtrArray) none = g_ptr_array_new();

    char *text = NULL;
    size_t size = 0;
    int64_t start = g_get_monotonic_time();
    g_autoptr(GPtrArray) activities = activities_new(sets, CONFIDENCE_WMI);
    FILE *stream = open_memstream(&text, &size);
    const Report report = {
        .sets = sets,
        .activities = activities,
        .min = CONFIDENCE_WMI,
        .captures = none,
        .host_logs = none,
        .warnings = none,
        .idle = none,
        .command = "bench-report",
        .created = "2026-01-01T00:00:00Z",
    };
    report_write(&report, stream);
    (void) fclose(stream);
    double seconds = (double) (g_get_monotonic_time() - start) / 1e6;
    (void) printf("%u connections in %u activities: %.3f s, %.2f MB\n", connections, activities->len, seconds,
                  (double) size / 1e6);
    bool written = argc < 3 || g_file_set_contents(argv[2], text, (gssize) size, NULL);
    free(text);
    return written ? 0 : 1;
}
