// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the user should know of what was not found: an answer of nothing looks the same when there was nothing, and when
 * nothing could be seen.
 */
#ifndef CAR_READING_SILENCE_H
#define CAR_READING_SILENCE_H

#include "reading/reading.h"

/** What was looked at, also where something was found: char *, a sentence each, without full stop. Owned by the caller. */
GPtrArray *silence_looked_at(const Reading *reading);

/** Which keys and rules came to nothing, likewise. `paths`: the files with secrets are named. */
GPtrArray *silence_idle(const Reading *reading, bool paths);

/** Says on standard error, at the end of a reading, which keys and rules came to nothing and, when nothing matched, what was
 * looked at and what is out of scope. */
void silence_tell(const Reading *reading);

#endif
