// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/watch.h"

#include "base/source-list.h"
#include "capture/stream.h"
#include "reading/relay.h"
#include "scan/scan.h"
#include "tshark/dumpcap.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK 250 ///< milliseconds
#define CHUNK ((size_t) 256 << 10)

typedef struct {
    const WatchOptions *options;
    WatchEnd *end;
    Dumpcap *dumpcap; ///< NULL: standard input
    GMainLoop *loop;
    bool stopped; ///< by a signal
    int wake[2];  ///< written to when standard input is to be read no longer
    // of the thread that reads
    CaptureStream *stream;
    Scan *scan;
    Relay *relay;
    GError *error;
    bool unable; ///< tshark cannot work at all
    // of the threads that tell
    GMutex lock;
    int64_t activities;
    char *note;   ///< why not all was read
    int unwanted; ///< nobody takes records any more; atomic
} Watch;

void watch_end_clear(WatchEnd *end)
{
    g_clear_pointer(&end->counts, g_array_unref);
    g_clear_pointer(&end->unanswered, g_array_unref);
    g_clear_pointer(&end->fault, g_free);
}

/** Lets the capture end, from any thread; what was captured is still read. */
static void stop(Watch *w)
{
    if (w->dumpcap)
        dumpcap_stop(w->dumpcap);
    else
        (void) !write(w->wake[1], "", 1);
}

// ---- the threads that tell

static void take_record(RecordSet *set, bool count, const char *note, gpointer data)
{
    Watch *w = data;
    const GPtrArray *interfaces = w->options->interfaces;
    g_mutex_lock(&w->lock);
    const char *why = note ? note : w->note;
    for (guint i = 0; i < interfaces->len; i++)
        record_set_add_file(set, g_ptr_array_index(interfaces, i), g_strdup(why));
    if (interfaces->len == 0)
        record_set_add_file(set, "-", g_strdup(why));
    if (!g_atomic_int_get(&w->unwanted) && !w->options->func(set, count, w->options->data)) {
        g_atomic_int_set(&w->unwanted, 1);
        stop(w);
    }
    g_mutex_unlock(&w->lock);
}

static void take_call(Record *record, const RecordCall *call, gpointer data)
{
    Watch *w = data;
    g_mutex_lock(&w->lock);
    if (!g_atomic_int_get(&w->unwanted) && !w->options->call(record, call, w->options->data)) {
        g_atomic_int_set(&w->unwanted, 1);
        stop(w);
    }
    g_mutex_unlock(&w->lock);
}

static int64_t next_activity(gpointer data)
{
    Watch *w = data;
    g_mutex_lock(&w->lock);
    int64_t number = ++w->activities;
    g_mutex_unlock(&w->lock);
    return number;
}

// ---- the thread that reads

/** Hands on what is there. */
static bool hand_on(Watch *w)
{
    w->unable = !relay_tick(w->relay, &w->error);
    return !w->unable;
}

/** Takes the packets that have come as a whole. False when nothing more can be read. */
static bool take_packets(Watch *w)
{
    CapturePacket packet;
    while (capture_stream_next(w->stream, &packet, &w->error))
        scan_packet(w->scan, &packet);
    return !w->error;
}

/** Waits for bytes until the next tick; 1 when there are some, 0 when there are none, -1 when no more are wanted. */
static int wait_for_bytes(const Watch *w, int fd, int64_t next_tick)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = w->wake[0], .events = POLLIN}};
    int64_t rest = MAX(next_tick - g_get_monotonic_time(), 0) / 1000;
    int n = poll(fds, G_N_ELEMENTS(fds), (int) rest);
    if (n > 0 && fds[1].revents)
        return -1;
    return n > 0 && fds[0].revents;
}

/** Reads all that comes. Whatever is there is handed on before it waits for more. */
static void read_capture(Watch *w, int fd)
{
    g_autofree uint8_t *chunk = g_malloc(CHUNK);
    int64_t next_tick = g_get_monotonic_time();
    for (;;) {
        int64_t now = g_get_monotonic_time();
        if (now >= next_tick) {
            next_tick = now + (int64_t) TICK * 1000;
            scan_tick(w->scan);
            if (!hand_on(w))
                return;
        }
        int ready = wait_for_bytes(w, fd, 0);
        if (ready == 0) {
            if (!hand_on(w))
                return;
            ready = wait_for_bytes(w, fd, next_tick);
        }
        ssize_t n = ready > 0 ? read(fd, chunk, CHUNK) : 1;
        if (ready < 0 || n == 0)
            return;
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            g_set_error_literal(&w->error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE, g_strerror(errno));
            return;
        }
        if (ready > 0 && n > 0) {
            capture_stream_add(w->stream, chunk, (size_t) n);
            if (!take_packets(w))
                return;
        }
    }
}

static void add_note(Watch *w, char *text)
{
    g_mutex_lock(&w->lock);
    g_autofree char *before = w->note;
    w->note = before ? g_strconcat(before, "; ", text, NULL) : g_strdup(text);
    g_mutex_unlock(&w->lock);
    g_free(text);
}

