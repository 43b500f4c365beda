// SPDX-License-Identifier: GPL-2.0-or-later
// Records with hostile texts and numbers in every member, through every writer. The input chooses events, whose members stand
// in the table that event readers go by, what hosts' logs and SMB add, and how the records are written.

#include "case/report.h"
#include "event/write.h"
#include "fuzz.h"
#include "output-check.h"
#include "output/format.h"
#include "output/navigator.h"
#include "record/fold.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS 60
#define CONNECTIONS 4
#define ITEMS 3
#define MAX_RAW 64

typedef struct {
    Bytes in;
    Texts *texts;
    bool very_long;             ///< texts are, where they are long
    EventItem items[2 * ITEMS]; ///< of the lists of one event
    unsigned n_items;
} Run;

static uint8_t next(Run *run)
{
    return bytes_u8(&run->in);
}

/** What stands in the input, made UTF-8. */
static const char *raw_text(Run *run)
{
    size_t wanted = next(run) % MAX_RAW, len = MIN(wanted, bytes_left(&run->in));
    const uint8_t *p = bytes_take(&run->in, len);
    return texts_keep_slice(run->texts, (Slice){p ? (const char *) p : "", p ? len : 0});
}

/** Longer than what outputs show of a text: many, or than what a cell of a spreadsheet takes. */
static const char *long_text(bool very)
{
    static char text[33000];
    if (!*text)
        memset(text, '`', sizeof(text) - 1);
    return very ? text : text + sizeof(text) - 1500;
}

static const char *any_text(Run *run)
{
    static const char *const texts[] = {
        "",
        "</code></td></style><" HOSTILE_WORD "><script>" HOSTILE_WORD "</script>",
        "\" " HOSTILE_WORD "=\"' " HOSTILE_WORD "='&quot;&" HOSTILE_WORD ";",
        "=cmd|' /C " HOSTILE_WORD "'!A0",
        " \t@SUM(1)\"\",\"\r\n=1",
        "\uff1d1\u202e\u2066\u200b\u2028\xc2\x85\033]0;" HOSTILE_WORD "\007\033[2J",
        "`" HOSTILE_WORD "`` ```",
        "[" HOSTILE_WORD "](javascript:" HOSTILE_WORD ")\n# " HOSTILE_WORD "\n|a|\n<" HOSTILE_WORD ">",
        "\\u0000\",\"" HOSTILE_WORD "\":\"\\",
        "2020-08-06T07:56:41.320149Z",
        "2020-08-06T07:56:41.3201<owned",
        "10.0.0.1",
        "Win32_Process",
        "Create",
        "root\\cimv2",
        "cmd.exe /Q /c dir 1> \\\\127.0.0.1\\ADMIN$\\__1600000000.1 2>&1",
        "IWbemServices",
        "ExecMethod",
        "ProcessId",
        "CommandLine",
        "4242",
    };
    uint8_t choice = next(run);
    if (choice >= 0xf0)
        return choice & 1 ? long_text(run->very_long) : NULL;
    return choice >= 0xc0 ? raw_text(run) : texts[choice % G_N_ELEMENTS(texts)];
}

static int64_t any_number(Run *run)
{
    static const int64_t numbers[] = {
        EVENT_UNKNOWN,         0, 65535, UINT32_MAX, INT64_MAX, (INT64_C(1) << 40) + 1, INT64_C(1) << 40, INT64_MAX - 1,
        (INT64_C(1) << 41) - 1};
    uint8_t choice = next(run);
    return choice < 0xc0 ? choice % 8 : numbers[choice % G_N_ELEMENTS(numbers)];
}

static void fill(Run *run, const EventMember *m, void *structure);

static EventList any_list(Run *run, const EventMember *m)
{
    EventList list = {&run->items[run->n_items], next(run) % (ITEMS + 1)};
    if (run->n_items + list.n > G_N_ELEMENTS(run->items))
        return (EventList){NULL, 0};
    run->n_items += list.n;
    for (unsigned i = 0; i < list.n; i++) {
        EventItem *item = &run->items[run->n_items - list.n + i];
        *item = event_item_make();
        if (m->type == MEMBER_TEXTS) {
            const char *text = any_text(run);
            item->value = text ? text : "";
        }
        for (const EventMember *of = m->items; of && of->path; of++)
            fill(run, of, item);
    }
    return list;
}

static void fill(Run *run, const EventMember *m, void *structure)
{
    void *at = (char *) structure + m->offset;
    switch (m->type) {
    case MEMBER_TEXT: *(const char **) at = any_text(run); break;
    case MEMBER_NUMBER: *(int64_t *) at = any_number(run); break;
    case MEMBER_ANSWER: *(int *) at = next(run) % 3 - 1; break;
    case MEMBER_WORD: *(unsigned *) at = next(run) % m->words->n; break;
    case MEMBER_TEXTS:
    case MEMBER_ITEMS: *(EventList *) at = any_list(run, m); break;
    }
}

