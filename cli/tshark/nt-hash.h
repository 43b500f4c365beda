// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The NT hash of a password: the key from which NTLM derives those of a session.
 */
#ifndef CAR_TSHARK_NT_HASH_H
#define CAR_TSHARK_NT_HASH_H

#include <stddef.h>
#include <stdint.h>

#define NT_HASH_SIZE 16

/** MD4 (RFC 1320) of `len` bytes. */
void md4(const uint8_t *data, size_t len, uint8_t digest[NT_HASH_SIZE]);

/** The hash of `password`, which is valid UTF-8. */
void nt_hash(const char *password, uint8_t hash[NT_HASH_SIZE]);

#endif
