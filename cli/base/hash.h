// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Hashes of what strangers write: addresses, ports, names, numbers. They are SipHash-1-3 under a key drawn at random once a
 * run: nobody can know beforehand what collides, and fill a table with it.
 */
#ifndef CAR_BASE_HASH_H
#define CAR_BASE_HASH_H

#include <glib.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t len);

/** GHashFunc, in place of g_str_hash(). */
guint hash_text(gconstpointer text);

/** GHashFunc, in place of g_direct_hash(), for numbers in pointers. */
guint hash_number(gconstpointer number);

#endif
