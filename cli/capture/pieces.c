// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/pieces.h"

#define PIECE ((size_t) 1 << 20) ///< bytes of memory

struct CapturePieces {
    char *path;
    HeldPacket *given; ///< the packet that was given last; those behind it are still to come
    uint64_t passed;   ///< packets of the pieces so far
    bool ended;        ///< there is no other piece
    GError *fault;     ///< why
    CaptureFacts facts;
};

CapturePieces *capture_pieces_new(const char *path)
{
    CapturePieces *pieces = g_new0(CapturePieces, 1);
    pieces->path = g_strdup(path);
    return pieces;
}

void capture_pieces_free(CapturePieces *pieces)
{
    held_packet_free_all(pieces->given);
    g_clear_error(&pieces->fault);
    capture_facts_clear(&pieces->facts);
    g_free(pieces->path);
    g_free(pieces);
}

/** The packets of the next piece; NULL: there are none. */
static HeldPacket *read_piece(CapturePieces *pieces)
{
    HeldPacket *first = NULL, **end = &first;
    CaptureReader *reader = capture_reader_open(pieces->path, &pieces->fault);
    pieces->ended = !reader;
    if (!reader)
        return NULL;
    CapturePacket packet = {0};
    uint64_t count = 0;
    for (size_t size = 0; size < PIECE;) {
        pieces->ended = !capture_reader_next(reader, &packet, &pieces->fault);
        if (pieces->ended)
            break;
        if (count++ < pieces->passed)
            continue;
        *end = held_packet_new(&packet);
        size += held_packet_size(*end);
        end = &(*end)->next;
    }
    pieces->passed = count;
    capture_facts_clear(&pieces->facts);
    pieces->facts = capture_reader_take_facts(reader);
    capture_reader_close(reader);
    return first;
}

bool capture_pieces_next(CapturePieces *pieces, CapturePacket *packet, GError **error)
{
    HeldPacket *next = pieces->given ? pieces->given->next : NULL;
    g_free(pieces->given);
    pieces->given = next || pieces->ended ? next : read_piece(pieces);
    if (pieces->given) {
        guint file = packet->file;
        *packet = pieces->given->packet;
        packet->file = file;
        return true;
    }
    if (pieces->fault)
        g_propagate_error(error, g_steal_pointer(&pieces->fault));
    return false;
}

CaptureFacts capture_pieces_take_facts(CapturePieces *pieces)
{
    CaptureFacts facts = pieces->facts;
    pieces->facts = (CaptureFacts){0};
    return facts;
}
