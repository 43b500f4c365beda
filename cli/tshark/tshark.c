// SPDX-License-Identifier: GPL-2.0-or-later
#include "tshark/tshark.h"

#include "base/interrupt.h"
#include "base/source-list.h"
#include "tshark/fence.h"
#include "tshark/own-home.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINE ((size_t) 4 << 20)
#define MAX_MESSAGES ((size_t) 64 << 10)
#define MAX_OUTPUT ((size_t) 1 << 20)
#define CHILD_FILE 3 ///< the descriptor in TSHARK_FILE
#define PATIENCE 300 ///< seconds

G_DEFINE_QUARK(car - tshark - error - quark, tshark_error)

void tshark_end_clear(TsharkEnd *end)
{
    g_clear_pointer(&end->messages, g_free);
}

char *tshark_find(const char *given, GError **error)
{
    if (!given) {
        char *found = g_find_program_in_path("tshark");
        if (!found)
            g_set_error(error, TSHARK_ERROR, TSHARK_ERROR_MISSING,
                        "tshark is not in PATH: install it (apt install tshark) or name it with --tshark PATH");
        return found;
    }
    const char *fault = NULL;
    if (!g_file_test(given, G_FILE_TEST_EXISTS))
        fault = "does not exist";
    else if (g_file_test(given, G_FILE_TEST_IS_DIR))
        fault = "is a directory: name the program in it";
    else if (!g_file_test(given, G_FILE_TEST_IS_EXECUTABLE))
        fault = "is not executable";
    if (fault) {
        g_set_error(error, TSHARK_ERROR, TSHARK_ERROR_MISSING, "--tshark %s %s", given, fault);
        return NULL;
    }
    // With a directory in it, so that it is not looked up in PATH.
    return strchr(given, '/') ? g_strdup(given) : g_build_filename(".", given, NULL);
}

char *tshark_companion(const char *tshark, const char *name)
{
    g_autofree char *folder = g_path_get_dirname(tshark);
    g_autofree char *beside = g_build_filename(folder, name, NULL);
    return g_file_test(beside, G_FILE_TEST_EXISTS) ? g_steal_pointer(&beside) : g_find_program_in_path(name);
}

unsigned tshark_patience(void)
{
    const char *given = g_getenv("CAR_WMI_PATIENCE");
    uint64_t seconds = given ? g_ascii_strtoull(given, NULL, 10) : 0;
    return seconds > 0 && seconds <= UINT_MAX / 2 ? (unsigned) seconds : PATIENCE;
}

/** One run: what the sources of its main context share. */
typedef struct {
    const TsharkJob *job;
    GMainContext *context;
    GSubprocess *child;
    pid_t pid;
    OwnHome *home;    ///< the child's; NULL: the user's
    GByteArray *line; ///< the beginning of a line whose end was not read yet
    bool skip_line;   ///< that line is too long
    GString *messages;
    TsharkEnd *end;
    guint open;    ///< pipes not at their end
    bool ended;    ///< the child has
    int64_t moved; ///< when something happened last
    uint64_t read; ///< bytes that the child had read then
} Run;

static void take_output(Run *run, const char *data, size_t len)
{
    while (len > 0) {
        const char *newline = memchr(data, '\n', len);
        size_t part = newline ? (size_t) (newline - data) : len;
        if (!run->skip_line && run->line->len + part > MAX_LINE) {
            run->skip_line = true;
            run->end->lines_cut++;
        }
        if (!run->skip_line)
            g_byte_array_append(run->line, (const uint8_t *) data, (guint) part);
        if (!newline)
            return;
        if (run->home) // it has started
            own_home_remove(run->home);
        if (!run->skip_line)
            run->job->on_line((const char *) run->line->data, run->line->len, run->job->data);
        g_byte_array_set_size(run->line, 0);
        run->skip_line = false;
        data += part + 1;
        len -= part + 1;
    }
}

static void take_messages(Run *run, const char *data, size_t len)
{
    g_string_append_len(run->messages, data, (gssize) MIN(len, MAX_MESSAGES - run->messages->len));
}

static gboolean read_pipe(GPollableInputStream *pipe, Run *run, void (*take)(Run *run, const char *data, size_t len))
{
    char buffer[16384];
    g_autoptr(GError) error = NULL;
    gssize n = g_pollable_input_stream_read_nonblocking(pipe, buffer, sizeof(buffer), NULL, &error);
    run->moved = g_get_monotonic_time();
    if (n > 0)
        take(run, buffer, (size_t) n);
    if (n > 0 || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
    run->open--;
    return G_SOURCE_REMOVE;
}

static gboolean on_output(GObject *pipe, gpointer data)
{
    return read_pipe(G_POLLABLE_INPUT_STREAM(pipe), data, take_output);
}

static gboolean on_messages(GObject *pipe, gpointer data)
{
    return read_pipe(G_POLLABLE_INPUT_STREAM(pipe), data, take_messages);
}

static void on_child_end(GObject *child, GAsyncResult *result, gpointer data)
{
    Run *run = data;
    (void) g_subprocess_wait_finish(G_SUBPROCESS(child), result, NULL);
    run->ended = true;
}

static void kill_group(const Run *run)
{
    if (run->pid > 0)
        (void) kill(-run->pid, SIGKILL);
}

/** Ends the child and what it started; may be called by another thread. */
static void end_run(gpointer data)
{
    Run *run = data;
    kill_group(run);
    if (run->home)
        own_home_remove(run->home);
}

/** How much the child has read so far; what is told of another process, or of none, is 0. */
static uint64_t count_read(const Run *run)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/io", (int) run->pid);
    g_autofree char *text = NULL;
    const char *count = g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, "rchar: ") : NULL;
    return count ? g_ascii_strtoull(count + strlen("rchar: "), NULL, 10) : 0;
}

