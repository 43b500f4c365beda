// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * HTML: everything that does not stand in this program's source goes through html_text() or html_code().
 */
#ifndef CAR_CASE_REPORT_HTML_H
#define CAR_CASE_REPORT_HTML_H

#include "record/activity.h"

#include <stdint.h>
#include <stdio.h>

#define HTML_SHORT ((size_t) 120) ///< characters of a text among others
#define HTML_LONG ((size_t) 600)  ///< characters of a text that matters

/** Writes text for content or a quoted attribute, as one line: what is not shown, or reorders, is written out, and from
 * `max` characters on it is cut off. NULL: "unknown". */
void html_text(FILE *stream, const char *text, size_t max);

/** The same, where lines may end within a path or the name of a method. */
void html_name(FILE *stream, const char *text, size_t max);

/** html_name() as code. */
void html_code(FILE *stream, const char *text, size_t max);

/** "2020-08-06 07:56:41.320149" of a time in RFC 3339. */
void html_time(FILE *stream, const char *time);

/** "65", and of which capture where that is another one than the activity begins in. */
void html_frame(FILE *stream, const Activity *activity, int64_t frame);

/** The same outside of an activity, where only a single capture need not be named. */
void html_frame_anywhere(FILE *stream, const RecordSet *set, int64_t frame);

/** A word with the colour of the kind, or that it is allowed. */
void html_badge(FILE *stream, const Activity *activity);

/** "run", …, "allowed": the CSS class. */
const char *html_class(const Activity *activity);

/** "host (address)" of an end. */
void html_host(FILE *stream, const RecordEnd *end);

/** "hosts.json event 4624, record 12: same source address and port". */
void html_log_source(FILE *stream, const LogSource *source);

/** "12 connections", "1 connection". */
void html_count(FILE *stream, uint64_t count, const char *singular, const char *plural);

/** One row of a list of facts; the value follows, then html_end_fact(). NULL: the row is one more of the last name. */
void html_begin_fact(FILE *stream, const char *name);
void html_end_fact(FILE *stream);

/** A fact that is a text; nothing when it is NULL. */
void html_fact(FILE *stream, const char *name, const char *text);

/** A box that scrolls when its content is wider than the page. `label` says what it is. */
void html_begin_scroll(FILE *stream, const char *label);
void html_end_scroll(FILE *stream);

#endif
