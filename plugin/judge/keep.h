// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Copies that live as long as a pool.
 */
#ifndef CAR_JUDGE_KEEP_H
#define CAR_JUDGE_KEEP_H

#include <wsutil/wmem/wmem.h>

static inline void *keep_copy(wmem_allocator_t *pool, const void *data, size_t size)
{
    return wmem_memdup(pool, data, size);
}

/** NULL stays NULL, which wmem_strdup() would turn into text. */
static inline const char *keep_string(wmem_allocator_t *pool, const char *text)
{
    return text ? wmem_strdup(pool, text) : NULL;
}

#endif
