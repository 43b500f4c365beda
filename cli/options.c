// SPDX-License-Identifier: GPL-2.0-or-later
#include "options.h"

#include "base/folder.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean set_min_confidence(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    ReadingOptions *options = data;
    options->min_confidence = confidence_from_name(value);
    if (options->min_confidence != CONFIDENCE_NONE)
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no confidence %s: there are wmi, dcom, rpcss", value);
    return FALSE;
}

static gboolean set_jobs(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    uint64_t jobs;
    if (!g_ascii_string_to_unsigned(value, 10, 1, READING_MAX_JOBS, &jobs, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is no number from 1 to %d", value,
                    READING_MAX_JOBS);
        return FALSE;
    }
    ((ReadingOptions *) data)->jobs = (guint) jobs;
    return TRUE;
}

static const struct {
    SelectKey key;
    const char *name, *value, *help;
} questions[] = {
    {SELECT_CLIENT, "client", "HOST", "Only from this address, network or host name"},
    {SELECT_SERVER, "server", "HOST", "Only to this address, network or host name"},
    {SELECT_USER, "user", "USER", "Only as this user, or DOMAIN\\USER"},
    {SELECT_PROCESS, "process", "PROCESS", "Only with this process id, program or path"},
    {SELECT_SINCE, "since", "TIME", "Only what went on at this day or time or later"},
    {SELECT_UNTIL, "until", "TIME", "Only what began until this day or time (UTC)"},
    {SELECT_STAGE, "stage", "STAGE", "Only with such a call: execute, query, login …"},
    {SELECT_TECHNIQUE, "technique", "ID", "Only with this ATT&CK technique, as T1047"},
    {SELECT_GREP, "grep", "TEXT", "Only with this text in a command, query, path"},
};

static gboolean add_question(const char *name, const char *value, gpointer data, GError **error)
{
    ReadingOptions *options = data;
    if (!options->select)
        options->select = select_new();
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        if (strcmp(name + strlen("--"), questions[i].name) == 0)
            return select_add(options->select, questions[i].key, value, error);
    }
    g_assert_not_reached();
}

GOptionGroup *options_questions(ReadingOptions *options)
{
    GOptionGroup *group = g_option_group_new("questions", "Only some activities:", "Questions", options, NULL);
    GOptionEntry entries[G_N_ELEMENTS(questions) + 1] = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++)
        entries[i] = (GOptionEntry){.long_name = questions[i].name,
                                    .arg = G_OPTION_ARG_CALLBACK,
                                    .arg_data = (gpointer) add_question,
                                    .description = questions[i].help,
                                    .arg_description = questions[i].value};
    g_option_group_add_entries(group, entries);
    return group;
}

/** Adds a file, or all below a folder, of which those of other kinds are to be skipped. */
static bool add_path(ReadingOptions *options, GPtrArray *paths, const char *path, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_ptr_array_add(paths, g_strdup(path));
        return true;
    }
    guint before = paths->len;
    if (!folder_files(path, paths, error))
        return false;
    if (paths->len == before) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: there is no file in it", path);
        return false;
    }
    for (guint i = before; i < paths->len; i++)
        g_hash_table_add(options->in_folders, g_ptr_array_index(paths, i));
    return true;
}

static gboolean add_host_log(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    ReadingOptions *options = data;
    return add_path(options, options->host_logs, value, error);
}

static gboolean add_capture(const char *name, const char *value, gpointer data, GError **error)
{
    (void) name;
    ReadingOptions *options = data;
    if (strcmp(value, "-") == 0 && g_ptr_array_find_with_equal_func(options->captures, "-", g_str_equal, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "standard input (-) can be read only once");
        return FALSE;
    }
    return add_path(options, options->captures, value, error);
}

// A new option belongs into the man page too.

