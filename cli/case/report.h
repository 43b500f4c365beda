// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The report: one HTML file without script and without anything that is loaded from elsewhere. The same Report gives
 * the same bytes.
 *
 * report.c puts it together; each part of it is one file report-*.c.
 */
#ifndef CAR_CASE_REPORT_H
#define CAR_CASE_REPORT_H

#include "record/activity.h"

#include <stdint.h>
#include <stdio.h>

/** A file that was read, as it lay on the disk. */
typedef struct {
    char *path;                       ///< as it was named
    char *sha256;                     ///< NULL when it could not be known
    int64_t size;                     ///< bytes; NUMBER_UNKNOWN
    char *fault;                      ///< why it could not be read at all, or hashed; NULL when it could
    char *note;                       ///< why not all of it was read
    int64_t packets;                  ///< NUMBER_UNKNOWN
    char *first_packet, *last_packet; ///< times in RFC 3339; NULL when unknown
    char *link_types;                 ///< "Ethernet, Linux cooked-mode capture v1"; NULL when unknown
} ReportInput;

typedef struct {
    const GPtrArray *sets;      ///< RecordSet *
    GPtrArray *activities;      ///< Activity *, the worst first
    Confidence min;             ///< the weakest match that was asked for
    GPtrArray *captures;        ///< ReportInput *
    GPtrArray *host_logs;       ///< ReportInput *
    const GPtrArray *warnings;  ///< char *: what hosts' logs warned of
    const GPtrArray *looked_at; ///< char *: what was looked at, a sentence each; NULL: there was no capture
    const GPtrArray *idle;      ///< char *: what was given and contributed nothing
    guint sealed_activations;   ///< also of connections that are not in the report
    const char *case_name, *examiner, *note; ///< NULL when not given
    const char *command;                     ///< the command line, without secrets
    const char *created;                     ///< time in RFC 3339
    bool keys;                               ///< there were some
} Report;

/** Errors are seen in ferror(). */
void report_write(const Report *report, FILE *stream);

// The parts.
void report_write_summary(const Report *report, FILE *stream);
/** Who did what to whom, in sentences on the most serious activities; then all `findings` (Finding *). */
void report_write_sentences(const Report *report, const GPtrArray *findings, FILE *stream);
void report_write_findings(const GPtrArray *findings, FILE *stream);
void report_write_timeline(const Report *report, FILE *stream);
void report_write_graph(const Report *report, FILE *stream);
void report_write_activities(const Report *report, FILE *stream);
void report_write_coverage(const Report *report, FILE *stream);
void report_write_unread(const Report *report, FILE *stream);
void report_write_method(const Report *report, FILE *stream);
void report_write_provenance(const Report *report, FILE *stream);

/** One activity in full, as number `number` of the report. */
void report_write_activity(const Activity *activity, guint number, FILE *stream);

/** Its processes, a card each. */
void report_write_processes(const Activity *activity, FILE *stream);

/** Its calls in order, as a table. */
void report_write_calls(const Activity *activity, guint number, FILE *stream);

#endif
