// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Adds evidence to the conversation under way, and joins conversations that belong together.
 */
#ifndef CAR_JUDGE_EVIDENCE_H
#define CAR_JUDGE_EVIDENCE_H

#include "judge/tracker.h"

/** Its first of each kind counts. */
void add_evidence(Step *s, EvidenceKind kind);

/** Both conversations have given evidence. The lowest id stays the number of the whole. */
void activity_join(Conversation *a, Conversation *b);

/** The conversation under way uses what this activation returned. */
void link_activation(Step *s, Activation *a);

/** A conversation that the server of a WMI conversation opened to its client; joins the newest one between them. */
void check_callback_origin(Step *s);

#endif
