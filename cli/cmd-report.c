// SPDX-License-Identifier: GPL-2.0-or-later
// car-wmi report: what was found, as one file for the case.

#include "base/out-file.h"
#include "base/time.h"
#include "case/report-input.h"
#include "options.h"
#include "reading/silence.h"

#include <stdlib.h>
#include <string.h>

#define MAX_NOTE ((size_t) 1 << 16)

typedef struct {
    ReadingOptions reading;
    char *case_name, *examiner, *note_file;
} ReportOptions;

// -- the command line ------------------------------------------------------------------------------------------------

static bool is_plain(const char *word)
{
    return *word &&
           strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%") == strlen(word);
}

static void append_word(GString *line, const char *word)
{
    g_autofree char *valid = g_utf8_make_valid(word, -1);
    g_autofree char *quoted = is_plain(valid) ? g_strdup(valid) : g_shell_quote(valid);
    g_string_append_printf(line, "%s%s", line->len ? " " : "", quoted);
}

/** As it was given, but for the files with secrets. */
static char *make_command(int argc, char **argv)
{
    static const char *const secrets[] = {"--keytab", "--nt-password-file"};
    GString *line = g_string_new(argv[0]);
    for (int i = 1; i < argc; i++) {
        bool secret = false;
        for (size_t j = 0; j < G_N_ELEMENTS(secrets) && !secret; j++) {
            size_t len = strlen(secrets[j]);
            secret = strncmp(argv[i], secrets[j], len) == 0 && (argv[i][len] == '\0' || argv[i][len] == '=');
            if (secret) {
                g_string_append_printf(line, " %s=(not shown)", secrets[j]);
                i += argv[i][len] == '\0';
            }
        }
        if (!secret)
            append_word(line, argv[i]);
    }
    return g_string_free(line, FALSE);
}

// -- facts -----------------------------------------------------------------------------------------------------------

/** Now, or what SOURCE_DATE_EPOCH says. */
static char *make_created(void)
{
    const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
    int64_t seconds = 0;
    bool fixed = epoch && g_ascii_string_to_signed(epoch, 10, 0, INT64_C(253402300799), &seconds, NULL);
    return time_format(fixed ? seconds : g_get_real_time() / G_USEC_PER_SEC, 0, 0);
}

/** NULL with an error, or when there is no file. */
static char *read_note(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    size_t len = 0;
    if (!path || !g_file_get_contents(path, &text, &len, error))
        return NULL;
    if (len > MAX_NOTE || memchr(text, '\0', len)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", path,
                    len > MAX_NOTE ? "longer than 64 KiB" : "no text");
        return NULL;
    }
    return g_utf8_make_valid(text, (gssize) len);
}

static GPtrArray *make_captures(const Reading *reading)
{
    GPtrArray *inputs = report_inputs_new();
    for (guint i = 0; i < reading->options->captures->len; i++) {
        const char *path = g_ptr_array_index(reading->options->captures, i);
        if (g_hash_table_contains(reading->others, path))
            continue;
        ReportInput *input = report_inputs_add(inputs, path, reading->digests);
        const CaptureInput *read = capture_inputs_find(reading->inputs, path);
        if (read)
            report_input_set_capture(input, read, reading->digests);
        for (guint j = 0; j < reading->faults->len; j++) {
            const ReadingFault *fault = g_ptr_array_index(reading->faults, j);
            char **reason = fault->unreadable ? &input->fault : &input->note;
            if (strcmp(fault->path, path) == 0 && !*reason)
                *reason = g_utf8_make_valid(fault->reason, -1);
        }
    }
    return inputs;
}

static void write_report(const ReportOptions *options, const Reading *reading, const char *command, const char *note,
                         FILE *stream)
{
    g_autofree char *created = make_created();
    g_autoptr(GPtrArray) activities = activities_new(reading->sets, options->reading.min_confidence);
    g_autoptr(GPtrArray) captures = make_captures(reading);
    g_autoptr(GPtrArray) logs = report_inputs_new();
    for (guint i = 0; i < options->reading.host_logs->len; i++) {
        const char *path = g_ptr_array_index(options->reading.host_logs, i);
        if (!g_hash_table_contains(reading->others, path))
            (void) report_inputs_add(logs, path, reading->digests);
    }
    g_autoptr(GPtrArray) looked_at = options->reading.captures->len > 0 ? silence_looked_at(reading) : NULL;
    g_autoptr(GPtrArray) idle = silence_idle(reading, false);
    const Report report = {
        .sets = reading->sets,
        .activities = activities,
        .min = options->reading.min_confidence,
        .captures = captures,
        .host_logs = logs,
        .warnings = reading->warnings,
        .looked_at = looked_at,
        .idle = idle,
        .sealed_activations = reading->seen.sealed_activations,
        .case_name = options->case_name,
        .examiner = options->examiner,
        .note = note,
        .command = command,
        .created = created,
        .keys = reading->keys.fd >= 0,
    };
    report_write(&report, stream);
}

static int make_report(const ReportOptions *options, const char *command)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *note = read_note(options->note_file, &error);
    if (error) {
        warn_user("%s", error->message);
        return COMMAND_UNABLE;
    }
    g_auto(Reading) reading = {0};
    int status = reading_open(&reading, &options->reading);
    if (status != COMMAND_MATCHED)
        return status;
    g_auto(OutFile) file = {0};
    if (!out_file_open(&file, options->reading.output, &error)) {
        warn_user("%s", error->message);
        return COMMAND_UNABLE;
    }
    reading_hash(&reading);
    status = reading_run(&reading, true, NULL, NULL);
    if (status != COMMAND_MATCHED)
        return status;
    if (reading.read == 0)
        return COMMAND_UNABLE;
    write_report(options, &reading, command, note, file.stream);
    if (!out_file_commit(&file, &error)) {
        warn_user("%s", error->message);
        return COMMAND_UNABLE;
    }
    silence_tell(&reading);
    return reading_status(&reading);
}

static bool parse(int *argc, char ***argv, ReportOptions *options)
{
    const CommandHelp help = {
        .arguments = "CAPTURE…",
        .summary = "Writes a report of the remote WMI in packet captures: one HTML file for the case.",
        .description = options_exit_statuses,
    };
    // A new option belongs into the man page too.
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options->reading.output, "Write to FILE instead of standard output",
         "FILE"},
        {"case", 0, 0, G_OPTION_ARG_STRING, &options->case_name, "Name or number of the case", "TEXT"},
        {"examiner", 0, 0, G_OPTION_ARG_STRING, &options->examiner, "Who examines it", "TEXT"},
        {"note-file", 0, 0, G_OPTION_ARG_FILENAME, &options->note_file, "Begin with the text in FILE", "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    GOptionGroup *group = command_options(entries, options);
    options_add_captures(group);
    GOptionGroup *const more[] = {options_reading(&options->reading), options_questions(&options->reading), NULL};
    return command_parse(argc, argv, &help, group, more);
}

int cmd_report(int argc, char **argv)
{
    g_autofree char *command = make_command(argc, argv);
    ReportOptions options = {0};
    reading_options_init(&options.reading);
    int status = COMMAND_UNABLE;
    if (!parse(&argc, &argv, &options))
        status = COMMAND_UNABLE;
    else if (options.reading.captures->len == 0 && options.reading.host_logs->len == 0)
        warn_user("no capture named (see %s --help)", argv[0]);
    else if (options_spare_inputs(&options.reading, options.reading.output, options.note_file))
        status = make_report(&options, command);
    g_free(options.case_name);
    g_free(options.examiner);
    g_free(options.note_file);
    reading_options_clear(&options.reading);
    return status;
}
