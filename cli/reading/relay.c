// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/relay.h"

#include "base/flow-key.h"
#include "base/warn.h"
#include "capture/layers.h"

#define OVERLAP (10 * 60 * G_TIME_SPAN_SECOND) ///< that two tsharks read the same, at most
#define PROTOCOL_TCP 6

typedef struct {
    Follower *follower;
    GHashTable *flows; ///< FlowKey: connections that it follows
    bool takes_new;    ///< and those that begin now
    uint64_t before;   ///< packets that it read before it took over
} Runner;

struct Relay {
    const FollowerOptions *options;
    uint64_t limit;
    /** Runner *, the oldest first: one that takes no new connections any more, one, one that is to be next */
    GPtrArray *runners;
    GPtrArray *ending; ///< Follower *
    bool overlap;      ///< the last runner is the next one
    int64_t overlap_end;
    GError *error; ///< that ends it all
};

static void runner_free(gpointer data)
{
    Runner *runner = data;
    g_hash_table_unref(runner->flows);
    g_free(runner);
}

static bool add_runner(Relay *relay, bool reports)
{
    Follower *follower = follower_start(relay->options, reports, &relay->error);
    if (!follower)
        return false;
    Runner *runner = g_new0(Runner, 1);
    runner->follower = follower;
    runner->flows = flow_keys_new();
    runner->takes_new = true;
    g_ptr_array_add(relay->runners, runner);
    return true;
}

Relay *relay_new(const FollowerOptions *options, uint64_t limit, GError **error)
{
    g_autoptr(Relay) relay = g_new0(Relay, 1);
    relay->options = options;
    relay->limit = limit;
    relay->runners = g_ptr_array_new_with_free_func(runner_free);
    relay->ending = g_ptr_array_new();
    if (add_runner(relay, true))
        return g_steal_pointer(&relay);
    g_propagate_error(error, g_steal_pointer(&relay->error));
    return NULL;
}

static Runner *runner_at(const Relay *relay, guint index)
{
    return g_ptr_array_index(relay->runners, index);
}

/** Lets the oldest tshark read what it still has to. */
static void end_oldest(Relay *relay)
{
    follower_end(runner_at(relay, 0)->follower);
    g_ptr_array_add(relay->ending, runner_at(relay, 0)->follower);
    g_ptr_array_remove_index(relay->runners, 0);
}

static void take_over(Relay *relay, bool all)
{
    Runner *next = runner_at(relay, relay->runners->len - 1);
    for (guint i = 0; i + 1 < relay->runners->len; i++)
        runner_at(relay, i)->takes_new = false;
    follower_take_over(next->follower, all);
    next->before = follower_packets(next->follower);
    relay->overlap = false;
}

static void check_limits(Relay *relay)
{
    const Runner *last = runner_at(relay, relay->runners->len - 1);
    if (relay->overlap) {
        if (follower_packets(last->follower) >= relay->limit || g_get_monotonic_time() >= relay->overlap_end)
            take_over(relay, false);
    } else if (follower_packets(last->follower) - last->before >= relay->limit && add_runner(relay, false)) {
        while (relay->runners->len > 2)
            end_oldest(relay);
        relay->overlap = true;
        relay->overlap_end = g_get_monotonic_time() + OVERLAP;
    }
}

/** tshark does not end by itself unless something is wrong with it: another one takes its place. */
static void replace(Relay *relay, guint index)
{
    bool next = relay->overlap && index + 1 == relay->runners->len,
         current = runner_at(relay, index)->takes_new && !next;
    if (next)
        relay->overlap = false;
    else if (current && relay->overlap)
        take_over(relay, true);
    else if (current && !add_runner(relay, true))
        return;
    follower_end(runner_at(relay, index)->follower);
    g_ptr_array_add(relay->ending, runner_at(relay, index)->follower);
    g_ptr_array_remove_index(relay->runners, index);
}

static bool is_followed(const Relay *relay, const FlowKey *key)
{
    for (guint i = 0; i < relay->runners->len; i++) {
        if (g_hash_table_contains(runner_at(relay, i)->flows, key))
            return true;
    }
    return false;
}

static void add_flow(Relay *relay, const FlowKey *key)
{
    for (guint i = 0; i < relay->runners->len; i++) {
        Runner *runner = runner_at(relay, i);
        if (runner->takes_new)
            flow_keys_add(runner->flows, key);
        else
            g_hash_table_remove(runner->flows, key);
    }
}

void relay_packet(const CapturePacket *packet, gpointer data)
{
    Relay *relay = data;
    Layers layers;
    layers_read(packet, &layers);
    bool tcp = layers.kind == LAYERS_TCP && !layers.broken;
    FlowKey key;
    if (tcp) {
        (void) flow_key_set(&key, layers.ip, layers.port, PROTOCOL_TCP);
        bool begins = (layers.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
        if (begins || !is_followed(relay, &key))
            add_flow(relay, &key);
    }
    for (guint i = 0; i < relay->runners->len && !relay->error; i++) {
        Runner *runner = runner_at(relay, i);
        if ((!tcp || g_hash_table_contains(runner->flows, &key)) && !follower_add(runner->follower, packet))
            replace(relay, i--);
    }
    if (!relay->error)
        check_limits(relay);
}

/** Frees those that have ended. */
static void reap(Relay *relay, bool wait)
{
    for (guint i = 0; i < relay->ending->len;) {
        Follower *follower = g_ptr_array_index(relay->ending, i);
        if (!wait && !follower_ended(follower)) {
            i++;
            continue;
        }
        g_autofree char *note = NULL;
        g_autoptr(GError) error = NULL;
        if (!follower_finish(follower, &note, &error) && !relay->error)
            relay->error = g_steal_pointer(&error);
        if (note)
            warn_user("%s: what was found may not be all", note);
        g_ptr_array_remove_index(relay->ending, i);
    }
}

static bool report(Relay *relay, GError **error)
{
    if (!relay->error)
        return true;
    g_propagate_error(error, g_steal_pointer(&relay->error));
    return false;
}

bool relay_tick(Relay *relay, GError **error)
{
    for (guint i = 0; i < relay->runners->len && !relay->error; i++) {
        follower_flush(runner_at(relay, i)->follower);
        if (follower_ended(runner_at(relay, i)->follower))
            replace(relay, i--);
    }
    reap(relay, false);
    return report(relay, error);
}

bool relay_finish(Relay *relay, GError **error)
{
    while (relay->runners->len > 0)
        end_oldest(relay);
    reap(relay, true);
    return report(relay, error);
}

void relay_free(Relay *relay)
{
    (void) relay_finish(relay, NULL);
    g_ptr_array_unref(relay->runners);
    g_ptr_array_unref(relay->ending);
    g_clear_error(&relay->error);
    g_free(relay);
}
