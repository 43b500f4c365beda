// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the claims of a record rest on. The words are those of names/words.h.
 */
#ifndef CAR_RECORD_BASIS_H
#define CAR_RECORD_BASIS_H

#include "record/record.h"

/** Which process has the part: a log, where there is one, says more than the client does. */
Basis process_basis(const Process *process);

/** The same, by its packets alone. */
Basis wire_basis(const Process *process);

/** The names of an end. BASIS_UNKNOWN: it has none. */
Basis host_basis(const Record *record, const RecordEnd *end);

/** Who logged on. BASIS_UNKNOWN: nobody is known. */
Basis auth_basis(const Auth *auth);

/** What a call asks for. BASIS_UNKNOWN: nothing of it can be read. */
Basis call_basis(const RecordCall *call);

#endif
