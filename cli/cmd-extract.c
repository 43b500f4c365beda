// SPDX-License-Identifier: GPL-2.0-or-later
// car-wmi extract: the packets that the findings rest on.

#include "base/out-file.h"
#include "case/extract.h"
#include "case/report-input.h"
#include "options.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_OPEN 200u ///< files that are written at a time

typedef struct {
    ReadingOptions reading;
    char *folder;
} ExtractOptions;

/** The captures that were read, as they were named. */
static GArray *make_captures(const Reading *reading, GPtrArray *inputs)
{
    GArray *captures = g_array_new(FALSE, FALSE, sizeof(ExtractCapture));
    const RecordSet *set = reading->sets->len > 0 ? g_ptr_array_index(reading->sets, 0) : NULL;
    for (guint i = 0; set && i < set->files->len; i++) {
        const RecordFile *file = g_ptr_array_index(set->files, i);
        for (guint j = 0; j < reading->options->captures->len; j++) {
            const char *path = g_ptr_array_index(reading->options->captures, j);
            g_autofree char *valid = g_utf8_make_valid(path, -1);
            if (g_strcmp0(valid, file->path) != 0)
                continue;
            const CaptureInput *read = capture_inputs_find(reading->inputs, path);
            if (!read)
                continue;
            ReportInput *input = report_inputs_add(inputs, path, reading->digests);
            report_input_set_capture(input, read, reading->digests);
            ExtractCapture capture = {path, i, input->sha256, input->size, read->identity};
            g_array_append_val(captures, capture);
            break;
        }
    }
    return captures;
}

static void warn_about(const ExtractPart *part, const char *path)
{
    if (part->missing > 0)
        warn_user("%s: of %u %s not all packets were found", path, part->missing,
                  part->missing == 1 ? "connection" : "connections");
}

/** Says of an error, unless that is a reader who went away. Always COMMAND_UNABLE. */
static int unable(const GError *error)
{
    warn_user("%s", error->message);
    return COMMAND_UNABLE;
}

static int write_all(const char *path, GArray *captures, GPtrArray *activities, bool keys)
{
    g_autoptr(GError) error = NULL;
    g_auto(OutFile) file = {0};
    if (!out_file_open(&file, path, &error))
        return unable(error);
    g_autoptr(GArray) parts = g_array_new(FALSE, TRUE, sizeof(ExtractPart));
    ExtractPart part = {.stream = file.stream, .activities = activities};
    g_array_append_val(parts, part);
    if (!extract_write(captures, parts, keys, &error) || !out_file_commit(&file, &error))
        return unable(error);
    warn_about(&g_array_index(parts, ExtractPart, 0), path);
    return COMMAND_MATCHED;
}

/** Files of `count` activities from number `from` on. */
static int write_some(const char *folder, GArray *captures, GPtrArray *activities, guint from, guint count, bool keys)
{
    g_autoptr(GError) error = NULL;
    g_autofree OutFile *files = g_new0(OutFile, count);
    g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) parts = g_array_new(FALSE, TRUE, sizeof(ExtractPart));
    bool ok = true;
    for (guint i = 0; i < count && ok; i++) {
        g_autofree char *name = g_strdup_printf("activity-%04u.pcapng", from + i + 1);
        char *path = g_build_filename(folder, name, NULL);
        g_ptr_array_add(paths, path);
        GPtrArray *list = g_ptr_array_new();
        g_ptr_array_add(list, g_ptr_array_index(activities, from + i));
        g_ptr_array_add(lists, list);
        ok = out_file_open(&files[i], path, &error);
        ExtractPart part = {.stream = files[i].stream, .activities = list};
        g_array_append_val(parts, part);
    }
    ok = ok && extract_write(captures, parts, keys, &error);
    for (guint i = 0; i < count; i++) {
        ok = ok && out_file_commit(&files[i], &error);
        if (ok)
            warn_about(&g_array_index(parts, ExtractPart, i), g_ptr_array_index(paths, i));
        out_file_discard(&files[i]);
    }
    return ok ? COMMAND_MATCHED : unable(error);
}

