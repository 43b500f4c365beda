// SPDX-License-Identifier: GPL-2.0-or-later
// car-wmi list: the connections of captures that match.

#include "base/out-file.h"
#include "options.h"
#include "output/format.h"
#include "output/navigator.h"
#include "output/tally.h"
#include "reading/silence.h"

#include <unistd.h>

typedef struct {
    ReadingOptions reading;
    const OutFormat *format;
    OutColour colour;
    char *navigator;
} ListOptions;

static gboolean set_format(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    ListOptions *options = data;
    options->format = out_format_find(value, false, error);
    return options->format != NULL;
}

static gboolean set_connections(const char *name, const char *value, gpointer data, GError **error)
{
    (void) value;
    return set_format(name, "table", data, error);
}

static gboolean set_colour(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    return out_colour_parse(value, &((ListOptions *) data)->colour, error);
}

static char *make_description(void)
{
    g_autofree char *formats = out_format_summaries(false);
    return g_strconcat("Formats:\n", formats, "\n", options_exit_statuses, NULL);
}

static OutStyle make_style(const ListOptions *options)
{
    OutStyle style = out_style_make(options->reading.output != NULL, options->colour);
    style.captures = options->reading.captures->len > 1;
    return style;
}

/** Where records go, once something was read. */
typedef struct {
    const ListOptions *options;
    Out out;
    FILE *stream;
    Navigator *navigator;
    Tally *tally; ///< NULL: nobody is told
} Listing;

/** False when nothing more can be written: disk full, or the reader went away. It is said once, at the end. */
static bool list_set(RecordSet *set, gpointer data)
{
    Listing *listing = data;
    if (listing->out.format == NULL)
        out_begin(&listing->out, listing->options->format, listing->stream, make_style(listing->options));
    Confidence min = listing->options->reading.min_confidence;
    out_set(&listing->out, set, min);
    if (listing->tally)
        tally_add(listing->tally, set, min);
    for (guint i = 0; i < set->records->len; i++) {
        const Record *record = g_ptr_array_index(set->records, i);
        if (record->confidence >= min)
            navigator_add(listing->navigator, record);
    }
    return fflush(listing->stream) == 0;
}

static bool write_navigator(const Navigator *navigator, const char *path, GError **error)
{
    g_auto(OutFile) file = {0};
    if (!out_file_open(&file, path, error))
        return false;
    navigator_write(navigator, file.stream);
    return out_file_commit(&file, error);
}

static void print_summary(const Reading *reading, const Tally *tally)
{
    if (!tally || reading->read == 0)
        return;
    bool captures = reading->options->captures->len > 0;
    guint files = captures ? reading->read : reading->options->host_logs->len;
    const char *kind = captures ? "capture" : "host log", *plural = files == 1 ? "" : "s";
    if (reading_matches(reading) + reading->allowed == 0) {
        if (!captures)
            (void) fprintf(stderr, "nothing matched in %u %s%s\n", files, kind, plural);
        return; // of captures, silence_tell() says more
    }
    g_autofree char *found = tally_text(tally);
    (void) fprintf(stderr, "%u %s%s: %s", files, kind, plural, found ? found : "only what is allowed");
    if (reading->allowed > 0)
        (void) fprintf(stderr, "; %u %s allowed", reading->allowed,
                       reading->allowed == 1 ? "connection is" : "connections are");
    guint others = g_hash_table_size(reading->others);
    if (others > 0)
        (void) fprintf(stderr, "; %u other %s in folders skipped", others, others == 1 ? "file" : "files");
    if (reading->left_out > 0)
        (void) fprintf(stderr, "; %u %s not what was asked for", reading->left_out,
                       reading->left_out == 1 ? "connection is" : "connections are");
    guint dcom = reading_weaker(reading, CONFIDENCE_DCOM);
    if (dcom > 0)
        (void) fprintf(stderr, "; %u %s DCOM not known to be WMI (--min-confidence dcom)", dcom,
                       dcom == 1 ? "connection with" : "connections with");
    (void) fputc('\n', stderr);
}

static int list(const ListOptions *options)
{
    g_auto(Reading) reading = {0};
    int status = reading_open(&reading, &options->reading);
    if (status != COMMAND_MATCHED)
        return status;
    g_autoptr(GError) error = NULL;
    g_auto(OutFile) file = {0};
    if (!out_file_open(&file, options->reading.output, &error)) {
        warn_user("%s", error->message);
        return COMMAND_UNABLE;
    }
    g_autoptr(Navigator) navigator = navigator_new();
    g_autoptr(Tally) tally = isatty(STDERR_FILENO) ? tally_new() : NULL;
    Listing listing = {.options = options, .stream = file.stream, .navigator = navigator, .tally = tally};
    status = reading_run(&reading, false, list_set, &listing);
    if (status == COMMAND_MATCHED && reading.read == 0)
        status = COMMAND_UNABLE;
    if (status == COMMAND_MATCHED) {
        out_end(&listing.out);
        bool written = out_file_commit(&file, &error);
        if (written && options->navigator)
            written = write_navigator(navigator, options->navigator, &error);
        if (!written && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_PIPE)) {
            warn_user("%s", error->message);
            status = COMMAND_UNABLE;
        } else {
            print_summary(&reading, tally);
            silence_tell(&reading);
            status = reading_status(&reading);
        }
    }
    out_clear(&listing.out);
    return status;
}

static bool parse(int *argc, char ***argv, ListOptions *options)
{
    g_autofree char *description = make_description();
    const CommandHelp help = {
        .arguments = "CAPTURE…",
        .summary = "Shows who did what by remote WMI in packet captures. \"-\" is standard input, and a folder stands "
                   "for the files in it.",
        .description = description,
    };
    // A new option belongs into the man page too.
    const GOptionEntry entries[] = {
        {"format", 'T', 0, G_OPTION_ARG_CALLBACK, (gpointer) set_format, "How to print (default: activities)",
         "FORMAT"},
        {"connections", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, (gpointer) set_connections,
         "Print a line a connection, as -T table does", NULL},
        {"color", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer) set_colour,
         "When to use colors: auto (default), always, never", "WHEN"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options->reading.output, "Write to FILE instead of standard output",
         "FILE"},
        {"navigator", 0, 0, G_OPTION_ARG_FILENAME, &options->navigator,
         "Write the techniques found to FILE, too, as a layer for MITRE's ATT&CK Navigator", "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    GOptionGroup *group = command_options(entries, options);
    options_add_captures(group);
    GOptionGroup *const more[] = {options_reading(&options->reading), options_questions(&options->reading), NULL};
    return command_parse(argc, argv, &help, group, more);
}

int cmd_list(int argc, char **argv)
{
    ListOptions options = {.format = &out_format_activities};
    reading_options_init(&options.reading);
    int status = COMMAND_UNABLE;
    if (!parse(&argc, &argv, &options))
        status = COMMAND_UNABLE;
    else if (options.reading.captures->len == 0 && options.reading.host_logs->len == 0)
        warn_user("no capture named (see %s --help)", argv[0]);
    else if (options_spare_inputs(&options.reading, options.reading.output, NULL) &&
             (!options.navigator || options_spare_inputs(&options.reading, options.navigator, NULL)))
        status = list(&options);
    g_free(options.navigator);
    reading_options_clear(&options.reading);
    return status;
}
