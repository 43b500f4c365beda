// SPDX-License-Identifier: GPL-2.0-or-later
#include "tshark/keys.h"

#include "base/warn.h"
#include "tshark/nt-hash.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_KEYTAB ((size_t) 1 << 20)
#define MAX_PASSWORD_FILE ((size_t) 64 << 10)

// A keytab (MIT Kerberos, version 2, big endian): 05 02, then entries after their length, which is negative where one
// was deleted.

static const uint8_t keytab_version[] = {5, 2};

static int32_t read_length(const uint8_t *p)
{
    return (int32_t) ((uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3]);
}

GByteArray *keys_new_keytab(void)
{
    GByteArray *keytab = g_byte_array_new();
    return g_byte_array_append(keytab, keytab_version, sizeof(keytab_version));
}

GByteArray *keys_read_keytab(const uint8_t *data, size_t len)
{
    if (len < sizeof(keytab_version) || memcmp(data, keytab_version, sizeof(keytab_version)) != 0)
        return NULL;
    GByteArray *keytab = keys_new_keytab();
    for (size_t at = sizeof(keytab_version); len - at >= 4;) {
        int32_t length = read_length(data + at);
        size_t size = length < 0 ? (size_t) - (int64_t) length : (size_t) length;
        if (size == 0 || size > len - at - 4)
            break;
        if (length > 0)
            g_byte_array_append(keytab, data + at, (guint) (4 + size));
        at += 4 + size;
    }
    if (keytab->len == sizeof(keytab_version))
        g_clear_pointer(&keytab, g_byte_array_unref);
    return keytab;
}

void keys_add_password(GByteArray *keytab, const char *password)
{
    // For NTLM only the key counts, not whose it is.
    static const uint8_t start[] = {0, 0,  0,   44,          0, 1, // length, components of the name
                                    0, 1,  '-', 0,           8, 'p', 'a', 's', 's', 'w', 'o', 'r', 'd', // realm, name
                                    0, 0,  0,   1,           0, 0,   0,   0,   1, // type of name, time, version
                                    0, 23, 0,   NT_HASH_SIZE};                    // rc4-hmac
    uint8_t hash[NT_HASH_SIZE];
    nt_hash(password, hash);
    g_byte_array_append(keytab, start, sizeof(start));
    g_byte_array_append(keytab, hash, sizeof(hash));
    explicit_bzero(hash, sizeof(hash));
}

char *keys_read_password(const char *text, size_t len, bool *more)
{
    const char *newline = memchr(text, '\n', len);
    size_t end = newline ? (size_t) (newline - text) : len;
    *more = newline && end + 1 < len;
    if (newline && end > 0 && text[end - 1] == '\r')
        end--;
    if (end == 0 || !g_utf8_validate_len(text, end, NULL))
        return NULL;
    return g_strndup(text, end);
}

static void wipe(GByteArray *bytes)
{
    explicit_bzero(bytes->data, bytes->len);
    g_byte_array_unref(bytes);
}

static void wipe_text(char *text)
{
    explicit_bzero(text, strlen(text));
    g_free(text);
}

static void set_fault(GError **error, const char *option, const char *path, const char *fault)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s %s: %s", option, path, fault);
}

/** The content of a file, or of a pipe, of at most `max` bytes. Owned by the caller, who wipes it. */
static GByteArray *read_secret(const char *option, const char *path, size_t max, GError **error)
{
    if (strcmp(path, "-") == 0) {
        set_fault(error, option, path, "is read from a file only, not from standard input");
        return NULL;
    }
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) {
        set_fault(error, option, path, g_strerror(errno));
        return NULL;
    }
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH))
        warn_user("%s %s: everybody on this machine may read it (chmod 600 fixes that)", option, path);
    // Of full size from the start, so that no copy is left behind where it grew.
    GByteArray *bytes = g_byte_array_sized_new((guint) max + 1);
    g_byte_array_set_size(bytes, (guint) max + 1);
    size_t len = 0;
    ssize_t n;
    do {
        n = read(fd, bytes->data + len, max + 1 - len);
        len += n > 0 ? (size_t) n : 0;
    } while ((n > 0 && len <= max) || (n < 0 && errno == EINTR));
    int number = errno;
    (void) close(fd);
    g_byte_array_set_size(bytes, (guint) len);
    if (n >= 0 && len <= max)
        return bytes;
    set_fault(error, option, path, n < 0 ? g_strerror(number) : "is too large to be one");
    wipe(bytes);
    return NULL;
}

static GByteArray *open_keytab(const char *path, GError **error)
{
    GByteArray *bytes = read_secret("--keytab", path, MAX_KEYTAB, error);
    if (!bytes)
        return NULL;
    GByteArray *keytab = keys_read_keytab(bytes->data, bytes->len);
    if (!keytab)
        set_fault(error, "--keytab", path, "is no keytab with keys (of version 2, as ktutil writes it)");
    wipe(bytes);
    return keytab;
}

static bool add_password_file(GByteArray *keytab, const char *path, GError **error)
{
    GByteArray *bytes = read_secret("--nt-password-file", path, MAX_PASSWORD_FILE, error);
    if (!bytes)
        return false;
    bool more = false;
    char *password = keys_read_password((const char *) bytes->data, bytes->len, &more);
    wipe(bytes);
    if (!password) {
        set_fault(error, "--nt-password-file", path, "its first line is empty or no UTF-8 text");
        return false;
    }
    if (more)
        warn_user("--nt-password-file %s: only its first line is used: a keytab can hold several keys", path);
    keys_add_password(keytab, password);
    wipe_text(password);
    return true;
}

/** A file that is nowhere but in memory. */
static int store(const GByteArray *keytab, GError **error)
{
    int fd = memfd_create("keytab", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < keytab->len) {
        ssize_t n = write(fd, keytab->data + done, keytab->len - done);
        if (n < 0 && errno != EINTR) {
            int number = errno;
            (void) close(fd);
            errno = number;
            fd = -1;
        } else if (n > 0) {
            done += (size_t) n;
        }
    }
    if (fd < 0)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "no memory for the keys: %s", g_strerror(errno));
    return fd;
}

bool keys_open(Keys *keys, const char *keytab_path, const char *password_path, GError **error)
{
    *keys = KEYS_NONE;
    if (!keytab_path && !password_path)
        return true;
    GByteArray *keytab = keytab_path ? open_keytab(keytab_path, error) : keys_new_keytab();
    if (!keytab)
        return false;
    if (!password_path || add_password_file(keytab, password_path, error))
        keys->fd = store(keytab, error);
    wipe(keytab);
    return keys->fd >= 0;
}

void keys_close(Keys *keys)
{
    if (keys->fd >= 0)
        (void) close(keys->fd);
    *keys = KEYS_NONE;
}
