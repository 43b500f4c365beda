// SPDX-License-Identifier: GPL-2.0-or-later
#include "tshark/dumpcap.h"

#include "tshark/tshark.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <signal.h>
#include <string.h>

#define MAX_MESSAGES ((size_t) 64 << 10)
#define PIPE_SIZE (1 << 20)
#define BUFFER_MIB "64" ///< of the kernel, for each interface

G_DEFINE_QUARK(car - dumpcap - error - quark, dumpcap_error)

struct Dumpcap {
    char *program;
    GPtrArray *interfaces; ///< char *
    GSubprocess *child;
    GThread *thread;
    GString *messages; ///< of the thread, until it ended
};

static char *how_to_be_allowed(const char *program)
{
    return g_strdup_printf(
        "run as root, or let users of the group wireshark capture: \"sudo dpkg-reconfigure "
        "wireshark-common\" (answer Yes), \"sudo usermod -aG wireshark %s\", then log in again; where "
        "Wireshark is not Debian's: \"sudo setcap cap_net_raw,cap_net_admin=ep %s\"",
        g_get_user_name(), program);
}

static gpointer read_messages(gpointer data)
{
    Dumpcap *d = data;
    GInputStream *pipe = g_subprocess_get_stderr_pipe(d->child);
    char buffer[4096];
    gssize n;
    while ((n = g_input_stream_read(pipe, buffer, sizeof(buffer), NULL, NULL)) > 0) {
        if (d->messages->len > MAX_MESSAGES) // the end matters most
            g_string_erase(d->messages, 0, MAX_MESSAGES / 2);
        g_string_append_len(d->messages, buffer, n);
    }
    return NULL;
}

static GPtrArray *make_argv(const Dumpcap *d, const char *filter)
{
    GPtrArray *argv = g_ptr_array_new();
    g_ptr_array_add(argv, d->program);
    const char *const options[] = {"-q", "-w", "-", "-B", BUFFER_MIB};
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        g_ptr_array_add(argv, (gpointer) options[i]);
    if (filter) { // before the interfaces it is for all of them
        g_ptr_array_add(argv, "-f");
        g_ptr_array_add(argv, (gpointer) filter);
    }
    for (guint i = 0; i < d->interfaces->len; i++) {
        g_ptr_array_add(argv, "-i");
        g_ptr_array_add(argv, g_ptr_array_index(d->interfaces, i));
    }
    g_ptr_array_add(argv, NULL);
    return argv;
}

Dumpcap *dumpcap_start(const char *tshark, const GPtrArray *interfaces, const char *filter, GError **error)
{
    g_autoptr(Dumpcap) d = g_new0(Dumpcap, 1);
    d->messages = g_string_new(NULL);
    d->interfaces = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < interfaces->len; i++)
        g_ptr_array_add(d->interfaces, g_strdup(g_ptr_array_index(interfaces, i)));
    d->program = tshark_companion(tshark, "dumpcap");
    if (!d->program) {
        g_set_error(error, DUMPCAP_ERROR, DUMPCAP_ERROR_MISSING,
                    "dumpcap is neither beside tshark nor in PATH, or may not be run by you: install it (apt install "
                    "wireshark-common), or run as root or as a user of the group wireshark");
        return NULL;
    }
    g_autoptr(GPtrArray) argv = make_argv(d, filter);
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_subprocess_launcher_set_child_setup(launcher, tshark_leave_session, NULL, NULL);
    g_autoptr(GError) fault = NULL;
    d->child = g_subprocess_launcher_spawnv(launcher, (const char *const *) argv->pdata, &fault);
    if (!d->child) {
        g_autofree char *mend = how_to_be_allowed(d->program);
        g_set_error(error, DUMPCAP_ERROR, DUMPCAP_ERROR_MISSING, "%s cannot be run (%s): %s", d->program,
                    fault->message, mend);
        return NULL;
    }
    (void) fcntl(dumpcap_fd(d), F_SETPIPE_SZ, PIPE_SIZE); // more than it may be is not given
    d->thread = g_thread_new("dumpcap", read_messages, d);
    return g_steal_pointer(&d);
}

int dumpcap_fd(const Dumpcap *d)
{
    return g_unix_input_stream_get_fd(G_UNIX_INPUT_STREAM(g_subprocess_get_stdout_pipe(d->child)));
}

void dumpcap_stop(Dumpcap *d)
{
    g_subprocess_send_signal(d->child, SIGINT);
}

