// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/digest.h"

#include "base/hash.h"

#include <gcrypt.h>
#include <stdbool.h>
#include <stdio.h>

#define CHUNK ((size_t) 256 << 10)
#define DIGEST_SIZE 32

struct Digests {
    GThreadPool *pool;
    GMutex lock; ///< of what follows
    GCond ready;
    GHashTable *files; ///< path → Digest *, NULL while it is not ready
    int stop;          ///< atomic
};

static void digest_free(gpointer data)
{
    Digest *digest = data;
    if (!digest)
        return;
    g_free(digest->sha256);
    g_free(digest);
}

/** False when it could not be read to its end. */
static bool hash_stream(Digests *digests, FILE *file, gcry_md_hd_t context)
{
    g_autofree unsigned char *buffer = g_malloc(CHUNK);
    (void) setvbuf(file, NULL, _IONBF, 0);
    for (size_t n; !g_atomic_int_get(&digests->stop) && (n = fread(buffer, 1, CHUNK, file)) > 0;)
        gcry_md_write(context, buffer, n);
    return !ferror(file) && !g_atomic_int_get(&digests->stop);
}

static char *make_text(gcry_md_hd_t context)
{
    const unsigned char *bytes = gcry_md_read(context, GCRY_MD_SHA256);
    GString *text = g_string_sized_new(2 * DIGEST_SIZE);
    for (size_t i = 0; i < DIGEST_SIZE; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

static bool is_unchanged(FILE *file, const FileIdentity *before)
{
    FileIdentity now;
    return file_identity_take_open(&now, fileno(file)) && !file_identity_change(before, &now);
}

/** Without a digest when it cannot be read again. */
static Digest *hash_file(Digests *digests, const char *path)
{
    Digest *digest = g_new0(Digest, 1);
    FILE *file = file_identity_take(&digest->identity, path) ? fopen(path, "rbe") : NULL;
    gcry_md_hd_t context = NULL;
    if (file && gcry_md_open(&context, GCRY_MD_SHA256, 0) == 0) {
        if (hash_stream(digests, file, context) && is_unchanged(file, &digest->identity))
            digest->sha256 = make_text(context);
        gcry_md_close(context);
    }
    if (file)
        (void) fclose(file);
    return digest;
}

static void make_digest(gpointer data, gpointer user_data)
{
    Digests *digests = user_data;
    char *path = data;
    Digest *digest = hash_file(digests, path);
    g_mutex_lock(&digests->lock);
    g_hash_table_replace(digests->files, path, digest);
    g_cond_broadcast(&digests->ready);
    g_mutex_unlock(&digests->lock);
}

Digests *digests_new(void)
{
    if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
        (void) gcry_check_version(NULL);
        (void) gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
    Digests *digests = g_new0(Digests, 1);
    g_mutex_init(&digests->lock);
    g_cond_init(&digests->ready);
    digests->files = g_hash_table_new_full(hash_text, g_str_equal, g_free, digest_free);
    digests->pool = g_thread_pool_new(make_digest, digests, 1, FALSE, NULL);
    return digests;
}

void digests_free(Digests *digests)
{
    g_atomic_int_set(&digests->stop, 1);
    g_thread_pool_free(digests->pool, TRUE, TRUE);
    g_hash_table_unref(digests->files);
    g_cond_clear(&digests->ready);
    g_mutex_clear(&digests->lock);
    g_free(digests);
}

void digests_add(Digests *digests, const char *path)
{
    g_mutex_lock(&digests->lock);
    if (!g_hash_table_contains(digests->files, path)) {
        g_hash_table_insert(digests->files, g_strdup(path), NULL);
        (void) g_thread_pool_push(digests->pool, g_strdup(path), NULL);
    }
    g_mutex_unlock(&digests->lock);
}

const Digest *digests_find(Digests *digests, const char *path)
{
    const Digest *digest = NULL;
    gpointer value = NULL;
    g_mutex_lock(&digests->lock);
    while (g_hash_table_lookup_extended(digests->files, path, NULL, &value) && !(digest = value))
        g_cond_wait(&digests->ready, &digests->lock);
    g_mutex_unlock(&digests->lock);
    return digest && digest->sha256 ? digest : NULL;
}
