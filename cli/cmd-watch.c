// SPDX-License-Identifier: GPL-2.0-or-later
// car-wmi watch: the connections of a capture that grows, as they are found.

#include "base/out-file.h"
#include "options.h"
#include "output/format.h"
#include "reading/silence.h"
#include "reading/watch.h"
#include "tshark/dumpcap.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_LIMIT 50000
#define MIN_LIMIT 100

typedef struct {
    ReadingOptions reading;
    GPtrArray *interfaces; ///< char *; none: standard input
    const OutFormat *format;
    OutColour colour;
    char *filter;
    uint64_t limit;
    bool input; ///< standard input was named
} WatchCommand;

static gboolean set_format(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    WatchCommand *command = data;
    command->format = out_format_find(value, true, error);
    return command->format != NULL;
}

static gboolean set_connections(const char *name, const char *value, gpointer data, GError **error)
{
    (void) value;
    return set_format(name, "table", data, error);
}

static gboolean set_colour(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    return out_colour_parse(value, &((WatchCommand *) data)->colour, error);
}

static gboolean add_interface(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    GPtrArray *interfaces = ((WatchCommand *) data)->interfaces;
    if (*value == '\0' || *value == '-') {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "no interface %s (standard input: car-wmi watch -)", value);
        return FALSE;
    }
    g_ptr_array_add(interfaces, g_strdup(value));
    return TRUE;
}

static gboolean set_limit(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    return g_ascii_string_to_unsigned(value, 10, MIN_LIMIT, G_MAXUINT32, &((WatchCommand *) data)->limit, error);
}

static gboolean set_input(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    WatchCommand *command = data;
    if (strcmp(value, "-") != 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "%s: \"-\" (standard input) can be watched, or an interface (-i); car-wmi list reads files", value);
        return FALSE;
    }
    command->input = true;
    return TRUE;
}

static char *make_description(void)
{
    g_autofree char *formats = out_format_summaries(true);
    return g_strconcat("Formats:\n", formats, "\n",
                       "SIGINT, SIGTERM and SIGHUP end the capture; what was found is then reported.\n\n",
                       options_exit_statuses, NULL);
}

/** Where records go. */
typedef struct {
    const WatchCommand *command;
    Reading *reading;
    OutFile file;
    OutStyle style;
    Out out;
} Watching;

/** With the first record: who cannot begin prints nothing. */
static void begin(Watching *w)
{
    if (!w->out.format)
        out_begin(&w->out, w->command->format, w->file.stream, w->style);
}

static bool take_record(RecordSet *set, bool count, gpointer data)
{
    Watching *w = data;
    const Record *record = g_ptr_array_index(set->records, 0);
    if (w->reading->allow)
        allow_apply(w->reading->allow, set);
    if (count) {
        reading_see(w->reading, record);
        reading_select(w->reading, set);
    } else if (w->command->reading.select) {
        (void) select_apply(w->command->reading.select, set, CONFIDENCE_NONE);
    }
    if (set->records->len == 0)
        return true;
    if (count)
        reading_count(w->reading, record);
    if (record->state != RECORD_OPEN || w->command->format->live == OUT_LIVE_ALL) {
        begin(w);
        out_record(&w->out, set, record);
    }
    return fflush(w->file.stream) == 0;
}

static bool take_call(Record *record, const RecordCall *call, gpointer data)
{
    Watching *w = data;
    g_autoptr(RecordSet) set = record_set_new(NULL);
    g_ptr_array_set_free_func(set->records, NULL);
    g_ptr_array_add(set->records, record);
    if (w->reading->allow)
        allow_apply(w->reading->allow, set);
    if (w->command->reading.select)
        (void) select_apply(w->command->reading.select, set, CONFIDENCE_NONE);
    if (set->records->len > 0) {
        begin(w);
        out_call(&w->out, record, call);
    }
    record->allowed.rule = record->allowed.reason = NULL; // texts of the set; more may be known the next time
    return fflush(w->file.stream) == 0;
}

/** Says what was lost on the way, of each interface. */
static void tell_losses(const WatchCommand *command, const WatchEnd *end)
{
    for (guint i = 0; i < end->counts->len; i++) {
        const DumpcapCount *count = &g_array_index(end->counts, DumpcapCount, i);
        guint index = MIN(i, command->interfaces->len - 1);
        warn_user("%s: %" PRIu64 " packets received, %" PRIu64 " lost%s",
                  (const char *) g_ptr_array_index(command->interfaces, index), count->received, count->dropped,
                  count->dropped > 0 ? ": what was found may not be all" : "");
    }
    if (command->input && end->dropped > 0)
        warn_user("standard input: whoever captured lost %" PRIu64 " packets: what was found may not be all",
                  end->dropped);
}

static void tell_fault(const WatchCommand *command, const char *text, bool started)
{
    warn_user("%s%s%s", command->input ? "standard input: " : "", text,
              started ? ": what was found may not be all" : "");
}