/** The names of the interfaces there are, and the numbers that stand for them: "1. eth0 (…)". NULL: it cannot be told. */
static GPtrArray *list_interfaces(const char *program)
{
    const char *const argv[] = {program, "-D", NULL};
    g_auto(TsharkEnd) end;
    g_autofree char *output = tshark_output(argv, &end, NULL);
    if (!output || end.status != 0 || !*output)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        const char *name = strchr(lines[i], ' ');
        if (name)
            g_ptr_array_add(names, g_strndup(name + 1, strcspn(name + 1, " ")));
    }
    return names;
}

/** An interface that was named and is not there; NULL when there is none. */
static const char *find_missing(const Dumpcap *d, const GPtrArray *names)
{
    for (guint i = 0; i < d->interfaces->len; i++) {
        const char *name = g_ptr_array_index(d->interfaces, i);
        bool number = *name && strspn(name, "0123456789") == strlen(name);
        bool elsewhere = strpbrk(name, "/:@"); // a pipe, another host
        if (!number && !elsewhere && !g_ptr_array_find_with_equal_func((GPtrArray *) names, name, g_str_equal, NULL))
            return name;
    }
    return NULL;
}

/** "dumpcap: …" */
static char *find_reason(const char *messages)
{
    g_auto(GStrv) lines = g_strsplit(messages, "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], "dumpcap: "))
            return tshark_join_detail(lines[i], lines[i + 1]);
    }
    return NULL;
}

static void explain(const Dumpcap *d, GError **error)
{
    g_autofree char *reason = find_reason(d->messages->str);
    g_autoptr(GPtrArray) names = list_interfaces(d->program);
    const char *missing = names ? find_missing(d, names) : NULL;
    if (missing) {
        g_ptr_array_add(names, NULL);
        g_autofree char *list = g_strjoinv(", ", (char **) names->pdata);
        g_set_error(error, DUMPCAP_ERROR, DUMPCAP_ERROR_CAPTURE, "there is no interface %s: there are %s", missing,
                    list);
    } else if (reason && strstr(reason, "permission")) {
        g_autofree char *mend = how_to_be_allowed(d->program);
        g_set_error(error, DUMPCAP_ERROR, DUMPCAP_ERROR_CAPTURE, "%s: %s", reason, mend);
    } else if (reason) {
        g_set_error_literal(error, DUMPCAP_ERROR, DUMPCAP_ERROR_CAPTURE, reason);
    } else if (g_subprocess_get_if_signaled(d->child)) {
        g_set_error(error, DUMPCAP_ERROR, DUMPCAP_ERROR_CAPTURE, "dumpcap broke down (signal %d)",
                    g_subprocess_get_term_sig(d->child));
    } else {
        g_set_error(error, DUMPCAP_ERROR, DUMPCAP_ERROR_CAPTURE, "dumpcap gave up (exit status %d)",
                    g_subprocess_get_exit_status(d->child));
    }
}

/** Reads what it says at its end. */
static void read_counts(const char *messages, GArray *counts)
{
    g_autoptr(GRegex) line = g_regex_new("^Packets received/dropped on interface '.*': ([0-9]+)/([0-9]+) \\(",
                                         G_REGEX_MULTILINE | G_REGEX_RAW, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(line, messages, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *received = g_match_info_fetch(match, 1), *dropped = g_match_info_fetch(match, 2);
        DumpcapCount count = {g_ascii_strtoull(received, NULL, 10), g_ascii_strtoull(dropped, NULL, 10)};
        g_array_append_val(counts, count);
    }
}

bool dumpcap_wait(Dumpcap *d, GArray *counts, GError **error)
{
    dumpcap_stop(d);
    (void) g_input_stream_close(g_subprocess_get_stdout_pipe(d->child), NULL, NULL);
    (void) g_thread_join(g_steal_pointer(&d->thread));
    (void) g_subprocess_wait(d->child, NULL, NULL);
    read_counts(d->messages->str, counts);
    // It says what went wrong, and not always by its exit status.
    if (!strstr(d->messages->str, "dumpcap: ") && g_subprocess_get_successful(d->child))
        return true;
    explain(d, error);
    return false;
}

void dumpcap_free(Dumpcap *d)
{
    g_clear_object(&d->child);
    g_string_free(d->messages, TRUE);
    g_ptr_array_unref(d->interfaces);
    g_free(d->program);
    g_free(d);
}
