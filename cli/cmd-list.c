// SPDX-License-Identifier: GPL-2.0-or-later
// car-wmi list: the connections of captures that match.

#include "allow.h"
#include "capture.h"
#include "command.h"
#include "host-logs.h"
#include "navigator.h"
#include "out-file.h"
#include "out.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef struct {
    const OutFormat *format;
    char *output;
    char *navigator;
    char *allow;
    Confidence min_confidence;
    bool everything;
    char *tshark;
    char *keytab, *password_file;
    GPtrArray *host_logs;
    GPtrArray *captures;
} ListOptions;

static gboolean set_format(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    ListOptions *options = data;
    options->format = out_format_find(value);
    if (options->format)
        return TRUE;
    g_autofree char *names = out_format_names(", ");
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no format %s: there are %s", value, names);
    return FALSE;
}

static gboolean set_output(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    (void) error;
    ListOptions *options = data;
    g_free(options->output);
    options->output = g_strdup(value);
    return TRUE;
}

static gboolean set_navigator(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    (void) error;
    ListOptions *options = data;
    g_free(options->navigator);
    options->navigator = g_strdup(value);
    return TRUE;
}

static gboolean set_allow(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    (void) error;
    ListOptions *options = data;
    g_free(options->allow);
    options->allow = g_strdup(value);
    return TRUE;
}

static gboolean set_min_confidence(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    ListOptions *options = data;
    options->min_confidence = confidence_from_text(value);
    if (options->min_confidence != CONFIDENCE_NONE)
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no confidence %s: there are wmi, dcom, rpcss", value);
    return FALSE;
}

static gboolean set_no_scan(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    (void) value;
    (void) error;
    ListOptions *options = data;
    options->everything = true;
    return TRUE;
}

static gboolean set_tshark(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    (void) error;
    ListOptions *options = data;
    g_free(options->tshark);
    options->tshark = g_strdup(value);
    return TRUE;
}

static gboolean set_keytab(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    (void) error;
    ListOptions *options = data;
    g_free(options->keytab);
    options->keytab = g_strdup(value);
    return TRUE;
}

static gboolean set_password_file(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    (void) error;
    ListOptions *options = data;
    g_free(options->password_file);
    options->password_file = g_strdup(value);
    return TRUE;
}

static gboolean add_host_log(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    (void) error;
    ListOptions *options = data;
    g_ptr_array_add(options->host_logs, g_strdup(value));
    return TRUE;
}

static gboolean add_capture(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    ListOptions *options = data;
    if (strcmp(value, "-") == 0 && g_ptr_array_find_with_equal_func(options->captures, "-", g_str_equal, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "standard input (-) can be read only once");
        return FALSE;
    }
    g_ptr_array_add(options->captures, g_strdup(value));
    return TRUE;
}

/// A new option belongs into the man page and the shell completions too.
static const GOptionEntry entries[] = {
    {"format", 'T', 0, G_OPTION_ARG_CALLBACK, (gpointer) set_format, "How to print (default: table)", "FORMAT"},
    {"output", 'o', G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) set_output,
     "Write to FILE instead of standard output", "FILE"},
    {"allow", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) set_allow,
     "Mark connections that the rules in FILE are for as allowed; they are no match to the exit status", "FILE"},
    {"navigator", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) set_navigator,
     "Write the techniques found to FILE, too, as a layer for MITRE's ATT&CK Navigator", "FILE"},
    {"min-confidence", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer) set_min_confidence,
     "Weakest match to list: wmi (default), dcom or rpcss", "CONFIDENCE"},
    {"keytab", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) set_keytab,
     "Read sealed calls with the keys in FILE (Kerberos keys; of type rc4-hmac: for NTLM too)", "FILE"},
    {"nt-password-file", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) set_password_file,
     "Read calls sealed by NTLM with the one password in the first line of FILE", "FILE"},
    {"host-log", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) add_host_log,
     "Join a host's log (.evtx, JSON lines, snapshot of connections), or list what it says alone; may be repeated",
     "FILE"},
    {"no-scan", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, (gpointer) set_no_scan,
     "Let tshark read all packets, not only those that matter", NULL},
    {"tshark", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) set_tshark,
     "The tshark to run (default: that in PATH)", "PATH"},
    {G_OPTION_REMAINING, 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) add_capture, NULL, NULL},
    G_OPTION_ENTRY_NULL,
};

static const char exit_statuses[] = "Exit status:\n"
                                    "  0  something matched that is not allowed\n"
                                    "  1  nothing matched, or only what is allowed\n"
                                    "  2  nothing could be done, or a capture could not be read and nothing matched";

static char *make_description(void)
{
    g_autofree char *formats = out_format_summaries();
    return g_strconcat("Formats:\n", formats, "\n", exit_statuses, NULL);
}

