// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Keys for sealed traffic: from a keytab and from a file with a password into what tshark can read.
 *
 * tshark reads keys from a keytab only. The one made here lies in memory and nowhere else, and the child gets it as an
 * open file: no secret is on a command line, in the environment or in a file that could be left behind.
 */
#ifndef CAR_TSHARK_KEYS_H
#define CAR_TSHARK_KEYS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int fd; ///< a keytab; -1 when there are no keys
} Keys;

#define KEYS_NONE ((Keys){.fd = -1})

/** Reads what the options name; either may be NULL. What is unwise about the files is said on standard error. On an
 * error there are no keys; its text says which file, and nothing of what is in it. */
bool keys_open(Keys *keys, const char *keytab, const char *password_file, GError **error);

/** Harmless when there are no keys. */
void keys_close(Keys *keys);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Keys, keys_close)

/** The whole keys of the keytab `data` as a new keytab, without what was deleted in it or cut short. NULL when it is no
 * keytab or holds no keys. Owned by the caller. */
GByteArray *keys_read_keytab(const uint8_t *data, size_t len);

/** A keytab without keys. */
GByteArray *keys_new_keytab(void);

/** Adds the key that `password` (valid UTF-8) stands for. */
void keys_add_password(GByteArray *keytab, const char *password);

/** The password in the text of a file: its first line. `more` tells whether other lines follow. NULL when it is empty
 * or no UTF-8. Owned by the caller. */
char *keys_read_password(const char *text, size_t len, bool *more);

#endif
