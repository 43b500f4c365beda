// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What was done over a connection, in a line for people.
 */
#ifndef CAR_RECORD_SUMMARY_H
#define CAR_RECORD_SUMMARY_H

#include "record/record.h"

/** The calls that did something, the strongest first: "ran: cmd.exe /c …; queried: SELECT …". Without such, the call
 * that says most. What is not known is left out. One line, but otherwise the texts of the wire: escape it for a terminal.
 * NULL when there are no calls. Owned by the caller. */
char *summary_make(const Record *record);

#endif
