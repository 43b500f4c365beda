// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/clock.h"

#include "base/hash.h"
#include "base/texts.h"

#define MAX_SAMPLES 4096 ///< a host

typedef struct {
    GArray *differences[HOST_SAMPLE_KINDS]; ///< int64_t, nanoseconds
    int64_t skew;
    guint samples;
} HostClock;

struct HostClocks {
    GHashTable *hosts; ///< key → HostClock
    Texts *keys;
};

static void clock_free(gpointer data)
{
    HostClock *clock = data;
    for (int i = 0; i < HOST_SAMPLE_KINDS; i++)
        g_array_unref(clock->differences[i]);
    g_free(clock);
}

HostClocks *host_clocks_new(void)
{
    HostClocks *clocks = g_new0(HostClocks, 1);
    clocks->hosts = g_hash_table_new_full(hash_text, g_str_equal, NULL, clock_free);
    clocks->keys = texts_new();
    return clocks;
}

void host_clocks_free(HostClocks *clocks)
{
    g_hash_table_unref(clocks->hosts);
    texts_free(clocks->keys);
    g_free(clocks);
}

const char *host_clocks_key(HostClocks *clocks, const HostEvent *event)
{
    if (!event->host.text) {
        g_autofree char *name = g_strconcat("\x01", event->source.file, NULL);
        return texts_keep(clocks->keys, name);
    }
    g_autofree char *lower = g_ascii_strdown(event->host.text, (gssize) event->host.len);
    // Times in an unknown zone are off by the zone, too.
    g_autofree char *key = g_strconcat(lower, event->zoned ? "" : "\x02", NULL);
    return texts_keep(clocks->keys, key);
}

bool host_clock_difference(const HostEvent *event, int64_t time, int64_t *difference)
{
    if (event->time == NUMBER_UNKNOWN || time == NUMBER_UNKNOWN)
        return false;
    int64_t limit = HOST_MAX_SKEW + (event->zoned ? 0 : HOST_MAX_ZONE);
    *difference = event->time + event->precision / 2 - time; // its last digits were cut off
    return *difference >= -limit && *difference <= limit;
}

void host_clocks_sample(HostClocks *clocks, const char *key, int64_t difference, HostSample kind)
{
    HostClock *clock = g_hash_table_lookup(clocks->hosts, key);
    if (!clock) {
        clock = g_new0(HostClock, 1);
        for (int i = 0; i < HOST_SAMPLE_KINDS; i++)
            clock->differences[i] = g_array_new(FALSE, FALSE, sizeof(int64_t));
        g_hash_table_insert(clocks->hosts, (gpointer) key, clock);
    }
    GArray *samples = clock->differences[kind];
    if (samples->len < MAX_SAMPLES)
        g_array_append_val(samples, difference);
}

static int compare_differences(gconstpointer a, gconstpointer b)
{
    int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;
    return (x > y) - (x < y);
}

/** The median; of those that a delay was added to, the lower quartile. */
static void settle(HostClock *clock)
{
    int kind = HOST_SAMPLE_EXACT;
    while (kind + 1 < HOST_SAMPLE_KINDS && clock->differences[kind]->len == 0)
        kind++;
    GArray *samples = clock->differences[kind];
    g_array_sort(samples, compare_differences);
    clock->samples = samples->len;
    if (samples->len > 0)
        clock->skew = g_array_index(samples, int64_t, (samples->len - 1) / (kind == HOST_SAMPLE_DELAYED ? 4 : 2));
}

void host_clocks_settle(HostClocks *clocks)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, clocks->hosts);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        settle(value);
}

int64_t host_clocks_skew(const HostClocks *clocks, const char *key, guint *samples)
{
    const HostClock *clock = g_hash_table_lookup(clocks->hosts, key);
    *samples = clock ? clock->samples : 0;
    return clock ? clock->skew : 0;
}

int64_t host_clocks_time(const HostClocks *clocks, const char *key, const HostEvent *event)
{
    guint samples;
    if (event->time == NUMBER_UNKNOWN)
        return NUMBER_UNKNOWN;
    return event->time - host_clocks_skew(clocks, key, &samples);
}
