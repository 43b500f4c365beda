// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/feed.h"

#include "capture/pieces.h"
#include "capture/writer.h"

#include <sys/resource.h>

#define OTHER_FILES 48u ///< descriptors for all but captures

/** A capture that is being read. */
typedef struct {
    CaptureInput *input;
    CaptureReader *reader; ///< or
    ReadAhead *ahead;      ///< or
    CapturePieces *pieces;
    CapturePacket packet; ///< the next one
    guint order;          ///< of its capture among the inputs
} Source;

struct Feed {
    GPtrArray *inputs;
    FrameMap *map;
    bool again; ///< all captures can be read once more
    CaptureWriter *writer;
    Scan *scan;
    GThread *thread;
    GPtrArray *sources;          ///< Source *: the captures whose time has come, as a heap by their next packet
    guint next;                  ///< the first input that has not
    bool gone;                   ///< nobody reads the pipe any more
    int stop;                    ///< nothing more is wanted; atomic
    _Atomic int64_t waits_since; ///< see feed_waits_since()
    bool in_vain;                ///< all is going to be read again
    uint64_t unwritable;
    FeedOptions options;
    ReadAhead **ahead; ///< by input: those that were started and whose time has not come
    guint started;     ///< inputs before this one that can be read ahead are
    guint open, most;  ///< captures that are, and that may be
    bool overflowed;   ///< there were more regrets of theirs than are kept
    ScanCounts counts; ///< of those that have ended
};

static bool is_over(Feed *feed)
{
    return feed->gone || g_atomic_int_get(&feed->stop);
}

static void write_packet(const CapturePacket *packet, gpointer data)
{
    Feed *feed = data;
    if (feed->gone || feed->in_vain)
        return;
    if (!capture_writer_takes(packet)) {
        feed->unwritable++;
        return;
    }
    frame_map_add(feed->map, packet->file, packet->number);
    feed->gone = !capture_writer_add(feed->writer, packet);
}

static bool next_packet(Source *source)
{
    if (source->reader)
        return capture_input_read(source->input, source->reader, &source->packet);
    g_autoptr(GError) error = NULL;
    bool read = source->ahead ? read_ahead_next(source->ahead, &source->packet, &error)
                              : capture_pieces_next(source->pieces, &source->packet, &error);
    capture_input_note(source->input, error);
    return read;
}

static void end_ahead(Feed *feed, CaptureInput *input, ReadAhead *ahead)
{
    CaptureFacts facts = {0};
    feed->overflowed |= !read_ahead_end(ahead, scan_regrets(feed->scan), scan_aside(feed->scan), &feed->counts, &facts);
    capture_input_set_facts(input, facts);
}

static void clear_source(Feed *feed, Source *source)
{
    feed->open -= source->reader || source->ahead;
    if (source->reader)
        capture_input_set_facts(source->input, capture_reader_take_facts(source->reader));
    g_clear_pointer(&source->reader, capture_reader_close);
    if (source->pieces)
        capture_input_set_facts(source->input, capture_pieces_take_facts(source->pieces));
    g_clear_pointer(&source->pieces, capture_pieces_free);
    if (source->ahead)
        end_ahead(feed, source->input, g_steal_pointer(&source->ahead));
}

/** Starts to read the captures whose turn comes next. */
static void read_ahead(Feed *feed)
{
    guint end = MIN(feed->next + feed->options.jobs, feed->inputs->len);
    for (; feed->options.jobs > 1 && feed->started < end; feed->started++) {
        const CaptureInput *input = g_ptr_array_index(feed->inputs, feed->started);
        if (!input->independent || input->empty || feed->open == feed->most)
            continue;
        feed->ahead[feed->started] = read_ahead_start(input->path, &feed->options.scan, feed->options.progress);
        feed->open++;
    }
}

/** Where no more can be open, the capture is read in pieces. */
static void open_reader(Feed *feed, Source *source)
{
    if (feed->open == feed->most) {
        source->pieces = capture_pieces_new(source->input->path);
        return;
    }
    g_autoptr(GError) error = NULL;
    source->reader = capture_reader_open(source->input->path, &error);
    feed->open += source->reader != NULL;
    capture_input_note(source->input, error); // it was there a moment ago
}

