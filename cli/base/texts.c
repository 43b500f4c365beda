// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/texts.h"

#include "base/hash.h"

#define BLOCK 4096 ///< bytes that are allocated together

struct Texts {
    GStringChunk *chunk;
    GHashTable *known; ///< those in it
};

Texts *texts_new(void)
{
    Texts *texts = g_new(Texts, 1);
    texts->chunk = g_string_chunk_new(BLOCK);
    texts->known = g_hash_table_new(hash_text, g_str_equal);
    return texts;
}

void texts_free(Texts *texts)
{
    g_hash_table_unref(texts->known);
    g_string_chunk_free(texts->chunk);
    g_free(texts);
}

const char *texts_keep(Texts *texts, const char *text)
{
    if (!text)
        return NULL;
    char *kept = g_hash_table_lookup(texts->known, text);
    if (!kept) {
        kept = g_string_chunk_insert(texts->chunk, text);
        (void) g_hash_table_add(texts->known, kept);
    }
    return kept;
}

const char *texts_keep_slice(Texts *texts, Slice text)
{
    g_autofree char *valid = text.text ? g_utf8_make_valid(text.text, (gssize) text.len) : NULL;
    return texts_keep(texts, valid);
}
