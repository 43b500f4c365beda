// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The two ends of a conversation as one key, whoever sends.
 */
#ifndef CAR_BASE_FLOW_KEY_H
#define CAR_BASE_FLOW_KEY_H

#include "base/address.h"

/** Both ends, the lower one first. */
typedef struct {
    Address ip[2];
    uint16_t port[2];
    uint8_t transport; ///< IP's number of it
    uint8_t zero[3];
} FlowKey;

/** Sets `key` to these ends; returns which of them is its first one. */
guint flow_key_set(FlowKey *key, const Address ip[2], const uint16_t port[2], uint8_t transport);

guint flow_key_hash(gconstpointer key);
gboolean flow_key_equal(gconstpointer a, gconstpointer b);

/** A set of keys of its own. */
GHashTable *flow_keys_new(void);
void flow_keys_add(GHashTable *keys, const FlowKey *key);
void flow_keys_add_all(GHashTable *keys, GHashTable *others);

#endif