// The captures whose time has come are a binary heap: the one with the earliest packet, the first of several, stands first.

static bool comes_before(const Source *a, const Source *b)
{
    int order = capture_packet_compare(&a->packet, &b->packet);
    return order ? order < 0 : a->order < b->order;
}

static void swap(GPtrArray *heap, guint a, guint b)
{
    gpointer kept = heap->pdata[a];
    heap->pdata[a] = heap->pdata[b];
    heap->pdata[b] = kept;
}

static void add_source(GPtrArray *heap, Source *source)
{
    g_ptr_array_add(heap, source);
    for (guint i = heap->len - 1; i > 0 && comes_before(heap->pdata[i], heap->pdata[(i - 1) / 2]); i = (i - 1) / 2)
        swap(heap, i, (i - 1) / 2);
}

/** The first one has another packet now, or is another. */
static void sink_first(GPtrArray *heap)
{
    for (guint i = 0, child; (child = 2 * i + 1) < heap->len; i = child) {
        if (child + 1 < heap->len && comes_before(heap->pdata[child + 1], heap->pdata[child]))
            child++;
        if (!comes_before(heap->pdata[child], heap->pdata[i]))
            return;
        swap(heap, i, child);
    }
}

/** Opens the next capture in line. */
static void open_next(Feed *feed)
{
    read_ahead(feed);
    guint index = feed->next++;
    CaptureInput *input = g_ptr_array_index(feed->inputs, index);
    if (input->empty)
        return;
    Source source = {
        .order = index,
        .input = input,
        .reader = g_steal_pointer(&input->reader),
        .ahead = g_steal_pointer(&feed->ahead[index]),
        .packet = input->first,
    };
    bool first = source.reader != NULL; // is there already
    feed->open += first;
    if (!source.reader && !source.ahead)
        open_reader(feed, &source);
    if (source.reader)
        capture_reader_set_progress(source.reader, feed->options.progress);
    source.packet.file = index;
    if ((source.reader || source.ahead || source.pieces) && (first || next_packet(&source)))
        add_source(feed->sources, g_memdup2(&source, sizeof(source)));
    else
        clear_source(feed, &source);
}

/** The capture with the earliest packet, the first of several; NULL at the end of all. */
static Source *choose(Feed *feed)
{
    for (;;) {
        Source *first = feed->sources->len > 0 ? g_ptr_array_index(feed->sources, 0) : NULL;
        if (feed->next == feed->inputs->len)
            return first;
        const CaptureInput *waiting = g_ptr_array_index(feed->inputs, feed->next);
        if (first && !waiting->empty && capture_packet_compare(&waiting->first, &first->packet) > 0)
            return first;
        open_next(feed);
    }
}

static bool has_overflowed(const Feed *feed)
{
    return scan_overflowed(feed->scan) || feed->overflowed;
}

/** Once something was dropped that should not have been, all is read again: tshark need not go on. */
static void give_up(Feed *feed)
{
    if (!feed->again || feed->in_vain)
        return;
    feed->in_vain = has_overflowed(feed) || g_hash_table_size(scan_regrets(feed->scan)) > 0;
    if (feed->in_vain)
        capture_writer_abandon(feed->writer);
}

/** The first one has ended. */
static void close_source(Feed *feed)
{
    Source *source = g_ptr_array_index(feed->sources, 0);
    clear_source(feed, source);
    g_free(source);
    (void) g_ptr_array_remove_index_fast(feed->sources, 0); // the last one takes its place
    sink_first(feed->sources);
}

/** Reads the only capture that is left to its end. */
static void read_alone(Feed *feed, Source *source)
{
    do {
        scan_packet(feed->scan, &source->packet);
        give_up(feed);
        if (is_over(feed))
            return;
    } while (next_packet(source));
    close_source(feed);
}

