// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What impacket's wmiexec and its relatives leave on SMB: the command's output goes into a file __<seconds>.<fraction> of a
 * share, which the client then reads and deletes. Where SMB is in clear, such a file shows that something was run, and what
 * came of it, even when the WMI is sealed.
 *
 * From the PDML of SMB packets (smb-messages.h) to the artifacts of records. Lines are made from bytes that an attacker chose: one that
 * is not what it should be is ignored, and what is remembered is bounded.
 */
#ifndef CAR_RECORD_ARTIFACTS_H
#define CAR_RECORD_ARTIFACTS_H

#include "base/frame-map.h"
#include "record/record.h"
#include "record/smb-messages.h"

typedef struct Artifacts Artifacts;

/** Those of the SMB conversations `smb` (FlowKey) whose hosts have DCOM between them in a record of `set`. Notes in these records
 * that there are some. The caller owns the set of keys. */
GHashTable *artifacts_flows(RecordSet *set, GHashTable *smb);

Artifacts *artifacts_new(void);
void artifacts_free(Artifacts *artifacts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Artifacts, artifacts_free)

/** Takes a line of PDML, without its end. */
void artifacts_line(Artifacts *artifacts, const char *line, size_t len);

/** Notes in the records of `set` where files were found, or SMB that is sealed, between their hosts: of SMB that is read beside the
 * rest, and not from its beginning. */
void artifacts_mark(const Artifacts *artifacts, RecordSet *set);

/** Takes from the records (Record *) what artifacts_mark() and artifacts_attach() gave them. */
void artifacts_detach(GPtrArray *records);

/** Gives each file to the activity during which the same client used it on the same server: to the record that says most. Of several
 * activities of one time, those get it whose command line names it, else those with calls on an object, else all. `frames` are those of the lines. */
void artifacts_attach(const Artifacts *artifacts, FrameMap *frames, RecordSet *set);

#endif
