// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/flow-set.h"

#include "base/hash.h"

#include <stdatomic.h>

#define PROBES 4

struct FlowSet {
    uint64_t bits;
    _Atomic uint64_t words[];
};

FlowSet *flow_set_new(guint bits)
{
    uint64_t n = UINT64_C(1) << MAX(bits, 6);
    FlowSet *set = g_malloc0(sizeof(*set) + n / 8);
    set->bits = n;
    return set;
}

void flow_set_free(FlowSet *set)
{
    g_free(set);
}

/** The bits of a conversation; `isn` is the sequence number that it began with. */
static void find_bits(const FlowSet *set, const FlowKey *key, bool begun, uint32_t isn, uint64_t bits[PROBES])
{
    const struct {
        FlowKey key;
        uint64_t begin;
    } conversation = {*key, begun ? (uint64_t) 1 << 32 | isn : 0};
    uint64_t hash = hash_bytes(&conversation, sizeof(conversation)), step = hash >> 32 | 1;
    for (guint i = 0; i < PROBES; i++)
        bits[i] = (hash + i * step) % set->bits;
}

void flow_set_add(FlowSet *set, const Flow *flow)
{
    uint64_t bits[PROBES];
    find_bits(set, &flow->key, flow->begun, flow->isn, bits);
    for (guint i = 0; i < PROBES; i++)
        atomic_fetch_or_explicit(&set->words[bits[i] / 64], UINT64_C(1) << bits[i] % 64, memory_order_relaxed);
}

static bool has(const FlowSet *set, const FlowKey *key, bool begun, uint32_t isn)
{
    uint64_t bits[PROBES];
    find_bits(set, key, begun, isn, bits);
    bool all = true;
    for (guint i = 0; i < PROBES; i++) {
        uint64_t word = atomic_load_explicit(&set->words[bits[i] / 64], memory_order_relaxed);
        all = all && word >> bits[i] % 64 & 1;
    }
    return all;
}

bool flow_set_has(const FlowSet *set, const Flow *flow)
{
    return has(set, &flow->key, false, 0) || (flow->begun && has(set, &flow->key, true, flow->isn));
}