/** Since when the child alone keeps us waiting; 0: it does not. */
static int64_t waits_since(Run *run)
{
    if (run->job->waits) {
        int64_t since = run->job->waits(run->job->waits_data);
        return since ? MAX(since, run->moved) : 0;
    }
    uint64_t read = count_read(run);
    bool goes_on = read == 0 || read != run->read;
    run->read = read;
    if (goes_on)
        run->moved = g_get_monotonic_time();
    return run->moved;
}

static gboolean on_tick(gpointer data)
{
    Run *run = data;
    int64_t since = waits_since(run);
    if (since && g_get_monotonic_time() - since > (int64_t) tshark_patience() * G_USEC_PER_SEC) {
        run->end->hung = true;
        end_run(run);
    }
    return G_SOURCE_CONTINUE;
}

static void add_pipe(Run *run, GPtrArray *sources, GInputStream *pipe, gboolean (*func)(GObject *pipe, gpointer data))
{
    source_list_add(sources, run->context, g_pollable_input_stream_create_source(G_POLLABLE_INPUT_STREAM(pipe), NULL),
                    G_SOURCE_FUNC(func), run);
    run->open++;
}

/** What has inherited the pipes from a child that ended does not hold the end. */
static void loop(Run *run)
{
    g_autoptr(GPtrArray) sources = source_list_new();
    add_pipe(run, sources, g_subprocess_get_stdout_pipe(run->child), on_output);
    add_pipe(run, sources, g_subprocess_get_stderr_pipe(run->child), on_messages);
    if (!(run->job->flags & TSHARK_APART))
        source_list_add(sources, run->context, g_timeout_source_new_seconds(1), on_tick, run);
    g_subprocess_wait_async(run->child, NULL, on_child_end, run);
    run->moved = g_get_monotonic_time();
    bool more = true;
    while (!run->ended || (run->open > 0 && more))
        more = g_main_context_iteration(run->context, !run->ended);
    if (run->open > 0)
        kill_group(run);
    if (run->line->len > 0 && !run->skip_line)
        run->job->on_line((const char *) run->line->data, run->line->len, run->job->data);
}

void tshark_leave_session(gpointer data)
{
    (void) data;
    (void) setsid();
}

/** Between fork and exec. Its group is its own, so that what it starts can be ended with it. */
static void prepare_child(gpointer flags)
{
    if (GPOINTER_TO_UINT(flags) & TSHARK_APART)
        tshark_leave_session(NULL);
    else
        (void) setpgid(0, 0);
    if (GPOINTER_TO_UINT(flags) & TSHARK_CONFINED)
        fence_close();
}

static void set_environment(GSubprocessLauncher *launcher, const OwnHome *home)
{
    // --enable-protocol would not do: it enables only what is disabled by default. The data are names of manufacturers,
    // enterprises and the like, which take long to read.
    if (home) {
        g_subprocess_launcher_setenv(launcher, "HOME", own_home_path(home), TRUE);
        g_subprocess_launcher_setenv(launcher, "WIRESHARK_CONFIG_DIR", "/nonexistent", TRUE);
        g_subprocess_launcher_setenv(launcher, "WIRESHARK_DATA_DIR", "/nonexistent", TRUE);
    }
    // A fifth of tshark's start is memory that is asked for bit by bit.
    g_subprocess_launcher_setenv(launcher, "MALLOC_TOP_PAD_", "33554432", FALSE);
    g_subprocess_launcher_setenv(launcher, "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", FALSE);
}

static GSubprocess *start(const TsharkJob *job, const OwnHome *home, GError **error)
{
    GSubprocessFlags pipes = G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(pipes);
    if (job->input >= 0)
        g_subprocess_launcher_take_stdin_fd(launcher, job->input);
    set_environment(launcher, home);
    g_subprocess_launcher_set_child_setup(launcher, prepare_child, GUINT_TO_POINTER(job->flags), NULL);
    if (job->file >= 0)
        g_subprocess_launcher_take_fd(launcher, fcntl(job->file, F_DUPFD_CLOEXEC, CHILD_FILE + 1), CHILD_FILE);
    return g_subprocess_launcher_spawnv(launcher, job->argv, error);
}

