// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Pieces of text inside a log's buffer, and the values that logs write in several ways: numbers, addresses, names.
 */
#ifndef CAR_HOST_TEXT_H
#define CAR_HOST_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** Not terminated, any bytes. An absent one has `text` NULL. */
typedef struct {
    const char *text;
    size_t len;
} HostText;

#define HOST_TEXT_NONE ((HostText){NULL, 0})

/** IPv6, or IPv4 as ::ffff:a.b.c.d. All zero: unknown. */
typedef struct {
    uint8_t bytes[16];
} HostAddress;

HostText host_text(const char *text);

/** Absent when it is empty or "-", as event logs write what is not there. */
HostText host_text_present(HostText text);

bool host_text_is(HostText text, const char *expected);          ///< exactly
bool host_text_is_any_case(HostText text, const char *expected); ///< whatever the case of ASCII letters
bool host_text_has_prefix(HostText text, const char *prefix);

/** Where `needle` begins in `text`, or NULL. */
const char *host_text_find(HostText text, const char *needle);

/** What follows `label` and blanks in a rendered message, up to the end of its line or ";". Absent without the label. */
HostText host_text_after(HostText message, const char *label);

/** Decimal, or hexadecimal after 0x. -1 when it is no number that fits. */
int64_t host_text_number(HostText text);

/** The same for the identifiers of logons, which have 64 bits; 0 when it is none. */
uint64_t host_text_id(HostText text);

/** False when it is no address, or the unspecified one. Zones (%12), brackets and ::ffff: are understood. */
bool host_text_address(HostText text, HostAddress *address);

bool host_address_known(const HostAddress *address);
bool host_address_equal(const HostAddress *a, const HostAddress *b);
bool host_address_loopback(const HostAddress *address);
/** Owned by the caller. */
char *host_address_text(const HostAddress *address);

/** The file name in a Windows path; the text itself without one. */
HostText host_text_base(HostText path);

/** Whether two host names mean one host: "WS06" is "ws06.example.com". */
bool host_names_agree(const char *a, const char *b);

/** Valid UTF-8 kept in `chunk`: bytes that are none became U+FFFD. NULL when it is absent. */
const char *host_text_keep(GStringChunk *chunk, HostText text);

#endif
