// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Output formats: each is one file out-*.c that fills one row of the table in out.c.
 */
#ifndef CAR_OUTPUT_FORMAT_H
#define CAR_OUTPUT_FORMAT_H

#include "record/record.h"

#include <stdio.h>

/** How to write for the reader at the other end. */
typedef struct {
    size_t width;  ///< columns of the terminal; 0: nothing is cut off
    bool colour;   ///< ANSI colours may be used
    bool ascii;    ///< only ASCII may be used
    bool captures; ///< records of more than one capture follow
    bool live;     ///< they come one by one, and again when more is known
    bool goes_on;  ///< the output was begun before
} OutStyle;

typedef struct Out Out;

/** What a format makes of a live capture. */
typedef enum {
    OUT_LIVE_NO,   ///< it needs all records
    OUT_LIVE_ENDS, ///< each connection once, when it ended
    OUT_LIVE_ALL,  ///< and before, as soon as it is found
    OUT_LIVE_CALLS ///< each call as it is answered, and each connection when it ended
} OutLive;

typedef struct {
    const char *name;
    const char *summary; ///< for the help
    OutLive live;
    /** Any may be NULL but `record`, or `set` in its place. `record` must copy what it keeps. */
    void (*begin)(Out *out);
    void (*record)(Out *out, const RecordSet *set, const Record *record);
    /** Instead of `record`, for a format that needs the records of a timeline together: those of a confidence from `min` on. */
    void (*set)(Out *out, const RecordSet *set, Confidence min);
    /** A call as it is answered; of OUT_LIVE_CALLS. */
    void (*call)(Out *out, const Record *record, const RecordCall *call);
    void (*end)(Out *out);
    void (*clear)(Out *out); ///< frees `state`, also when `end` was not called
} OutFormat;

struct Out {
    const OutFormat *format;
    FILE *stream; ///< not owned
    OutStyle style;
    guint records; ///< written so far
    gpointer state;
};

extern const OutFormat out_format_activities, out_format_actions, out_format_table, out_format_json, out_format_ndjson,
    out_format_csv, out_format_ecs, out_format_car, out_format_markdown, out_format_csv_calls, out_format_timesketch,
    out_format_ocsf, out_format_zeek;

/** NULL and an error that names those there are when there is no format of that name, or it cannot be `live`. */
const OutFormat *out_format_find(const char *name, bool live, GError **error);
/** The names of all formats, or of those that can be `live`, with `separator` between them. Owned by the caller. */
char *out_format_names(const char *separator, bool live);

/** A line for each format, for the help. Owned by the caller. */
char *out_format_summaries(bool live);

/** When colours are used: on a terminal, unless NO_COLOR or TERM say otherwise; or whatever is there. */
typedef enum { OUT_COLOUR_AUTO, OUT_COLOUR_ALWAYS, OUT_COLOUR_NEVER } OutColour;

/** False and an error for a word that is none of auto, always and never. */
bool out_colour_parse(const char *word, OutColour *colour, GError **error);

/** How to write to standard output, or to a file. */
OutStyle out_style_make(bool file, OutColour colour);

/** Calls `begin` of the format. Write errors are seen in ferror(stream). */
void out_begin(Out *out, const OutFormat *format, FILE *stream, OutStyle style);
void out_record(Out *out, const RecordSet *set, const Record *record);
/** All records of a timeline of a confidence from `min` on; not of a live one. */
void out_set(Out *out, const RecordSet *set, Confidence min);
/** A call of a live capture, for a format of OUT_LIVE_CALLS. */
void out_call(Out *out, const Record *record, const RecordCall *call);
void out_end(Out *out);
/** Frees what the format holds; harmless on a zeroed Out. */
void out_clear(Out *out);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Out, out_clear)

#endif
