// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/writer.h"

#include "capture/pcapng.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t) 128 << 10)
#define MAX_CHUNKS 64 ///< that wait

struct CaptureWriter {
    int fd;
    _Atomic int64_t *waits_since; ///< may be NULL
    GThread *thread;
    GByteArray *chunk;      ///< that is being filled
    GHashTable *interfaces; ///< what it stands for → its number, plus one
    GMutex lock;
    GCond more, room;
    GQueue waiting; ///< GByteArray *
    bool ended;     ///< nothing more comes
    bool gone;      ///< the reader is
};

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        len -= (size_t) n;
    }
    return true;
}

static void set_waits(CaptureWriter *w, bool waits)
{
    if (w->waits_since)
        *w->waits_since = waits ? g_get_monotonic_time() : 0;
}

static gpointer write_chunks(gpointer data)
{
    CaptureWriter *w = data;
    sigset_t pipe_signal; // a write then fails with EPIPE
    (void) sigemptyset(&pipe_signal);
    (void) sigaddset(&pipe_signal, SIGPIPE);
    (void) pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    g_mutex_lock(&w->lock);
    for (;;) {
        while (g_queue_is_empty(&w->waiting) && !w->ended)
            g_cond_wait(&w->more, &w->lock);
        GByteArray *chunk = g_queue_pop_head(&w->waiting);
        if (!chunk)
            break;
        bool gone = w->gone;
        g_cond_signal(&w->room);
        g_mutex_unlock(&w->lock);
        set_waits(w, true);
        bool written = !gone && write_all(w->fd, chunk->data, chunk->len);
        set_waits(w, false);
        g_byte_array_unref(chunk);
        g_mutex_lock(&w->lock);
        w->gone |= !written;
    }
    g_mutex_unlock(&w->lock);
    (void) close(w->fd);
    return NULL;
}

CaptureWriter *capture_writer_new(int fd, _Atomic int64_t *waits_since)
{
    CaptureWriter *w = g_new0(CaptureWriter, 1);
    w->fd = fd;
    w->waits_since = waits_since;
    w->chunk = g_byte_array_sized_new((guint) CHUNK);
    w->interfaces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_mutex_init(&w->lock);
    g_cond_init(&w->more);
    g_cond_init(&w->room);
    g_queue_init(&w->waiting);
    pcapng_add_section(w->chunk, NULL);
    w->thread = g_thread_new("writer", write_chunks, w);
    return w;
}

bool capture_writer_takes(const CapturePacket *packet)
{
    return packet->link_type >= 0;
}

static uint32_t find_interface(CaptureWriter *w, const CapturePacket *packet)
{
    int64_t key = (int64_t) packet->file << 32 | (int64_t) packet->link_type << 8 | packet->digits;
    guint found = GPOINTER_TO_UINT(g_hash_table_lookup(w->interfaces, &key));
    if (found)
        return found - 1;
    pcapng_add_interface(w->chunk, packet, NULL);
    guint number = g_hash_table_size(w->interfaces);
    g_hash_table_insert(w->interfaces, g_memdup2(&key, sizeof(key)), GUINT_TO_POINTER(number + 1));
    return number;
}

bool capture_writer_add(CaptureWriter *w, const CapturePacket *packet)
{
    pcapng_add_packet(w->chunk, find_interface(w, packet), packet, NULL);
    if (w->chunk->len >= CHUNK)
        capture_writer_flush(w);
    return !w->gone;
}

void capture_writer_flush(CaptureWriter *w)
{
    if (w->chunk->len == 0)
        return;
    g_mutex_lock(&w->lock);
    while (w->waiting.length >= MAX_CHUNKS && !w->gone)
        g_cond_wait(&w->room, &w->lock);
    g_queue_push_tail(&w->waiting, w->chunk);
    g_cond_signal(&w->more);
    g_mutex_unlock(&w->lock);
    w->chunk = g_byte_array_sized_new((guint) CHUNK);
}

void capture_writer_abandon(CaptureWriter *w)
{
    g_mutex_lock(&w->lock);
    w->gone = true;
    g_mutex_unlock(&w->lock);
}

bool capture_writer_finish(CaptureWriter *w)
{
    capture_writer_flush(w);
    g_mutex_lock(&w->lock);
    w->ended = true;
    g_cond_signal(&w->more);
    g_mutex_unlock(&w->lock);
    (void) g_thread_join(w->thread);
    bool all = !w->gone;
    g_byte_array_unref(w->chunk);
    g_hash_table_unref(w->interfaces);
    g_mutex_clear(&w->lock);
    g_cond_clear(&w->more);
    g_cond_clear(&w->room);
    g_free(w);
    return all;
}
