// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Pieces of text inside a log's buffer, and the values that logs write in several ways: numbers, addresses, names.
 */
#ifndef CAR_BASE_SLICE_H
#define CAR_BASE_SLICE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** Not terminated, any bytes. An absent one has `text` NULL. */
typedef struct {
    const char *text;
    size_t len;
} Slice;

#define SLICE_NONE ((Slice){NULL, 0})

/** IPv6, or IPv4 as ::ffff:a.b.c.d. All zero: unknown. */
typedef struct {
    uint8_t bytes[16];
} Address;

Slice slice(const char *text);

/** Absent when it is empty or "-", as event logs write what is not there. */
Slice slice_present(Slice text);

bool slice_is(Slice text, const char *expected);          ///< exactly
bool slice_is_any_case(Slice text, const char *expected); ///< whatever the case of ASCII letters
bool slice_has_prefix(Slice text, const char *prefix);

/** Where `needle` begins in `text`, or NULL. */
const char *slice_find(Slice text, const char *needle);

/** What follows `label` and blanks in a rendered message, up to the end of its line or ";". Absent without the label. */
Slice slice_after(Slice message, const char *label);

/** Decimal, or hexadecimal after 0x. -1 when it is no number that fits. */
int64_t slice_number(Slice text);

/** The same for the identifiers of logons, which have 64 bits; 0 when it is none. */
uint64_t slice_id(Slice text);

/** False when it is no address, or the unspecified one. Zones (%12), brackets and ::ffff: are understood. */
bool slice_address(Slice text, Address *address);

bool address_known(const Address *address);
bool address_equal(const Address *a, const Address *b);
bool address_loopback(const Address *address);
/** Owned by the caller. */
char *address_text(const Address *address);

/** The file name in a Windows path; the text itself without one. */
Slice slice_base(Slice path);

/** Whether two host names mean one host: "WS06" is "ws06.example.com". */
bool host_names_agree(const char *a, const char *b);

/** Valid UTF-8 kept in `chunk`: bytes that are none became U+FFFD. NULL when it is absent. */
const char *slice_keep(GStringChunk *chunk, Slice text);

#endif