/** What was lost on the way here stands in the records that are still to come. */
static void note_losses(Watch *w)
{
    uint64_t dropped = w->end->dropped = capture_stream_dropped(w->stream);
    if (w->end->counts->len > 0)
        dropped = 0;
    for (guint i = 0; i < w->end->counts->len; i++)
        dropped += g_array_index(w->end->counts, DumpcapCount, i).dropped;
    if (dropped > 0)
        add_note(w, g_strdup_printf("%" PRIu64 " packets were lost while capturing", dropped));
}

static gboolean on_finished(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

/** What ended the reading early becomes the fault, or the error when there was nothing before. */
static void judge_end(Watch *w, bool interrupted)
{
    if (!w->error && !interrupted)
        (void) capture_stream_end(w->stream, &w->error);
    g_autoptr(GError) fault = NULL;
    if (w->dumpcap && !dumpcap_wait(w->dumpcap, w->end->counts, &fault) && !w->unable) { // it knows better why
        g_clear_error(&w->error);
        w->error = g_steal_pointer(&fault);
    }
    if (!w->error || capture_stream_packets(w->stream) == 0 || w->unable)
        return;
    w->end->fault = g_strdup(w->error->message);
    add_note(w, g_strdup(w->error->message));
    g_clear_error(&w->error);
}

static gpointer read_and_finish(gpointer data)
{
    Watch *w = data;
    int fd = w->dumpcap ? dumpcap_fd(w->dumpcap) : STDIN_FILENO;
    read_capture(w, fd);
    struct pollfd woken = {.fd = w->wake[0], .events = POLLIN};
    judge_end(w, poll(&woken, 1, 0) > 0);
    note_losses(w);
    scan_finish(w->scan);
    g_autoptr(GError) error = NULL;
    if (!relay_finish(w->relay, &error) && !w->error)
        w->error = g_steal_pointer(&error);
    (void) g_idle_add(on_finished, w->loop);
    return NULL;
}

// ---- the main thread

static gboolean on_signal(int number, gpointer data)
{
    (void) number;
    Watch *w = data;
    if (!w->stopped)
        stop(w);
    w->stopped = true;
    return G_SOURCE_REMOVE; // a second one ends at once
}

static gboolean on_output_gone(int fd, GIOCondition condition, gpointer data)
{
    (void) fd;
    (void) condition;
    Watch *w = data;
    g_atomic_int_set(&w->unwanted, 1);
    stop(w);
    return G_SOURCE_REMOVE;
}

static void run(Watch *w)
{
    g_autoptr(GPtrArray) sources = source_list_new();
    source_list_add_signals(sources, NULL, on_signal, w);
    struct stat st;
    if (fstat(w->options->output, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
        source_list_add(sources, NULL, g_unix_fd_source_new(w->options->output, G_IO_ERR),
                        G_SOURCE_FUNC(on_output_gone), w);
    w->loop = g_main_loop_new(NULL, FALSE);
    GThread *thread = g_thread_new("read", read_and_finish, w);
    g_main_loop_run(w->loop);
    (void) g_thread_join(thread);
    g_main_loop_unref(w->loop);
}

static bool open_all(Watch *w, const FollowerOptions *how)
{
    const WatchOptions *o = w->options;
    if (pipe2(w->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        g_set_error_literal(&w->error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE, g_strerror(errno));
        return false;
    }
    if (o->interfaces->len > 0 && !(w->dumpcap = dumpcap_start(o->capture.tshark, o->interfaces, o->filter, &w->error)))
        return false;
    w->relay = relay_new(how, o->limit, &w->error);
    return w->relay != NULL;
}

bool watch(const WatchOptions *options, WatchEnd *end, GError **error)
{
    *end = (WatchEnd){.counts = g_array_new(FALSE, FALSE, sizeof(DumpcapCount))};
    Watch w = {.options = options, .end = end, .wake = {-1, -1}};
    g_mutex_init(&w.lock);
    const FollowerOptions how = {
        .capture = &options->capture,
        .min_confidence = options->min_confidence,
        .record = take_record,
        .call = options->call ? take_call : NULL,
        .activity = next_activity,
        .data = &w,
    };
    if (open_all(&w, &how)) {
        const ScanOptions scan = {.everything = options->capture.everything,
                                  .keys = options->capture.keys->fd >= 0,
                                  .smb = options->capture.artifacts};
        w.stream = capture_stream_new(options->interfaces->len > 0);
        w.scan = scan_new(&scan, relay_packet, w.relay);
        run(&w);
        capture_stream_free(w.stream);
        end->seen = *scan_counts(w.scan);
        end->unanswered = unanswered_list(scan_unanswered(w.scan));
        scan_free(w.scan);
        relay_free(w.relay);
    }
    g_clear_pointer(&w.dumpcap, dumpcap_free);
    for (size_t i = 0; i < G_N_ELEMENTS(w.wake); i++) {
        if (w.wake[i] >= 0)
            (void) close(w.wake[i]);
    }
    g_mutex_clear(&w.lock);
    g_free(w.note);
    end->unwanted = g_atomic_int_get(&w.unwanted);
    bool ok = !w.error;
    if (w.error)
        g_propagate_error(error, w.error);
    return ok;
}