static void add_line(EventFold *fold, const Event *event)
{
    g_autoptr(GString) line = g_string_new(NULL);
    event_write(event, line);
    event_fold_line(fold, line->str, line->len - (g_str_has_suffix(line->str, "\n") ? 1 : 0));
}

static void add_event(Run *run, EventFold *fold)
{
    Event event = event_make((EventKind) (EVENT_CONN + next(run) % (EVENT_DONE - EVENT_CONN)));
    size_t n;
    const EventMember *members = event_members(&n);
    run->n_items = 0;
    for (size_t i = 0; i < n; i++) {
        if (members[i].kinds & 1u << event.kind)
            fill(run, &members[i], &event);
    }
    uint8_t which = next(run);
    event.conn = 1 + which % CONNECTIONS;
    event.call = 1 + (which >> 2) % 8;
    add_line(fold, &event);
}

/** All connections are there, and are WMI. */
static RecordSet *make_set(Run *run)
{
    g_autoptr(EventFold) fold = event_fold_new(0);
    for (unsigned i = 0; i < EVENTS && bytes_left(&run->in) > 64; i++)
        add_event(run, fold);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        Event event = event_make(EVENT_EVIDENCE);
        event.conn = 1 + i;
        event.frame = 1;
        event.evidence = EVIDENCE_INTERFACE;
        event.confidence = CONFIDENCE_WMI;
        add_line(fold, &event);
    }
    return event_fold_finish(fold);
}

// ---- what does not come from events

static LogSource any_source(Run *run)
{
    return (LogSource){any_text(run), any_text(run), any_number(run), any_number(run), any_text(run)};
}

static void add_facts(Run *run, Record *r)
{
    if (!r->host)
        r->host = host_facts_new();
    const Logon logon = {any_text(run), any_text(run), any_text(run),   any_text(run), any_text(run),
                         any_text(run), any_text(run), any_number(run), any_text(run), any_source(run)};
    g_array_append_val(r->host->logons, logon);
    const Operation operation = {any_text(run), any_text(run), any_text(run),  any_text(run),
                                 any_text(run), any_text(run), any_source(run)};
    g_array_append_val(r->host->operations, operation);
    const Subscription subscription = {any_text(run), any_text(run), any_text(run), any_text(run),  any_text(run),
                                       any_text(run), any_text(run), any_text(run), any_source(run)};
    g_array_append_val(r->host->subscriptions, subscription);
    const char *host = any_text(run);
    const Clock clock = {host ? host : "", any_number(run), next(run)};
    g_array_append_val(r->host->clocks, clock);
}

static void add_process(Run *run, Record *r)
{
    Process process = process_init((ProcessRole) (next(run) % N_PROCESS_ROLES), any_number(run));
    process.start_time = any_text(run);
    process.command_line = any_text(run);
    process.image = any_text(run);
    process.user = any_text(run);
    process.parent_pid = any_number(run);
    process.parent_image = any_text(run);
    process.note = any_text(run);
    process.inferred = next(run) & 1;
    process.log_sources = g_array_new(FALSE, FALSE, sizeof(LogSource));
    const LogSource source = any_source(run);
    g_array_append_val(process.log_sources, source);
    g_array_append_val(r->processes, process);
}

static void add_artifact(Run *run, Record *r)
{
    const char *share = any_text(run), *name = any_text(run), *text = any_text(run);
    GArray *frames = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GArray *outputs = g_array_new(FALSE, FALSE, sizeof(ArtifactOutput));
    const int64_t frame = any_number(run);
    g_array_append_val(frames, frame);
    const ArtifactOutput output = {any_number(run), text ? text : "", next(run) & 1};
    g_array_append_val(outputs, output);
    const RecordArtifact artifact = {share ? share : "", name ? name : "", any_text(run), any_text(run),
                                     any_number(run),    any_number(run),  frames,        outputs};
    record_add_artifact(r, &artifact);
}

/** `captures`: the records are of captures, which have names. */
static void add_more(Run *run, RecordSet *set, bool captures)
{
    for (unsigned i = 0; i < 2; i++) {
        const char *path = any_text(run);
        (void) record_set_add_file(set, path || !captures ? path : "x", g_strdup(any_text(run)));
    }
    for (guint i = 0; i < set->records->len; i++) {
        Record *r = g_ptr_array_index(set->records, i);
        uint8_t choice = next(run);
        if (choice & 1)
            add_facts(run, r);
        if (choice & 2)
            add_process(run, r);
        if (choice & 4)
            add_artifact(run, r);
        if (choice & 8) {
            r->allowed.rule = any_text(run);
            r->allowed.reason = any_text(run);
        }
        if (choice & 16)
            r->summary = any_text(run);
    }
}

// ---- writers

typedef struct {
    char *text;
    size_t len;
    FILE *stream;
} Sink;

