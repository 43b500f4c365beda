// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The line that says what hosts' logs say about a connection: who, where, and what was started.
 */
#ifndef CAR_JOIN_SUMMARY_H
#define CAR_JOIN_SUMMARY_H

#include "record/record.h"

/** "GruntHTTP.exe (7240, EXAMPLE\user) → WS06: ran GruntHTTP2.exe (3824)". NULL when no log says anything of the
 * record's processes. Owned by the caller. */
char *host_summary_make(const Record *record);

/** "GruntHTTP.exe:7240", or what of it is known. Owned by the caller. */
char *host_summary_process(const Process *process);

#endif