GOptionGroup *options_reading(ReadingOptions *options)
{
    GOptionGroup *group = g_option_group_new("reading", "What counts, and how it is read:", "Reading", options, NULL);
    const GOptionEntry entries[] = {
        {"allow", 0, 0, G_OPTION_ARG_FILENAME, &options->allow,
         "Mark connections that the rules in FILE are for as allowed; they are no match to the exit status", "FILE"},
        {"min-confidence", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer) set_min_confidence,
         "Weakest match to take: wmi (default), dcom or rpcss", "CONFIDENCE"},
        {"keytab", 0, 0, G_OPTION_ARG_FILENAME, &options->keytab,
         "Read sealed calls with the keys in FILE (Kerberos keys; of type rc4-hmac: for NTLM too)", "FILE"},
        {"nt-password-file", 0, 0, G_OPTION_ARG_FILENAME, &options->password_file,
         "Read calls sealed by NTLM with the one password in the first line of FILE", "FILE"},
        {"no-scan", 0, 0, G_OPTION_ARG_NONE, &options->everything,
         "Let tshark read all packets, not only those that matter", NULL},
        {"no-artifacts", 0, 0, G_OPTION_ARG_NONE, &options->no_artifacts,
         "Do not read SMB between hosts with WMI for files with the output of commands", NULL},
        {"tshark", 0, 0, G_OPTION_ARG_FILENAME, &options->tshark, "The tshark to run (default: that in PATH)", "PATH"},
        G_OPTION_ENTRY_NULL,
    };
    g_option_group_add_entries(group, entries);
    return group;
}

void options_add_captures(GOptionGroup *group)
{
    const GOptionEntry entries[] = {
        {"jobs", 'j', 0, G_OPTION_ARG_CALLBACK, (gpointer) set_jobs,
         "Captures that are scanned side by side (default: as many as there are processors)", "N"},
        {"host-log", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) add_host_log,
         "Join a host's log (.evtx, JSON lines, snapshot of connections), or list what it says alone; may be repeated",
         "FILE"},
        {G_OPTION_REMAINING, 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, (gpointer) add_capture, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_option_group_add_entries(group, entries);
}

/** Which file or pipe it is; false when it is none, or not there yet. NULL and "-" are `standard`, one of the standard streams. */
static bool identify(const char *path, int standard, struct stat *st)
{
    bool stream = !path || strcmp(path, "-") == 0;
    if (stream ? fstat(standard, st) != 0 : stat(path, st) != 0)
        return false;
    return S_ISREG(st->st_mode) || (S_ISFIFO(st->st_mode) && !stream);
}

static bool is_other_file(const struct stat *output, const char *output_name, const char *input)
{
    struct stat st;
    if (!identify(input, STDIN_FILENO, &st) || st.st_dev != output->st_dev || st.st_ino != output->st_ino)
        return true;
    warn_user("%s is an input, too (%s), and inputs are never written to: name another file for the output",
              output_name, strcmp(input, "-") == 0 ? "standard input" : input);
    return false;
}

bool options_spare_inputs(const ReadingOptions *options, const char *output, const char *other)
{
    struct stat st;
    if (!identify(output, STDOUT_FILENO, &st))
        return true;
    const char *name = !output || strcmp(output, "-") == 0 ? "standard output" : output;
    const char *const single[] = {options->allow, options->keytab, options->password_file, other};
    const GPtrArray *const lists[] = {options->captures, options->host_logs};
    bool spared = true;
    for (size_t i = 0; i < G_N_ELEMENTS(single) && spared; i++)
        spared = !single[i] || is_other_file(&st, name, single[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint j = 0; j < lists[i]->len && spared; j++)
            spared = is_other_file(&st, name, g_ptr_array_index(lists[i], j));
    }
    return spared;
}

const char options_exit_statuses[] = "Exit status:\n"
                                     "  0  something matched that is not allowed\n"
                                     "  1  nothing matched, or only what is allowed\n"
                                     "  2  nothing could be done, or a capture could not be read and nothing matched";