static int finish(Watching *w, WatchEnd *end)
{
    const WatchCommand *command = w->command;
    tell_losses(command, end);
    if (end->fault)
        tell_fault(command, end->fault, true);
    if (command->format->live == OUT_LIVE_ENDS)
        begin(w);
    if (w->out.format)
        out_end(&w->out);
    g_autoptr(GError) error = NULL;
    if (out_file_commit(&w->file, &error)) {
        silence_tell(w->reading);
        return end->unwanted ? COMMAND_SIGNAL + SIGPIPE : reading_status(w->reading);
    }
    if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_PIPE))
        return COMMAND_SIGNAL + SIGPIPE;
    warn_user("%s", error->message);
    return COMMAND_UNABLE;
}

static int follow(const WatchCommand *command, Reading *reading)
{
    g_autoptr(GError) error = NULL;
    Watching w = {.command = command, .reading = reading};
    bool goes_on;
    if (!out_file_append(&w.file, command->reading.output, &goes_on, &error)) {
        warn_user("%s", error->message);
        return COMMAND_UNABLE;
    }
    w.style = out_style_make(command->reading.output != NULL, command->colour);
    w.style.live = true;
    w.style.goes_on = goes_on;
    w.style.captures = command->interfaces->len > 1;
    const WatchOptions options = {
        .capture = {.tshark = reading->tshark,
                    .keys = &reading->keys,
                    .artifacts = !command->reading.no_artifacts,
                    .everything = command->reading.everything},
        .min_confidence = command->reading.min_confidence,
        .interfaces = command->interfaces,
        .filter = command->filter,
        .limit = command->limit,
        .output = w.file.fd,
        .func = take_record,
        .call = command->format->live == OUT_LIVE_CALLS ? take_call : NULL,
        .data = &w,
    };
    (void) signal(SIGPIPE, SIG_IGN); // whoever read it is gone: the capture still has to be ended
    g_auto(WatchEnd) end = {0};
    int status = COMMAND_UNABLE;
    if (watch(&options, &end, &error)) {
        reading->read = 1;
        reading->seen.scan = end.seen;
        reading_tell_unanswered(reading, end.unanswered);
        status = finish(&w, &end);
    } else {
        tell_fault(command, error->message, false);
    }
    out_clear(&w.out);
    out_file_discard(&w.file);
    return status;
}

static int run(WatchCommand *command, const char *name)
{
    if (command->input == (command->interfaces->len > 0)) {
        warn_user("name an interface (-i), or \"-\" for standard input%s (see %s --help)",
                  command->input ? ", not both" : "", name);
        return COMMAND_UNABLE;
    }
    if (!options_spare_inputs(&command->reading, command->reading.output, command->input ? "-" : NULL))
        return COMMAND_UNABLE;
    if (command->input && command->filter) {
        warn_user("--capture-filter is for interfaces (-i): whoever captures standard input can filter it");
        return COMMAND_UNABLE;
    }
    g_auto(Reading) reading = {0};
    int status = reading_open(&reading, &command->reading);
    return status == COMMAND_MATCHED ? follow(command, &reading) : status;
}

static bool parse(int *argc, char ***argv, WatchCommand *command)
{
    g_autofree char *description = make_description();
    const CommandHelp help = {
        .arguments = "-i IFACE… | -",
        .summary = "Watches network interfaces, or a capture that grows on standard input (\"-\"), for remote WMI. "
                   "Each action is reported as soon as it is answered.",
        .description = description,
    };
    // A new option belongs into the man page too.
    const GOptionEntry entries[] = {
        {"interface", 'i', 0, G_OPTION_ARG_CALLBACK, (gpointer) add_interface,
         "Capture from this network interface; may be repeated", "IFACE"},
        {"capture-filter", 0, 0, G_OPTION_ARG_STRING, &command->filter,
         "Capture only what this filter lets through (pcap-filter(7))", "FILTER"},
        {"format", 'T', 0, G_OPTION_ARG_CALLBACK, (gpointer) set_format, "How to print (default: actions)", "FORMAT"},
        {"connections", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, (gpointer) set_connections,
         "Print a line a connection, as -T table does", NULL},
        {"color", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer) set_colour,
         "When to use colors: auto (default), always, never", "WHEN"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &command->reading.output,
         "Append to FILE instead of printing to standard output", "FILE"},
        {"tshark-packets", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer) set_limit,
         "Packets that matter after which another tshark takes over, which bounds memory (default: 50000)", "NUMBER"},
        {G_OPTION_REMAINING, 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) set_input, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    GOptionGroup *group = command_options(entries, command);
    GOptionGroup *const more[] = {options_reading(&command->reading), options_questions(&command->reading), NULL};
    return command_parse(argc, argv, &help, group, more);
}

int cmd_watch(int argc, char **argv)
{
    g_autoptr(GPtrArray) interfaces = g_ptr_array_new_with_free_func(g_free);
    WatchCommand command = {.interfaces = interfaces, .format = &out_format_actions, .limit = DEFAULT_LIMIT};
    reading_options_init(&command.reading);
    int status = COMMAND_UNABLE;
    if (parse(&argc, &argv, &command))
        status = run(&command, argv[0]);
    g_free(command.filter);
    reading_options_clear(&command.reading);
    return status;
}
