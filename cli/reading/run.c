// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/run.h"

#include "capture/writer.h"

#define FOLD_LIMIT ((size_t) 256 << 20)

/** What was told of a connection. */
typedef struct {
    RecordState state;
    Confidence confidence;
    int64_t frames;
} Told;

struct WatchRun {
    const WatchRunOptions *options;
    FrameMap *frames;
    EventFold *fold;
    CaptureWriter *writer; ///< NULL once nothing more comes
    GThread *thread;
    int fd;                   ///< that tshark reads
    int64_t packets;          ///< that were added
    _Atomic int64_t borrowed; ///< connections that begin with so many packets are not told of
    int ended;                ///< atomic
    GHashTable *told;         ///< number of the conversation → Told
    GHashTable *activities;   ///< tshark's number → ours, int64_t each
    char *note;
    GError *error;
};

static int64_t number_activity(WatchRun *run, int64_t activity)
{
    if (activity == NUMBER_UNKNOWN)
        return activity;
    int64_t *number = g_hash_table_lookup(run->activities, &activity);
    if (!number) {
        number = g_new(int64_t, 1);
        *number = run->options->activity(run->options->data);
        g_hash_table_insert(run->activities, g_memdup2(&activity, sizeof(activity)), number);
    }
    return *number;
}

/** Whether there is something new to say. */
static bool is_news(const Told *told, const Record *r, RecordState state)
{
    if (state == RECORD_OPEN)
        return told->confidence < r->confidence;
    return told->state <= RECORD_OPEN || told->frames != r->frames.count;
}

static void tell(WatchRun *run, int64_t conn, RecordState state)
{
    g_autoptr(RecordSet) set = event_fold_view(run->fold, conn);
    Record *r = set ? g_ptr_array_index(set->records, 0) : NULL;
    if (!r || r->confidence < run->options->min_confidence || r->order <= run->borrowed)
        return;
    Told *told = g_hash_table_lookup(run->told, &conn);
    if (!told) {
        told = g_new0(Told, 1);
        g_hash_table_insert(run->told, g_memdup2(&conn, sizeof(conn)), told);
    }
    if (!is_news(told, r, state))
        return;
    bool count = state != RECORD_OPEN && told->state <= RECORD_OPEN;
    *told = (Told){state, r->confidence, r->frames.count};
    r->state = state;
    if (run->options->capture->keys->fd >= 0)
        capture_explain_sealed(r);
    // The numbers are those of this tshark: for the time of the call they are the watch's.
    int64_t activity = r->activity;
    for (guint i = 0; i < set->records->len; i++)
        ((Record *) g_ptr_array_index(set->records, i))->activity = number_activity(run, activity);
    run->options->record(set, count, run->note, run->options->data);
    for (guint i = 0; i < set->records->len; i++) {
        Record *other = g_ptr_array_index(set->records, i);
        other->activity = activity;
        other->allowed.rule = other->allowed.reason = NULL; // texts of the set; more may be known the next time
    }
}

static void take_news(EventFold *fold, int64_t conn, FoldNews news, gpointer data)
{
    (void) fold;
    tell(data, conn, news == FOLD_CLOSED ? RECORD_CLOSED : RECORD_OPEN);
}

/** What is not closed, and what went on after a close, which may have been forged. */
static void tell_rest(WatchRun *run)
{
    g_autoptr(GArray) numbers = event_fold_conversations(run->fold);
    for (guint i = 0; i < numbers->len; i++) {
        int64_t conn = g_array_index(numbers, int64_t, i);
        const Told *told = g_hash_table_lookup(run->told, &conn);
        tell(run, conn, told && told->state == RECORD_CLOSED ? RECORD_CLOSED : RECORD_UNFINISHED);
    }
}

static gpointer follow(gpointer data)
{
    WatchRun *run = data;
    if (capture_follow(run->options->capture, run->fd, run->fold, &run->note, &run->error))
        tell_rest(run);
    g_atomic_int_set(&run->ended, 1);
    return NULL;
}

WatchRun *watch_run_start(const WatchRunOptions *options, bool owns, GError **error)
{
    int ends[2];
    if (!capture_pipe(ends, error))
        return NULL;
    WatchRun *run = g_new0(WatchRun, 1);
    run->options = options;
    run->fd = ends[0];
    run->borrowed = owns ? 0 : INT64_MAX;
    run->frames = frame_map_new();
    run->fold = event_fold_new(FOLD_LIMIT);
    event_fold_set_frames(run->fold, run->frames);
    event_fold_set_listener(run->fold, take_news, run);
    run->told = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    run->activities = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    run->writer = capture_writer_new(ends[1]);
    run->thread = g_thread_new("tshark", follow, run);
    return run;
}

void watch_run_own(WatchRun *run, bool all)
{
    run->borrowed = all ? 0 : run->packets;
}

bool watch_run_add(WatchRun *run, const CapturePacket *packet)
{
    frame_map_add(run->frames, packet->file, packet->number);
    run->packets++;
    return capture_writer_add(run->writer, packet);
}

void watch_run_flush(WatchRun *run)
{
    capture_writer_flush(run->writer);
}

uint64_t watch_run_packets(const WatchRun *run)
{
    return (uint64_t) run->packets;
}

void watch_run_end(WatchRun *run)
{
    if (run->writer)
        (void) capture_writer_finish(g_steal_pointer(&run->writer));
}

bool watch_run_ended(const WatchRun *run)
{
    return g_atomic_int_get(&run->ended);
}

bool watch_run_finish(WatchRun *run, char **note, GError **error)
{
    watch_run_end(run);
    (void) g_thread_join(run->thread);
    *note = run->note;
    bool ok = !run->error;
    if (run->error)
        g_propagate_error(error, run->error);
    event_fold_free(run->fold);
    frame_map_free(run->frames);
    g_hash_table_unref(run->told);
    g_hash_table_unref(run->activities);
    g_free(run);
    return ok;
}
