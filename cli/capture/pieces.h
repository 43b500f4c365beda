// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A capture that is read piece by piece, and is not open between: for more captures at a time than files can be open. What
 * was read before is passed over each time, which costs the square of large captures; packets of a piece are kept in memory.
 */
#ifndef CAR_CAPTURE_PIECES_H
#define CAR_CAPTURE_PIECES_H

#include "capture/reader.h"

typedef struct CapturePieces CapturePieces;

/** Opens nothing yet. */
CapturePieces *capture_pieces_new(const char *path);
void capture_pieces_free(CapturePieces *pieces);

/** As capture_reader_next(); the packet's bytes are valid until the next call. Errors: those of opening, too. */
bool capture_pieces_next(CapturePieces *pieces, CapturePacket *packet, GError **error);

/** As capture_reader_take_facts(), of what was read so far. */
CaptureFacts capture_pieces_take_facts(CapturePieces *pieces);

#endif
