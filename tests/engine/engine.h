// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A test instrument: the judge without Wireshark. Captures are read and put in order as the program does, TCP streams are cut
 * into DCE/RPC PDUs, and what comes out are the events that tshark prints with the plugin (`-z car,events`).
 *
 * It is not how the product works: Wireshark knows transports that this does not (IP fragments, named pipes, HTTP), and opens
 * what is sealed. It is there so that the judge can be tested and fuzzed in milliseconds, and so that each of the two checks
 * the other.
 */
#ifndef CAR_TESTS_ENGINE_H
#define CAR_TESTS_ENGINE_H

#include "capture/reorder.h"

#include <glib.h>

typedef struct Engine Engine;

/** Event lines are appended to `out`, which has to stay and may be emptied between calls. */
Engine *engine_new(GString *out);
void engine_free(Engine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Engine, engine_free)

/** Calls `func` for each packet as it is taken: those of a TCP connection in the order of their sequence numbers. */
void engine_set_order(Engine *engine, ReorderFunc func, gpointer data);

/** The next packet of the capture. Its bytes are needed only during the call. */
void engine_packet(Engine *engine, const CapturePacket *packet);

/** Nothing more comes. */
void engine_finish(Engine *engine);

#endif
