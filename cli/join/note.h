// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Writing into a record what an event of a log says.
 */
#ifndef CAR_JOIN_NOTE_H
#define CAR_JOIN_NOTE_H

#include "base/texts.h"
#include "logs/event.h"
#include "record/record.h"
#include <stdint.h>

/** The event as a source. Texts are kept in `texts`; `reason` is, too. */
LogSource host_note_source(const HostEvent *event, Texts *texts, const char *reason);

/** The record's facts, made when there are none yet. */
HostFacts *host_note_facts(Record *record);

/** What an event says of a process. */
typedef struct {
    ProcessRole role;
    int64_t pid;
    Slice image, command_line, parent_image, service;
    int64_t parent_pid;
    int64_t start;
    const char *user;
} HostProcessNote;

/** What the event itself says of its process. */
HostProcessNote host_note_of(const HostEvent *event, ProcessRole role, Texts *texts);

/** Notes a process: one that the record has already, and that does not contradict, is completed. Returns its index,
 * G_MAXUINT when there are too many. */
guint host_note_process(Record *record, Texts *texts, const HostProcessNote *note, LogSource source);

/** Adds a source to a process unless it is there. */
void host_note_add_source(Process *process, LogSource source);

#endif
