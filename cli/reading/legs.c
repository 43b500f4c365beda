// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/legs.h"

#include "base/warn.h"
#include "scan/flow-table.h"

#define OVERLAP (10 * 60 * G_TIME_SPAN_SECOND) ///< that two tsharks read the same, at most
#define PROTOCOL_TCP 6

typedef struct {
    WatchRun *run;
    GHashTable *flows; ///< FlowKey: connections that it follows
    bool takes_new;    ///< and those that begin now
    uint64_t before;   ///< packets that it read before it took over
} Leg;

struct WatchLegs {
    const WatchRunOptions *options;
    uint64_t limit;
    /** Leg *, the oldest first: one that takes no new connections any more, one, one that is to be next */
    GPtrArray *legs;
    GPtrArray *ending; ///< WatchRun *
    bool overlap;      ///< the last leg is the next one
    int64_t overlap_end;
    GError *error; ///< that ends it all
};

static void leg_free(gpointer data)
{
    Leg *leg = data;
    g_hash_table_unref(leg->flows);
    g_free(leg);
}

static bool add_leg(WatchLegs *w, bool owns)
{
    WatchRun *run = watch_run_start(w->options, owns, &w->error);
    if (!run)
        return false;
    Leg *leg = g_new0(Leg, 1);
    leg->run = run;
    leg->flows = flow_keys_new();
    leg->takes_new = true;
    g_ptr_array_add(w->legs, leg);
    return true;
}

WatchLegs *watch_legs_new(const WatchRunOptions *options, uint64_t limit, GError **error)
{
    g_autoptr(WatchLegs) w = g_new0(WatchLegs, 1);
    w->options = options;
    w->limit = limit;
    w->legs = g_ptr_array_new_with_free_func(leg_free);
    w->ending = g_ptr_array_new();
    if (add_leg(w, true))
        return g_steal_pointer(&w);
    g_propagate_error(error, g_steal_pointer(&w->error));
    return NULL;
}

static Leg *leg_at(const WatchLegs *w, guint index)
{
    return g_ptr_array_index(w->legs, index);
}

/** Lets the oldest tshark read what it still has to. */
static void end_oldest(WatchLegs *w)
{
    watch_run_end(leg_at(w, 0)->run);
    g_ptr_array_add(w->ending, leg_at(w, 0)->run);
    g_ptr_array_remove_index(w->legs, 0);
}

static void take_over(WatchLegs *w, bool all)
{
    Leg *next = leg_at(w, w->legs->len - 1);
    for (guint i = 0; i + 1 < w->legs->len; i++)
        leg_at(w, i)->takes_new = false;
    watch_run_own(next->run, all);
    next->before = watch_run_packets(next->run);
    w->overlap = false;
}

static void check_limits(WatchLegs *w)
{
    const Leg *last = leg_at(w, w->legs->len - 1);
    if (w->overlap) {
        if (watch_run_packets(last->run) >= w->limit || g_get_monotonic_time() >= w->overlap_end)
            take_over(w, false);
    } else if (watch_run_packets(last->run) - last->before >= w->limit && add_leg(w, false)) {
        while (w->legs->len > 2)
            end_oldest(w);
        w->overlap = true;
        w->overlap_end = g_get_monotonic_time() + OVERLAP;
    }
}

/** tshark does not end by itself unless something is wrong with it: another one takes its place. */
static void replace(WatchLegs *w, guint index)
{
    bool next = w->overlap && index + 1 == w->legs->len, current = leg_at(w, index)->takes_new && !next;
    if (next)
        w->overlap = false;
    else if (current && w->overlap)
        take_over(w, true);
    else if (current && !add_leg(w, true))
        return;
    watch_run_end(leg_at(w, index)->run);
    g_ptr_array_add(w->ending, leg_at(w, index)->run);
    g_ptr_array_remove_index(w->legs, index);
}

static bool is_followed(const WatchLegs *w, const FlowKey *key)
{
    for (guint i = 0; i < w->legs->len; i++) {
        if (g_hash_table_contains(leg_at(w, i)->flows, key))
            return true;
    }
    return false;
}

static void add_flow(WatchLegs *w, const FlowKey *key)
{
    for (guint i = 0; i < w->legs->len; i++) {
        Leg *leg = leg_at(w, i);
        if (leg->takes_new)
            flow_keys_add(leg->flows, key);
        else
            g_hash_table_remove(leg->flows, key);
    }
}

void watch_legs_packet(const CapturePacket *packet, gpointer data)
{
    WatchLegs *w = data;
    Layers layers;
    layers_read(packet, &layers);
    bool tcp = layers.kind == LAYERS_TCP && !layers.broken;
    FlowKey key;
    if (tcp) {
        (void) flow_key_set(&key, layers.ip, layers.port, PROTOCOL_TCP);
        bool begins = (layers.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
        if (begins || !is_followed(w, &key))
            add_flow(w, &key);
    }
    for (guint i = 0; i < w->legs->len && !w->error; i++) {
        Leg *leg = leg_at(w, i);
        if ((!tcp || g_hash_table_contains(leg->flows, &key)) && !watch_run_add(leg->run, packet))
            replace(w, i--);
    }
    if (!w->error)
        check_limits(w);
}

/** Frees those that have ended. */
static void reap(WatchLegs *w, bool wait)
{
    for (guint i = 0; i < w->ending->len;) {
        WatchRun *run = g_ptr_array_index(w->ending, i);
        if (!wait && !watch_run_ended(run)) {
            i++;
            continue;
        }
        g_autofree char *note = NULL;
        g_autoptr(GError) error = NULL;
        if (!watch_run_finish(run, &note, &error) && !w->error)
            w->error = g_steal_pointer(&error);
        if (note)
            warn_user("%s: what was found may not be all", note);
        g_ptr_array_remove_index(w->ending, i);
    }
}

static bool report(WatchLegs *w, GError **error)
{
    if (!w->error)
        return true;
    g_propagate_error(error, g_steal_pointer(&w->error));
    return false;
}

bool watch_legs_tick(WatchLegs *w, GError **error)
{
    for (guint i = 0; i < w->legs->len && !w->error; i++) {
        watch_run_flush(leg_at(w, i)->run);
        if (watch_run_ended(leg_at(w, i)->run))
            replace(w, i--);
    }
    reap(w, false);
    return report(w, error);
}

bool watch_legs_finish(WatchLegs *w, GError **error)
{
    while (w->legs->len > 0)
        end_oldest(w);
    reap(w, true);
    return report(w, error);
}

void watch_legs_free(WatchLegs *w)
{
    (void) watch_legs_finish(w, NULL);
    g_ptr_array_unref(w->legs);
    g_ptr_array_unref(w->ending);
    g_clear_error(&w->error);
    g_free(w);
}