static void sink_open(Sink *sink)
{
    *sink = (Sink){0};
    sink->stream = open_memstream(&sink->text, &sink->len);
}

static void sink_close(Sink *sink)
{
    fuzz_require(!ferror(sink->stream) && fclose(sink->stream) == 0);
}

/** What a format promises; one that is not here yet promises nothing, which is a finding. */
static void check_format(const OutFormat *format, OutStyle style, const Sink *sink)
{
    static const struct {
        const char *name;
        void (*check)(const char *text, size_t len);
    } checks[] = {
        {"json", check_json},
        {"ndjson", check_json},
        {"ecs", check_json},
        {"car", check_json},
        {"ocsf", check_json},
        {"timesketch", check_json},
        {"csv", check_csv},
        {"csv-calls", check_csv},
        {"markdown", check_markdown},
        {"dce_rpc.log", check_table},
        {"activities", NULL},
        {"actions", NULL},
        {"table", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
        if (strcmp(format->name, checks[i].name) != 0)
            continue;
        if (checks[i].check)
            checks[i].check(sink->text, sink->len);
        else
            check_plain(sink->text, sink->len, style.colour);
        fuzz_require(checks[i].check || !style.ascii || g_str_is_ascii(sink->text));
        return;
    }
    __builtin_trap();
}

static void write_format(const OutFormat *format, OutStyle style, const RecordSet *set)
{
    Sink sink;
    sink_open(&sink);
    g_auto(Out) out = {0};
    out_begin(&out, format, sink.stream, style);
    if (style.live) {
        for (guint i = 0; i < set->records->len; i++)
            out_record(&out, set, g_ptr_array_index(set->records, i));
    } else {
        out_set(&out, set, CONFIDENCE_RPCSS);
    }
    out_end(&out);
    sink_close(&sink);
    check_format(format, style, &sink);
    free(sink.text);
}

static void write_navigator(const RecordSet *set)
{
    Sink sink;
    sink_open(&sink);
    g_autoptr(Navigator) navigator = navigator_new();
    for (guint i = 0; i < set->records->len; i++)
        navigator_add(navigator, g_ptr_array_index(set->records, i));
    navigator_write(navigator, sink.stream);
    sink_close(&sink);
    check_json(sink.text, sink.len);
    free(sink.text);
}

static void write_report(Run *run, RecordSet *set)
{
    g_autoptr(GPtrArray) sets = g_ptr_array_new();
    g_ptr_array_add(sets, set);
    g_autoptr(GPtrArray) activities = activities_new(sets, CONFIDENCE_RPCSS);
    g_autoptr(GPtrArray) inputs = g_ptr_array_new();
    const char *path = any_text(run);
    ReportInput input = {0};
    input.path = (char *) (path ? path : "x");
    input.fault = (char *) any_text(run);
    input.note = (char *) any_text(run);
    input.size = any_number(run);
    input.packets = any_number(run);
    input.first_packet = (char *) any_text(run);
    input.last_packet = (char *) any_text(run);
    input.link_types = (char *) any_text(run);
    g_ptr_array_add(inputs, &input);
    const char *warning = any_text(run);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new();
    g_ptr_array_add(warnings, (gpointer) (warning ? warning : "x"));
    const char *command = any_text(run);
    const Report report = {
        .sets = sets,
        .activities = activities,
        .min = CONFIDENCE_RPCSS,
        .captures = inputs,
        .host_logs = inputs,
        .warnings = warnings,
        .looked_at = warnings,
        .idle = warnings,
        .case_name = any_text(run),
        .examiner = any_text(run),
        .note = any_text(run),
        .command = command ? command : "x",
        .created = "2020-08-06T07:56:41Z",
    };
    Sink sink;
    sink_open(&sink);
    report_write(&report, sink.stream);
    sink_close(&sink);
    check_html(sink.text, sink.len);
    free(sink.text);
}

#define CAPTURES 4

/** The first byte chooses the writer, the second one the style. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *list = out_format_names("\n", false);
    g_auto(GStrv) names = g_strsplit(list, "\n", -1);
    const guint navigator = g_strv_length(names), report = navigator + 1;
    g_autoptr(Texts) texts = texts_new();
    Run run = {.in = bytes_init(data, size, false), .texts = texts};
    guint writer = next(&run) % (report + 1);
    uint8_t style = next(&run);
    run.very_long = style == 0xff;
    g_autoptr(RecordSet) set = make_set(&run);
    add_more(&run, set, style & CAPTURES);
    if (writer == report) {
        write_report(&run, set);
    } else if (writer == navigator) {
        write_navigator(set);
    } else {
        const OutFormat *format = out_format_find(names[writer], false, NULL);
        write_format(format,
                     (OutStyle){.width = style & 8 ? 20 + style : 0,
                                .colour = style & 1,
                                .ascii = style & 2,
                                .captures = style & CAPTURES,
                                .live = style & 16 && format->record && format->live != OUT_LIVE_NO},
                     set);
    }
    return 0;
}
