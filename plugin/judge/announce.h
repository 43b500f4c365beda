// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * From what PDUs showed to events: which of it is said, and when. Conversations are announced with their first evidence.
 */
#ifndef CAR_JUDGE_ANNOUNCE_H
#define CAR_JUDGE_ANNOUNCE_H

#include "judge/conversation.h"

#include <glib.h>

typedef struct Announcer Announcer;

/** Lines are appended to `out`, which has to stay until announcer_free() and may be emptied between calls. */
Announcer *announcer_new(GString *out);
void announcer_free(Announcer *announcer);

/** Forgets all conversations: the capture is read again. */
void announcer_reset(Announcer *announcer);

/** The first line: versions of who speaks. */
void announce_begin(Announcer *announcer, const char *plugin, const char *wireshark);

/** What the PDUs of a frame showed, the first with the others behind it. */
void announce_pdus(Announcer *announcer, const PduResult *first);

/** How a TCP segment ends its connection. */
typedef struct {
    uint32_t frame;
    int side; ///< that sent it
    bool fin, reset;
} TcpEnd;

/** A TCP segment of a conversation. It is closed by a reset, or by the segment that follows both ends' FIN. */
void announce_tcp(Announcer *announcer, Conversation *c, const TcpEnd *end);

/** Nothing more comes: announces the totals of the next conversation. False: there is none left. */
bool announce_end(Announcer *announcer);

/** Nothing more comes: announces the totals of those that are left, and the end. */
void announce_done(Announcer *announcer);

#endif
