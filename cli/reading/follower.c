// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/follower.h"

#include "capture/writer.h"
#include "record/outcome.h"

#define FOLD_LIMIT ((size_t) 256 << 20)

/** What was reported of a connection last. */
typedef struct {
    RecordState state;
    Confidence confidence;
    int64_t frames;
} Reported;

struct Follower {
    const FollowerOptions *options;
    FrameMap *frames;
    EventFold *fold;
    Artifacts *artifacts;  ///< NULL: none are looked for
    CaptureWriter *writer; ///< NULL once nothing more comes
    GThread *thread;
    int fd;                     ///< that tshark reads
    int64_t packets;            ///< that were added
    _Atomic int64_t unreported; ///< connections that begin with so many packets are not reported
    int ended;                  ///< atomic
    GHashTable *reported;       ///< number of the conversation → Reported
    GHashTable *activities;     ///< tshark's number → ours, int64_t each
    char *note;
    GError *error;
};

static int64_t number_activity(Follower *follower, int64_t activity)
{
    if (activity == NUMBER_UNKNOWN)
        return activity;
    int64_t *number = g_hash_table_lookup(follower->activities, &activity);
    if (!number) {
        number = g_new(int64_t, 1);
        *number = follower->options->activity(follower->options->data);
        g_hash_table_insert(follower->activities, g_memdup2(&activity, sizeof(activity)), number);
    }
    return *number;
}

/** Whether there is something new to say. */
static bool is_news(const Reported *reported, const Record *r, RecordState state)
{
    if (state == RECORD_OPEN)
        return reported->confidence < r->confidence;
    return reported->state <= RECORD_OPEN || reported->frames != r->frames.count;
}

static bool is_reported(const Follower *follower, const Record *r)
{
    return r->confidence >= follower->options->min_confidence && r->order > follower->unreported;
}

/** Once. */
static void report_call(Follower *follower, Record *r, RecordCall *call)
{
    if (call->told)
        return;
    call->told = true;
    call_set_outcome(call, NULL);
    follower->options->call(r, call, follower->options->data);
}

static void on_call(EventFold *fold, Record *r, RecordCall *call, gpointer data)
{
    (void) fold;
    if (is_reported(data, r))
        report_call(data, r, call);
}

/** Those that were answered before the connection was to be reported, and in the end those that nobody answered. */
static void report_calls(Follower *follower, Record *r, bool all)
{
    for (guint i = 0; follower->options->call && i < r->calls->len; i++) {
        RecordCall *call = &g_array_index(r->calls, RecordCall, i);
        if (all || call->response_frame)
            report_call(follower, r, call);
    }
}

static void report(Follower *follower, int64_t conn, RecordState state)
{
    g_autoptr(RecordSet) set = event_fold_view(follower->fold, conn);
    Record *r = set ? g_ptr_array_index(set->records, 0) : NULL;
    if (!r || !is_reported(follower, r))
        return;
    Reported *reported = g_hash_table_lookup(follower->reported, &conn);
    if (!reported) {
        reported = g_new0(Reported, 1);
        g_hash_table_insert(follower->reported, g_memdup2(&conn, sizeof(conn)), reported);
    }
    if (!is_news(reported, r, state))
        return;
    bool count = state != RECORD_OPEN && reported->state <= RECORD_OPEN;
    *reported = (Reported){state, r->confidence, r->frames.count};
    report_calls(follower, r, state != RECORD_OPEN);
    r->state = state;
    if (follower->options->capture->keys->fd >= 0)
        capture_explain_sealed(r);
    // What the set adds, texts of its own among it, is taken from all records that it began with.
    g_autoptr(GPtrArray) records = g_ptr_array_copy(set->records, NULL, NULL);
    // The numbers are those of this tshark: for the time of the call they are the watch's.
    int64_t activity = r->activity, number = number_activity(follower, activity);
    for (guint i = 0; i < records->len; i++)
        ((Record *) g_ptr_array_index(records, i))->activity = number;
    if (follower->artifacts) {
        artifacts_mark(follower->artifacts, set);
        artifacts_attach(follower->artifacts, follower->frames, set);
    }
    follower->options->record(set, count, follower->note, follower->options->data);
    for (guint i = 0; i < records->len; i++) {
        Record *other = g_ptr_array_index(records, i);
        other->activity = activity;
        other->allowed.rule = other->allowed.reason = NULL;
    }
    artifacts_detach(records);
}

static void on_news(EventFold *fold, int64_t conn, FoldNews news, gpointer data)
{
    (void) fold;
    report(data, conn, news == FOLD_CLOSED ? RECORD_CLOSED : RECORD_OPEN);
}

/** What is not closed, and what went on after a close, which may have been forged. */
static void report_rest(Follower *follower)
{
    g_autoptr(GArray) numbers = event_fold_conversations(follower->fold);
    for (guint i = 0; i < numbers->len; i++) {
        int64_t conn = g_array_index(numbers, int64_t, i);
        const Reported *reported = g_hash_table_lookup(follower->reported, &conn);
        report(follower, conn, reported && reported->state == RECORD_CLOSED ? RECORD_CLOSED : RECORD_UNFINISHED);
    }
}

static gpointer follow(gpointer data)
{
    Follower *follower = data;
    if (capture_follow(follower->options->capture, follower->fd, follower->fold, follower->artifacts, &follower->note,
                       &follower->error))
        report_rest(follower);
    g_atomic_int_set(&follower->ended, 1);
    return NULL;
}

Follower *follower_start(const FollowerOptions *options, bool reports, GError **error)
{
    int ends[2];
    if (!capture_pipe(ends, error))
        return NULL;
    Follower *follower = g_new0(Follower, 1);
    follower->options = options;
    follower->fd = ends[0];
    follower->unreported = reports ? 0 : INT64_MAX;
    follower->frames = frame_map_new();
    follower->fold = event_fold_new(FOLD_LIMIT);
    follower->artifacts = options->capture->artifacts ? artifacts_new() : NULL;
    event_fold_set_frames(follower->fold, follower->frames);
    event_fold_set_listener(follower->fold, on_news, follower);
    if (options->call)
        event_fold_set_call_listener(follower->fold, on_call, follower);
    follower->reported = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    follower->activities = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    follower->writer = capture_writer_new(ends[1], NULL);
    follower->thread = g_thread_new("tshark", follow, follower);
    return follower;
}

void follower_take_over(Follower *follower, bool all)
{
    follower->unreported = all ? 0 : follower->packets;
}

bool follower_add(Follower *follower, const CapturePacket *packet)
{
    frame_map_add(follower->frames, packet->file, packet->number);
    follower->packets++;
    return capture_writer_add(follower->writer, packet);
}

void follower_flush(Follower *follower)
{
    capture_writer_flush(follower->writer);
}

uint64_t follower_packets(const Follower *follower)
{
    return (uint64_t) follower->packets;
}

void follower_end(Follower *follower)
{
    if (follower->writer)
        (void) capture_writer_finish(g_steal_pointer(&follower->writer));
}

bool follower_ended(const Follower *follower)
{
    return g_atomic_int_get(&follower->ended);
}

bool follower_finish(Follower *follower, char **note, GError **error)
{
    follower_end(follower);
    (void) g_thread_join(follower->thread);
    *note = follower->note;
    bool ok = !follower->error;
    if (follower->error)
        g_propagate_error(error, follower->error);
    event_fold_free(follower->fold);
    g_clear_pointer(&follower->artifacts, artifacts_free);
    frame_map_free(follower->frames);
    g_hash_table_unref(follower->reported);
    g_hash_table_unref(follower->activities);
    g_free(follower);
    return ok;
}
