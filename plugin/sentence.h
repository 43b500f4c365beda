// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What a PDU says, as a sentence: "WORKSTATION5 pid 7240 logs in to \\WORKSTATION6\root\cimv2".
 */
#ifndef CAR_PLUGIN_SENTENCE_H
#define CAR_PLUGIN_SENTENCE_H

#include "judge/caller.h"

/** The sentence of a PDU, or NULL when there is nothing to say, as of a fragment in the middle. It says what was known
 *  when the PDU was captured. Strings from the wire are made printable and cut short. In `pool`. */
const char *sentence_make(wmem_allocator_t *pool, const PduResult *r);

/** The process of the client: "HOST:pid". NULL for NULL. In `pool`. */
char *sentence_client_process(wmem_allocator_t *pool, const ClientProcess *client);

#endif
