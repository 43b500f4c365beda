// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/read-ahead.h"

#include "capture/reader.h"

#define BATCH ((size_t) 256 << 10)    ///< bytes that are handed over together
#define MAX_AHEAD ((size_t) 16 << 20) ///< bytes that wait for their turn

typedef struct {
    HeldPacket *first, *last;
    size_t size; ///< bytes of memory
} Batch;

struct ReadAhead {
    char *path;
    Progress *progress;
    Scan *scan;
    GThread *thread;
    CaptureFacts facts; ///< once it has ended
    Batch filling;      ///< by the thread
    HeldPacket *taken;  ///< by the reader; the first was given out
    GMutex lock;        ///< of what follows
    GCond change;
    Batch ready;
    GError *error;
    bool ended; ///< nothing more comes
    int stop;   ///< nothing more is wanted; atomic
};

static void batch_add(Batch *batch, HeldPacket *held)
{
    if (batch->last)
        batch->last->next = held;
    else
        batch->first = held;
    batch->last = held;
    batch->size += held_packet_size(held);
}

/** Waits until there is room. */
static void hand_over(ReadAhead *ahead)
{
    g_mutex_lock(&ahead->lock);
    while (ahead->ready.size > MAX_AHEAD && !g_atomic_int_get(&ahead->stop))
        g_cond_wait(&ahead->change, &ahead->lock);
    if (ahead->ready.last)
        ahead->ready.last->next = ahead->filling.first;
    else
        ahead->ready.first = ahead->filling.first;
    ahead->ready.last = ahead->filling.last ? ahead->filling.last : ahead->ready.last;
    ahead->ready.size += ahead->filling.size;
    g_cond_signal(&ahead->change);
    g_mutex_unlock(&ahead->lock);
    ahead->filling = (Batch){0};
}

static void add_packet(const CapturePacket *packet, gpointer data)
{
    ReadAhead *ahead = data;
    HeldPacket *held = held_packet_new(packet);
    held->packet.counted = true;
    batch_add(&ahead->filling, held);
    if (ahead->filling.size >= BATCH)
        hand_over(ahead);
}

static gpointer read_all(gpointer data)
{
    ReadAhead *ahead = data;
    GError *error = NULL;
    CaptureReader *reader = capture_reader_open(ahead->path, &error);
    if (reader) {
        capture_reader_set_progress(reader, ahead->progress);
        CapturePacket packet = {0};
        while (!g_atomic_int_get(&ahead->stop) && capture_reader_next(reader, &packet, &error))
            scan_packet(ahead->scan, &packet);
        ahead->facts = capture_reader_take_facts(reader);
        capture_reader_close(reader);
    }
    scan_finish(ahead->scan);
    hand_over(ahead);
    g_mutex_lock(&ahead->lock);
    ahead->error = error;
    ahead->ended = true;
    g_cond_signal(&ahead->change);
    g_mutex_unlock(&ahead->lock);
    return NULL;
}

ReadAhead *read_ahead_start(const char *path, const ScanOptions *options, Progress *progress)
{
    ReadAhead *ahead = g_new0(ReadAhead, 1);
    ahead->path = g_strdup(path);
    ahead->progress = progress;
    ScanOptions first = *options;
    first.stage = SCAN_FIRST;
    ahead->scan = scan_new(&first, add_packet, ahead);
    g_mutex_init(&ahead->lock);
    g_cond_init(&ahead->change);
    ahead->thread = g_thread_new("read-ahead", read_all, ahead);
    return ahead;
}

/** Takes over all that is ready; waits for some. */
static void wait_for_packets(ReadAhead *ahead)
{
    g_mutex_lock(&ahead->lock);
    while (!ahead->ready.first && !ahead->ended)
        g_cond_wait(&ahead->change, &ahead->lock);
    ahead->taken = ahead->ready.first;
    ahead->ready = (Batch){0};
    g_cond_signal(&ahead->change);
    g_mutex_unlock(&ahead->lock);
}

bool read_ahead_next(ReadAhead *ahead, CapturePacket *packet, GError **error)
{
    HeldPacket *given = ahead->taken;
    if (given) {
        ahead->taken = given->next;
        g_free(given);
    }
    if (!ahead->taken)
        wait_for_packets(ahead);
    if (!ahead->taken) {
        if (ahead->error)
            g_propagate_error(error, g_steal_pointer(&ahead->error));
        return false;
    }
    guint file = packet->file;
    *packet = ahead->taken->packet;
    packet->file = file;
    return true;
}

bool read_ahead_end(ReadAhead *ahead, GHashTable *regrets, const ScanAside *aside, ScanCounts *counts,
                    CaptureFacts *facts)
{
    g_atomic_int_set(&ahead->stop, true);
    g_mutex_lock(&ahead->lock);
    g_cond_signal(&ahead->change);
    g_mutex_unlock(&ahead->lock);
    (void) g_thread_join(ahead->thread);
    flow_keys_add_all(regrets, scan_regrets(ahead->scan));
    scan_aside_add(aside, scan_aside(ahead->scan));
    scan_counts_add(counts, scan_counts(ahead->scan));
    *facts = ahead->facts;
    bool complete = !scan_overflowed(ahead->scan);
    held_packet_free_all(ahead->taken);
    held_packet_free_all(ahead->ready.first);
    scan_free(ahead->scan);
    g_clear_error(&ahead->error);
    g_mutex_clear(&ahead->lock);
    g_cond_clear(&ahead->change);
    g_free(ahead->path);
    g_free(ahead);
    return complete;
}