static int write_each(const char *folder, GArray *captures, GPtrArray *activities, bool keys)
{
    if (g_mkdir(folder, 0777) != 0 && errno != EEXIST) {
        warn_user("%s: %s", folder, g_strerror(errno));
        return COMMAND_UNABLE;
    }
    int status = COMMAND_MATCHED;
    for (guint from = 0; from < activities->len && status == COMMAND_MATCHED; from += MAX_OPEN)
        status = write_some(folder, captures, activities, from, MIN(MAX_OPEN, activities->len - from), keys);
    return status;
}

/** Whether the folder holds an earlier extract, with which this one's files would be mixed up. Says so. */
static bool is_taken(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (!g_pattern_match_simple("activity-*.pcapng", name))
            continue;
        warn_user("%s: holds files of an extract already: name another folder", folder);
        return true;
    }
    return false;
}

static int extract(const ExtractOptions *options)
{
    if (options->folder && is_taken(options->folder))
        return COMMAND_UNABLE;
    g_auto(Reading) reading = {0};
    int status = reading_open(&reading, &options->reading);
    if (status != COMMAND_MATCHED)
        return status;
    reading_hash(&reading);
    status = reading_run(&reading, true, NULL, NULL);
    if (status != COMMAND_MATCHED)
        return status;
    g_autoptr(GPtrArray) inputs = report_inputs_new();
    g_autoptr(GArray) captures = make_captures(&reading, inputs);
    g_autoptr(GPtrArray) activities = activities_new(reading.sets, options->reading.min_confidence);
    bool keys = reading.keys.fd >= 0;
    if (activities->len > 0 && options->reading.output)
        status = write_all(options->reading.output, captures, activities, keys);
    if (activities->len > 0 && options->folder && status == COMMAND_MATCHED)
        status = write_each(options->folder, captures, activities, keys);
    return status == COMMAND_MATCHED ? reading_status(&reading) : status;
}

/** NULL when all captures can be read twice. */
static const char *find_pipe(const GPtrArray *captures)
{
    for (guint i = 0; i < captures->len; i++) {
        const char *path = g_ptr_array_index(captures, i);
        struct stat st;
        if (strcmp(path, "-") == 0 || (stat(path, &st) == 0 && S_ISFIFO(st.st_mode)))
            return path;
    }
    return NULL;
}

static bool parse(int *argc, char ***argv, ExtractOptions *options)
{
    const CommandHelp help = {
        .arguments = "CAPTURE…",
        .summary =
            "Copies the packets that carry remote WMI out of packet captures, with comments that say what they show.",
        .description = options_exit_statuses,
    };
    // A new option belongs into the man page too.
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options->reading.output,
         "Write the packets of all activities to FILE (- is standard output)", "FILE"},
        {"per-activity", 0, 0, G_OPTION_ARG_FILENAME, &options->folder,
         "Write those of each activity to a file of its own in DIR", "DIR"},
        G_OPTION_ENTRY_NULL,
    };
    GOptionGroup *group = command_options(entries, options);
    options_add_captures(group);
    GOptionGroup *const more[] = {options_reading(&options->reading), options_questions(&options->reading), NULL};
    return command_parse(argc, argv, &help, group, more);
}

int cmd_extract(int argc, char **argv)
{
    ExtractOptions options = {0};
    reading_options_init(&options.reading);
    int status = COMMAND_UNABLE;
    if (!parse(&argc, &argv, &options))
        status = COMMAND_UNABLE;
    else if (options.reading.captures->len == 0)
        warn_user("no capture named (see %s --help)", argv[0]);
    else if (!options.reading.output && !options.folder)
        warn_user("name a file with -o, or a folder with --per-activity");
    else if (find_pipe(options.reading.captures))
        warn_user("%s: a pipe cannot be read twice: save it to a file",
                  strcmp(find_pipe(options.reading.captures), "-") == 0 ? "standard input"
                                                                        : find_pipe(options.reading.captures));
    else if (!options.reading.output || options_spare_inputs(&options.reading, options.reading.output, NULL))
        status = extract(&options);
    g_free(options.folder);
    reading_options_clear(&options.reading);
    return status;
}
