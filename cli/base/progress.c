// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/progress.h"

#include "base/interrupt.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#define PATIENCE G_TIME_SPAN_SECOND           ///< before the first line
#define PAUSE (200 * G_TIME_SPAN_MILLISECOND) ///< between two

struct Progress {
    uint64_t total;
    _Atomic uint64_t bytes, packets;
    _Atomic guint found;
    _Atomic int64_t start; ///< monotonic time in µs
    GThread *thread;
    GMutex lock;
    GCond change;
    bool ended, shown;
    Interrupt *interrupt;
};

/** "2.1 GB" */
static char *bytes_text(double bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double value = bytes / 1e3;
    guint i = 0;
    for (; value >= 999.5 && i + 1 < G_N_ELEMENTS(units); i++)
        value /= 1e3;
    return g_strdup_printf(value < 10 ? "%.1f %s" : "%.0f %s", value, units[i]);
}

static void add_time_left(GString *text, double seconds)
{
    if (seconds < 90)
        g_string_append_printf(text, ", %.0f s left", seconds);
    else if (seconds < 90 * 60)
        g_string_append_printf(text, ", %.0f min left", seconds / 60);
    else
        g_string_append_printf(text, ", %.0f h left", seconds / 3600);
}

char *progress_text(uint64_t bytes, uint64_t total, uint64_t packets, guint found, double seconds)
{
    double rate = seconds > 0 ? (double) bytes / seconds : 0;
    g_autofree char *read = bytes_text((double) bytes), *speed = bytes_text(rate);
    GString *text = g_string_new(read);
    if (total) {
        g_autofree char *all = bytes_text((double) total);
        g_string_append_printf(text, " of %s", all);
    }
    g_string_append_printf(text, ", %" PRIu64 " packets, %s/s, %u found", packets, speed, found);
    if (total && bytes >= total)
        g_string_append(text, ", looking into the last packets");
    else if (total && rate > 0)
        add_time_left(text, (double) (total - bytes) / rate);
    return g_string_free(text, FALSE);
}

static gpointer show(gpointer data)
{
    Progress *progress = data;
    int64_t next = g_get_monotonic_time() + PATIENCE;
    g_mutex_lock(&progress->lock);
    while (!progress->ended) {
        if (g_cond_wait_until(&progress->change, &progress->lock, next))
            continue;
        double seconds = (double) (g_get_monotonic_time() - progress->start) / G_TIME_SPAN_SECOND;
        g_autofree char *text =
            progress_text(progress->bytes, progress->total, progress->packets, progress->found, seconds);
        (void) fprintf(stderr, "\r%s\033[K", text);
        progress->shown = true;
        next = g_get_monotonic_time() + PAUSE;
    }
    g_mutex_unlock(&progress->lock);
    return NULL;
}

static void wipe(gpointer data)
{
    if (((const Progress *) data)->shown)
        (void) fputs("\r\033[K", stderr);
}

Progress *progress_start(uint64_t total)
{
    Progress *progress = g_new0(Progress, 1);
    progress->total = total;
    progress->start = g_get_monotonic_time();
    g_mutex_init(&progress->lock);
    g_cond_init(&progress->change);
    progress->interrupt = interrupt_add(wipe, progress);
    progress->thread = g_thread_new("progress", show, progress);
    return progress;
}

void progress_read(Progress *progress, uint64_t bytes, uint64_t packets)
{
    if (!progress)
        return;
    progress->bytes += bytes;
    progress->packets += packets;
}

void progress_found(Progress *progress, guint found)
{
    if (progress)
        progress->found = found;
}

void progress_again(Progress *progress)
{
    if (!progress)
        return;
    progress->bytes = progress->packets = 0;
    progress->found = 0;
    progress->start = g_get_monotonic_time();
}

void progress_end(Progress *progress)
{
    if (!progress)
        return;
    g_mutex_lock(&progress->lock);
    progress->ended = true;
    g_cond_signal(&progress->change);
    g_mutex_unlock(&progress->lock);
    (void) g_thread_join(progress->thread);
    interrupt_remove(progress->interrupt);
    wipe(progress);
    g_mutex_clear(&progress->lock);
    g_cond_clear(&progress->change);
    g_free(progress);
}
