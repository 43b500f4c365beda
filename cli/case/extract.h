// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Copies out of captures what activities rest on: their connections from handshake to end, and the Kerberos exchange that
 * names the user, each packet as it is, with comments that say where it stood and what it shows.
 */
#ifndef CAR_CASE_EXTRACT_H
#define CAR_CASE_EXTRACT_H

#include "base/file-identity.h"
#include "record/activity.h"

#include <stdint.h>
#include <stdio.h>

#define EXTRACT_ERROR (extract_error_quark())
GQuark extract_error_quark(void);

typedef enum {
    EXTRACT_ERROR_UNREADABLE ///< a capture cannot be read again, is not what it was, or holds what pcapng has no number for
} ExtractError;

/** One of the captures. */
typedef struct {
    const char *path;   ///< to open
    guint file;         ///< its index among the files of the records
    const char *sha256; ///< NULL when unknown
    int64_t size;
    FileIdentity identity; ///< of the file that the records are of
} ExtractCapture;

/** One file to write. */
typedef struct {
    FILE *stream;
    GPtrArray *activities; ///< const Activity *
    uint64_t packets;      ///< out: how many were written
    guint missing;         ///< out: connections of which not all packets were found
} ExtractPart;

/** Reads the captures (ExtractCapture, in order of their first packets) as one timeline and writes the packets of each of
 * the parts (ExtractPart). `all_tickets`: with keys, all Kerberos of the clients is needed to open what is sealed. */
bool extract_write(GArray *captures, GArray *parts, bool all_tickets, GError **error);

#endif
