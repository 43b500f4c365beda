// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Copies that live as long as the capture file is open.
 */
#ifndef CAR_JUDGE_FILE_SCOPE_H
#define CAR_JUDGE_FILE_SCOPE_H

#include <epan/packet.h>

static inline void *file_copy(const void *data, size_t size)
{
    return wmem_memdup(wmem_file_scope(), data, size);
}

/** NULL stays NULL, which wmem_strdup() would turn into text. */
static inline const char *file_string(const char *text)
{
    return text ? wmem_strdup(wmem_file_scope(), text) : NULL;
}

#endif