/** To its end. */
static void follow(Run *run)
{
    const char *pid = g_subprocess_get_identifier(run->child);
    run->pid = pid ? (pid_t) g_ascii_strtoll(pid, NULL, 10) : 0;
    run->line = g_byte_array_new();
    run->messages = g_string_new(NULL);
    Interrupt *interrupt = run->job->flags & TSHARK_APART ? NULL : interrupt_add(end_run, run);
    loop(run);
    interrupt_remove(interrupt);
    g_byte_array_unref(run->line);
    run->end->messages = g_string_free(run->messages, FALSE);
    if (g_subprocess_get_if_exited(run->child))
        run->end->status = g_subprocess_get_exit_status(run->child);
    else if (g_subprocess_get_if_signaled(run->child))
        run->end->signal = g_subprocess_get_term_sig(run->child);
}

bool tshark_run(const TsharkJob *job, TsharkEnd *end, GError **error)
{
    *end = (TsharkEnd){.status = -1};
    g_autoptr(GMainContext) context = g_main_context_new();
    g_main_context_push_thread_default(context);
    g_autoptr(GError) fault = NULL;
    bool confined = job->flags & TSHARK_CONFINED;
    g_autoptr(OwnHome) home = confined ? own_home_new(&fault) : NULL;
    g_autoptr(GSubprocess) child = fault ? NULL : start(job, home, &fault);
    Run run = {.job = job, .context = context, .child = child, .home = home, .end = end};
    if (child)
        follow(&run);
    else
        g_set_error(error, TSHARK_ERROR, TSHARK_ERROR_MISSING, "%s cannot be run: %s", job->argv[0], fault->message);
    if (confined && !home && job->input >= 0) // who writes to it must not wait
        (void) close(job->input);
    g_main_context_pop_thread_default(context);
    return child != NULL;
}

static void append_line(const char *line, size_t len, gpointer data)
{
    GString *output = data;
    if (output->len + len < MAX_OUTPUT)
        g_string_append_printf(output, "%.*s\n", (int) len, line);
}

char *tshark_output(const char *const *argv, TsharkEnd *end, GError **error)
{
    GString *output = g_string_new(NULL);
    const TsharkJob job = {.argv = argv, .input = -1, .file = -1, .on_line = append_line, .data = output};
    bool ok = tshark_run(&job, end, error);
    return g_string_free(output, !ok);
}

/** The text behind `prefix` when `text` starts with it, else `text`. */
static const char *behind(const char *text, const char *prefix)
{
    return g_str_has_prefix(text, prefix) ? text + strlen(prefix) : text;
}

char *tshark_join_detail(const char *line, const char *next)
{
    const char *detail = next && next[0] == '(' ? next : NULL;
    g_autofree char *whole = g_strconcat(line, detail ? " " : "", detail, NULL);
    return g_utf8_make_valid(whole, -1);
}

char *tshark_reason(const char *messages, const char *path)
{
    g_auto(GStrv) lines = g_strsplit(messages ? messages : "", "\n", -1);
    g_autofree char *as_subject = g_strdup_printf("The file \"%s\" ", path ? path : "");
    g_autofree char *as_name = g_strdup_printf("\"%s\" ", path ? path : "");
    for (size_t i = 0; lines[i]; i++) {
        const char *text = behind(lines[i], "tshark: ");
        if (text == lines[i])
            continue;
        text = behind(behind(behind(text, as_subject), as_name), "The standard input ");
        text = behind(behind(text, "appears to have been "), "appears to be ");
        size_t len = strlen(text);
        g_autofree char *reason = g_strndup(text, g_str_has_suffix(text, ".") ? len - 1 : len);
        return tshark_join_detail(reason, lines[i + 1]);
    }
    return NULL;
}

char *tshark_explain(const TsharkEnd *end, const char *path)
{
    if (end->hung)
        return g_strdup_printf("tshark did nothing for %u s and was ended", tshark_patience());
    char *reason = tshark_reason(end->messages, path);
    if (reason)
        return reason;
    if (end->signal)
        return g_strdup_printf("tshark broke down part-way (signal %d, %s)", end->signal, g_strsignal(end->signal));
    if (end->status != 0)
        return g_strdup_printf("tshark gave up part-way (exit status %d)", end->status);
    return g_strdup("tshark ended before it had processed the whole capture");
}

char *tshark_version(const char *tshark, GError **error)
{
    const char *const argv[] = {tshark, "--version", NULL};
    g_auto(TsharkEnd) end;
    g_autofree char *output = tshark_output(argv, &end, error);
    if (!output)
        return NULL;
    g_autoptr(GRegex) first_line = g_regex_new("^TShark[^\\n]*? ([0-9]+(?:\\.[0-9A-Za-z]+)+)", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(first_line, output, 0, &match)) {
        g_autofree char *reason = tshark_reason(end.messages, NULL);
        if (reason)
            g_set_error(error, TSHARK_ERROR, TSHARK_ERROR_MISSING, "%s does not work; it says: %s", tshark, reason);
        else
            g_set_error(error, TSHARK_ERROR, TSHARK_ERROR_MISSING, "%s is not tshark: it does not tell a version",
                        tshark);
        return NULL;
    }
    return g_match_info_fetch(match, 1);
}