static size_t terminal_width(void)
{
    const char *variable = g_getenv("COLUMNS");
    guint64 width = variable ? g_ascii_strtoull(variable, NULL, 10) : 0;
    struct winsize size;
    if (width == 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    return (size_t) MIN(width, 10000);
}

static OutStyle make_style(const ListOptions *options)
{
    bool terminal = !options->output && isatty(STDOUT_FILENO);
    const char *no_colour = g_getenv("NO_COLOR");
    return (OutStyle){
        .width = terminal ? terminal_width() : 0,
        .colour = terminal && !(no_colour && *no_colour) && g_strcmp0(g_getenv("TERM"), "dumb") != 0,
        .ascii = command_ascii_only(),
        .captures = options->captures->len > 1,
    };
}

/// What became of all captures.
typedef struct {
    guint read, unreadable;
    guint matched[CONFIDENCE_WMI + 1]; ///< by confidence, without those that are allowed
    guint allowed;
} Tally;

static guint tally_matches(const Tally *tally)
{
    return tally->matched[CONFIDENCE_RPCSS] + tally->matched[CONFIDENCE_DCOM] + tally->matched[CONFIDENCE_WMI];
}

static void write_records(Out *out, const RecordSet *set, Confidence min, Tally *tally, Navigator *navigator)
{
    for (guint i = 0; i < set->records->len; i++) {
        const Record *record = g_ptr_array_index(set->records, i);
        if (record->confidence < min)
            continue;
        out_record(out, set, record);
        navigator_add(navigator, record);
        if (record->allowed.rule)
            tally->allowed++;
        else
            tally->matched[record->confidence]++;
    }
}

static const char *shown_path(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/// Where records go, once something was read.
typedef struct {
    const ListOptions *options;
    Out *out;
    FILE *stream;
    Tally *tally;
    Navigator *navigator;
    const Allow *allow; ///< NULL when there are no rules
    GPtrArray *kept;    ///< RecordSet *, until the hosts' logs are joined to all of them
} Listing;

/// False when nothing more can be written: disk full, or the reader went away. It is said once, at the end.
static bool list_set(Listing *listing, RecordSet *set)
{
    if (listing->allow)
        allow_apply(listing->allow, set);
    if (listing->out->format == NULL)
        out_begin(listing->out, listing->options->format, listing->stream, make_style(listing->options));
    write_records(listing->out, set, listing->options->min_confidence, listing->tally, listing->navigator);
    return fflush(listing->stream) == 0;
}

/// What a read that came to nothing means for the whole. COMMAND_MATCHED to go on.
static int explain_failure(const GError *error)
{
    if (error->domain == TSHARK_INTERRUPT)
        return COMMAND_SIGNAL + error->code;
    command_warn("%s", error->message);
    return COMMAND_UNABLE;
}

/// Opens all captures that can be read; says what is wrong with the others.
static GPtrArray *open_captures(const ListOptions *options, Tally *tally)
{
    GPtrArray *inputs = capture_inputs_new();
    for (guint i = 0; i < options->captures->len; i++) {
        const char *path = g_ptr_array_index(options->captures, i);
        g_autoptr(GError) error = NULL;
        if (!capture_inputs_add(inputs, path, &error)) {
            command_warn("%s: %s", shown_path(path), error->message);
            tally->unreadable++;
        }
    }
    return inputs;
}

/// Reads all captures and writes their records, or keeps them when logs are to be joined. COMMAND_MATCHED when it came
/// to the end.
static int list_captures(Listing *listing, const char *tshark, const Keys *keys)
{
    const ListOptions *options = listing->options;
    g_autoptr(GPtrArray) inputs = open_captures(options, listing->tally);
    if (inputs->len == 0)
        return COMMAND_MATCHED;
    const CaptureOptions how = {.tshark = tshark, .keys = keys, .everything = options->everything};
    g_autoptr(GError) error = NULL;
    g_autoptr(RecordSet) set = capture_read(&how, inputs, &error);
    if (!set)
        return explain_failure(error);
    for (guint i = 0; i < set->files->len; i++) {
        const RecordFile *file = g_ptr_array_index(set->files, i);
        if (file->note)
            command_warn("%s: %s: what was found may not be all", shown_path(file->path), file->note);
    }
    listing->tally->read = set->files->len;
    if (options->host_logs->len > 0)
        g_ptr_array_add(listing->kept, g_steal_pointer(&set));
    else
        (void) list_set(listing, set);
    return COMMAND_MATCHED;
}

/// Joins the hosts' logs to what was kept, or lists what they say without captures.
static int list_host_logs(Listing *listing, const char *tshark)
{
    const ListOptions *options = listing->options;
    g_autoptr(GError) error = NULL;
    if (options->captures->len == 0) {
        RecordSet *set = host_logs_list(options->host_logs, tshark, command_warn, &error);
        if (!set)
            return explain_failure(error);
        g_ptr_array_add(listing->kept, set);
        listing->tally->read++;
    } else if (!host_logs_join(options->host_logs, tshark, listing->kept, command_warn, &error)) {
        return explain_failure(error);
    }
    for (guint i = 0; i < listing->kept->len; i++) {
        if (!list_set(listing, g_ptr_array_index(listing->kept, i)))
            break;
    }
    return COMMAND_MATCHED;
}

static bool write_navigator(const Navigator *navigator, const char *path, GError **error)
{
    g_auto(OutFile) file = {0};
    if (!out_file_open(&file, path, error))
        return false;
    navigator_write(navigator, file.stream);
    return out_file_commit(&file, error);
}

static void print_summary(const ListOptions *options, const Tally *tally)
{
    if (!isatty(STDERR_FILENO) || tally->read == 0)
        return;
    guint matches = tally_matches(tally);
    bool captures = options->captures->len > 0;
    guint files = captures ? tally->read : options->host_logs->len;
    const char *kind = captures ? "capture" : "host log", *plural = files == 1 ? "" : "s";
    if (matches + tally->allowed == 0) {
        (void) fprintf(stderr, "nothing matched in %u %s%s\n", files, kind, plural);
        return;
    }
    (void) fprintf(stderr, "%u %s in %u %s%s", matches, matches == 1 ? "connection" : "connections", files, kind,
                   plural);
    const char *separator = ": ";
    for (Confidence c = CONFIDENCE_WMI; c > CONFIDENCE_NONE; c--) {
        if (tally->matched[c] > 0) {
            (void) fprintf(stderr, "%s%u %s", separator, tally->matched[c], confidence_text(c));
            separator = ", ";
        }
    }
    if (tally->allowed > 0)
        (void) fprintf(stderr, "; %u more %s allowed", tally->allowed, tally->allowed == 1 ? "is" : "are");
    (void) fputc('\n', stderr);
}

static int list(const ListOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *tshark = tshark_find(options->tshark, &error);
    if (!tshark && options->captures->len > 0) { // hosts' logs alone do not need it
        command_warn("%s", error->message);
        return COMMAND_UNABLE;
    }
    g_clear_error(&error);
    g_auto(Keys) keys = KEYS_NONE;
    if (!keys_open(&keys, options->keytab, options->password_file, &error)) {
        command_warn("%s", error->message);
        return COMMAND_UNABLE;
    }
    g_autoptr(Allow) allow = options->allow ? allow_read(options->allow, &error) : NULL;
    if (error) {
        command_warn("%s", error->message);
        return COMMAND_UNABLE;
    }
    g_auto(OutFile) file = {0};
    if (!out_file_open(&file, options->output, &error)) {
        command_warn("%s", error->message);
        return COMMAND_UNABLE;
    }
    g_auto(Out) out = {0};
    Tally tally = {0};
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func((GDestroyNotify) record_set_free);
    g_autoptr(Navigator) navigator = navigator_new();
    Listing listing = {options, &out, file.stream, &tally, navigator, allow, kept};
    int status = list_captures(&listing, tshark, &keys);
    if (status == COMMAND_MATCHED && options->host_logs->len > 0)
        status = list_host_logs(&listing, tshark);
    if (status != COMMAND_MATCHED)
        return status;
    if (tally.read == 0)
        return COMMAND_UNABLE;
    out_end(&out);
    bool written = out_file_commit(&file, &error);
    if (written && options->navigator)
        written = write_navigator(navigator, options->navigator, &error);
    if (!written && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_PIPE)) {
        command_warn("%s", error->message);
        return COMMAND_UNABLE;
    }
    print_summary(options, &tally);
    if (tally_matches(&tally) > 0)
        return COMMAND_MATCHED;
    return tally.unreadable > 0 ? COMMAND_UNABLE : COMMAND_NO_MATCH;
}

int cmd_list(int argc, char **argv)
{
    g_autofree char *description = make_description();
    const CommandHelp help = {
        .arguments = "CAPTURE…",
        .summary = "Lists the connections of packet captures that carry remote WMI. \"-\" is standard input.",
        .description = description,
    };
    ListOptions options = {
        .format = &out_format_table,
        .min_confidence = CONFIDENCE_WMI,
        .host_logs = g_ptr_array_new_with_free_func(g_free),
        .captures = g_ptr_array_new_with_free_func(g_free),
    };
    int status = COMMAND_UNABLE;
    if (!command_parse(&argc, &argv, &help, entries, &options))
        status = COMMAND_UNABLE;
    else if (options.captures->len == 0 && options.host_logs->len == 0)
        command_warn("no capture named (see %s --help)", argv[0]);
    else
        status = list(&options);
    g_free(options.output);
    g_free(options.navigator);
    g_free(options.allow);
    g_free(options.tshark);
    g_free(options.keytab);
    g_free(options.password_file);
    g_ptr_array_unref(options.host_logs);
    g_ptr_array_unref(options.captures);
    return status;
}