static gpointer read_all(gpointer data)
{
    Feed *feed = data;
    Source *source;
    while (!is_over(feed) && (source = choose(feed))) {
        if (feed->sources->len == 1 && feed->next == feed->inputs->len) {
            read_alone(feed, source);
            continue;
        }
        scan_packet(feed->scan, &source->packet);
        give_up(feed);
        if (next_packet(source))
            sink_first(feed->sources);
        else
            close_source(feed);
    }
    scan_finish(feed->scan);
    (void) capture_writer_finish(feed->writer); // tshark waits for the end
    feed->waits_since = g_get_monotonic_time(); // and we for its own
    return NULL;
}

/** How many captures can be open at a time. */
static guint count_room(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= G_MAXUINT)
        return G_MAXUINT;
    return limit.rlim_cur > 2 * OTHER_FILES ? (guint) limit.rlim_cur - OTHER_FILES : 8;
}

/** Captures are read ahead only where what is dropped of them can be read again. */
static void set_stages(Feed *feed)
{
    FeedOptions *options = &feed->options;
    if (!feed->again || feed->inputs->len == 1)
        options->jobs = 1;
    if (options->jobs < 2)
        return;
    options->scan.stage = SCAN_SECOND;
    options->scan.dropped = flow_set_new(FLOW_SET_BITS);
}

Feed *feed_start(GPtrArray *inputs, const FeedOptions *options, FrameMap *map, int fd)
{
    Feed *feed = g_new0(Feed, 1);
    feed->inputs = inputs;
    feed->map = map;
    feed->options = *options;
    feed->again = !options->scan.everything;
    for (guint i = 0; i < inputs->len; i++)
        feed->again = feed->again && !((CaptureInput *) g_ptr_array_index(inputs, i))->once;
    feed->most = count_room();
    set_stages(feed);
    feed->ahead = g_new0(ReadAhead *, inputs->len);
    feed->writer = capture_writer_new(fd, &feed->waits_since);
    feed->scan = scan_new(&feed->options.scan, write_packet, feed);
    feed->sources = g_ptr_array_new();
    feed->thread = g_thread_new("feed", read_all, feed);
    return feed;
}

void feed_end_clear(FeedEnd *end)
{
    g_clear_pointer(&end->regrets, g_hash_table_unref);
    g_clear_pointer(&end->unanswered, g_array_unref);
    g_clear_pointer(&end->oddities, g_hash_table_unref);
    g_clear_pointer(&end->aside.smb, g_hash_table_unref);
    g_clear_pointer(&end->aside.lookups, g_hash_table_unref);
}

/** Ends what was left open where reading ended early. */
static void close_all(Feed *feed)
{
    while (feed->sources->len > 0)
        close_source(feed);
    for (guint i = feed->next; i < feed->started; i++) {
        if (feed->ahead[i])
            end_ahead(feed, g_ptr_array_index(feed->inputs, i), feed->ahead[i]);
    }
}

int64_t feed_waits_since(Feed *feed)
{
    return feed->waits_since;
}

void feed_stop(Feed *feed)
{
    g_atomic_int_set(&feed->stop, 1);
}

FeedEnd feed_finish(Feed *feed)
{
    (void) g_thread_join(feed->thread);
    close_all(feed);
    FeedEnd end = {
        .overflowed = feed->again && has_overflowed(feed),
        .unwritable = feed->unwritable,
        .counts = feed->counts,
        .unanswered = unanswered_list(scan_unanswered(feed->scan)),
        .oddities = g_hash_table_ref(scan_oddities(feed->scan)),
        .aside = {g_hash_table_ref(scan_aside(feed->scan)->smb), g_hash_table_ref(scan_aside(feed->scan)->lookups)},
    };
    scan_counts_add(&end.counts, scan_counts(feed->scan));
    if (feed->again && g_hash_table_size(scan_regrets(feed->scan)) > 0)
        end.regrets = g_hash_table_ref(scan_regrets(feed->scan));
    g_ptr_array_unref(feed->sources);
    scan_free(feed->scan);
    g_clear_pointer(&feed->options.scan.dropped, flow_set_free);
    g_free(feed->ahead);
    g_free(feed);
    return end;
}
