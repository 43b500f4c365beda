// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/writer.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t) 128 << 10)
#define MAX_CHUNKS 64 ///< that wait

struct CaptureWriter {
    int fd;
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
        bool written = !gone && write_all(w->fd, chunk->data, chunk->len);
        g_byte_array_unref(chunk);
        g_mutex_lock(&w->lock);
        w->gone |= !written;
    }
    g_mutex_unlock(&w->lock);
    (void) close(w->fd);
    return NULL;
}

static void put(CaptureWriter *w, gconstpointer data, size_t len)
{
    g_byte_array_append(w->chunk, data, (guint) len);
}

static void put_u16(CaptureWriter *w, guint value)
{
    uint16_t number = (uint16_t) value;
    put(w, &number, sizeof(number));
}

static void put_u32(CaptureWriter *w, uint32_t value)
{
    put(w, &value, sizeof(value));
}

static void put_section(CaptureWriter *w)
{
    const uint32_t len = 28;
    put_u32(w, 0x0a0d0d0a);
    put_u32(w, len);
    put_u32(w, 0x1a2b3c4d);
    put_u16(w, 1);
    put_u16(w, 0);
    put_u32(w, UINT32_MAX); // its length is not known
    put_u32(w, UINT32_MAX);
    put_u32(w, len);
}

static void put_interface(CaptureWriter *w, const CapturePacket *packet)
{
    const uint32_t len = 32;
    const uint8_t resolution[4] = {(uint8_t) packet->digits};
    put_u32(w, 1);
    put_u32(w, len);
    put_u16(w, (guint) packet->link_type);
    put_u16(w, 0);
    put_u32(w, 0); // no limit to a packet's length
    put_u16(w, 9); // if_tsresol
    put_u16(w, 1);
    put(w, resolution, sizeof(resolution));
    put_u32(w, 0); // end of the options
    put_u32(w, len);
}

CaptureWriter *capture_writer_new(int fd)
{
    CaptureWriter *w = g_new0(CaptureWriter, 1);
    w->fd = fd;
    w->chunk = g_byte_array_sized_new((guint) CHUNK);
    w->interfaces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_mutex_init(&w->lock);
    g_cond_init(&w->more);
    g_cond_init(&w->room);
    g_queue_init(&w->waiting);
    put_section(w);
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
    put_interface(w, packet);
    guint number = g_hash_table_size(w->interfaces);
    g_hash_table_insert(w->interfaces, g_memdup2(&key, sizeof(key)), GUINT_TO_POINTER(number + 1));
    return number;
}

bool capture_writer_add(CaptureWriter *w, const CapturePacket *packet)
{
    uint32_t interface = find_interface(w, packet);
    uint64_t time = capture_packet_time(packet);
    uint32_t padding = (4 - packet->len % 4) % 4, len = 32 + packet->len + padding;
    put_u32(w, 6);
    put_u32(w, len);
    put_u32(w, interface);
    put_u32(w, (uint32_t) (time >> 32));
    put_u32(w, (uint32_t) time);
    put_u32(w, packet->len);
    put_u32(w, packet->wire_len);
    put(w, packet->data, packet->len);
    put(w, (const uint8_t[4]){0}, padding);
    put_u32(w, len);
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
