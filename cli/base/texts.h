// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Texts that last as long as their collection, each kept once: GStringChunk, but for its hash, which strangers can make all
 * their texts collide in.
 */
#ifndef CAR_BASE_TEXTS_H
#define CAR_BASE_TEXTS_H

#include "base/slice.h"

typedef struct Texts Texts;

Texts *texts_new(void);
void texts_free(Texts *texts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Texts, texts_free)

/** The collection's copy; NULL of NULL. */
const char *texts_keep(Texts *texts, const char *text);

/** The same of a slice, made valid UTF-8: bytes that are none became U+FFFD. NULL when it is absent. */
const char *texts_keep_slice(Texts *texts, Slice text);

#endif
