// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture.h"

#include "plugin-files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(car - capture - error - quark, capture_error)

/// What the result depends on. The user's settings are not read, but those for all users are.
static const char *const preferences[] = {
    "ip.defragment:TRUE",
    "ip.check_checksum:FALSE",
    "ipv6.defragment:TRUE",
    "tcp.check_checksum:FALSE",
    "tcp.analyze_sequence_numbers:TRUE",
    "tcp.desegment_tcp_streams:TRUE",
    // Core would wait for a packet that was lost, and show nothing more of that direction.
    "tcp.reassemble_out_of_order:FALSE",
    "dcerpc.desegment_dcerpc:TRUE",
    "dcerpc.reassemble_dcerpc:TRUE",
};

/// The same when there are keys; the child finds them in the file that it is handed.
static const char *const key_preferences[] = {
    "kerberos.decrypt:TRUE",
    "kerberos.file:" TSHARK_FILE,
};

static void add_preferences(GPtrArray *argv, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_ptr_array_add(argv, g_strdup("-o"));
        g_ptr_array_add(argv, g_strdup(list[i]));
    }
}

static GPtrArray *make_argv(const char *tshark, const Keys *keys, const char *path)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup(tshark));
    g_ptr_array_add(argv, g_strdup("-n"));
    g_ptr_array_add(argv, g_strdup("-q"));
    add_preferences(argv, preferences, G_N_ELEMENTS(preferences));
    if (keys->fd >= 0)
        add_preferences(argv, key_preferences, G_N_ELEMENTS(key_preferences));
    g_ptr_array_add(argv, g_strdup("-z"));
    g_ptr_array_add(argv, g_strdup("car,events"));
    g_ptr_array_add(argv, g_strdup("-r"));
    bool looks_like_option = path[0] == '-' && path[1] != '\0';
    g_ptr_array_add(argv, looks_like_option ? g_build_filename(".", path, NULL) : g_strdup(path));
    g_ptr_array_add(argv, NULL);
    return argv;
}

static bool check_file(const char *path, GError **error)
{
    if (strcmp(path, "-") == 0)
        return true;
    struct stat st;
    const char *fault = NULL;
    if (stat(path, &st) != 0)
        fault = errno == ENOENT ? "does not exist" : g_strerror(errno);
    else if (S_ISDIR(st.st_mode))
        fault = "is a directory: name the captures in it";
    else if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
        fault = "is neither a file nor a pipe";
    else if (S_ISREG(st.st_mode) && st.st_size == 0)
        fault = "is empty";
    else if (access(path, R_OK) != 0)
        fault = errno == EACCES ? "may not be read by you (permission denied)" : g_strerror(errno);
    if (fault)
        g_set_error_literal(error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE, fault);
    return !fault;
}

/// Why the records are not all that the capture holds; NULL when they are.
static char *make_note(const EventStream *stream, const TsharkEnd *end, const char *path)
{
    if (end->status != 0 || !stream->done) {
        char *reason = tshark_reason(end->messages, path);
        if (reason)
            return reason;
        if (end->signal)
            return g_strdup_printf("tshark broke down part-way (signal %d, %s)", end->signal, g_strsignal(end->signal));
        if (end->status != 0)
            return g_strdup_printf("tshark gave up part-way (exit status %d)", end->status);
        return g_strdup("tshark ended before it had processed the whole capture");
    }
    if (stream->full)
        return g_strdup("more was found than is kept: the last part is missing");
    if (stream->malformed || end->lines_cut)
        return g_strdup_printf("%u of the plugin's events could not be understood", stream->malformed + end->lines_cut);
    return NULL;
}

static void take_line(const char *line, size_t len, gpointer data)
{
    event_fold_line(data, line, len);
}

bool capture_fold(const char *tshark, const Keys *keys, const char *path, EventFold *fold, TsharkEnd *end,
                  GError **error)
{
    g_autoptr(GPtrArray) argv = make_argv(tshark, keys, path);
    TsharkFlags flags = TSHARK_NO_SETTINGS | (strcmp(path, "-") == 0 ? TSHARK_STDIN : 0);
    return tshark_run((const char *const *) argv->pdata, flags, keys->fd, take_line, fold, end, error);
}

bool capture_probe(const char *tshark, EventFold *fold, TsharkEnd *end, GError **error)
{
    /// A pcap file header: version 2.4, Ethernet.
    static const char empty[24] = {'\xd4', '\xc3', '\xb2', '\xa1', 2, 0, 4, 0, [16] = '\xff', '\xff', 0, 0, 1};
    *end = (TsharkEnd){.status = -1};
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("car-wmi-XXXXXX.pcap", &path, error);
    if (fd < 0)
        return false;
    bool written = write(fd, empty, sizeof empty) == sizeof empty;
    (void) close(fd);
    if (!written)
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE, "%s cannot be written", path);
    bool ok = written && capture_fold(tshark, &KEYS_NONE, path, fold, end, error);
    (void) unlink(path);
    return ok;
}

static void set_no_plugin(GError **error)
{
    g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_NO_PLUGIN,
                "tshark has not loaded the plugin car.so%s: \"car-wmi doctor\" tells why",
                plugin_files_ignored() ? " (Wireshark ignores WIRESHARK_PLUGIN_DIR and personal plugins for root: "
                                         "run as another user)"
                                       : "");
}

/// Why calls are still sealed although there were keys.
static void explain_sealed(RecordSet *set)
{
    for (guint i = 0; i < set->records->len; i++) {
        GArray *calls = ((Record *) g_ptr_array_index(set->records, i))->calls;
        for (guint j = 0; j < calls->len; j++) {
            Call *call = &g_array_index(calls, Call, j);
            if (call->sealed == ANSWER_YES && !call->undecodable)
                call->undecodable = "sealed, and the keys given do not open it";
        }
    }
}

RecordSet *capture_read(const char *tshark, const Keys *keys, const char *path, GError **error)
{
    if (!check_file(path, error))
        return NULL;
    g_autoptr(EventFold) fold = event_fold_new(0);
    g_auto(TsharkEnd) end;
    if (!capture_fold(tshark, keys, path, fold, &end, error))
        return NULL;
    const EventStream *stream = event_fold_stream(fold);
    if (!stream->begun) {
        bool refused = strstr(end.messages, "Invalid -z argument");
        g_autofree char *reason = refused ? NULL : make_note(stream, &end, path);
        if (refused || end.status == 0)
            set_no_plugin(error);
        else
            g_set_error_literal(error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE, reason);
        return NULL;
    }
    if (stream->format != EVENT_FORMAT) {
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_NO_PLUGIN,
                    "the plugin (version %s) and this car-wmi (" CAR_VERSION
                    ") do not fit: install both from one release",
                    stream->plugin_version ? stream->plugin_version : "unknown");
        return NULL;
    }
    char *note = make_note(stream, &end, path);
    RecordSet *set = event_fold_finish(fold);
    set->path = g_utf8_make_valid(path, -1);
    set->note = note;
    set->complete = !note;
    if (keys->fd >= 0)
        explain_sealed(set);
    return set;
}
