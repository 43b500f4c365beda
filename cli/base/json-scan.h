// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A fast pull scanner over one JSON object, for logs of many gigabytes of which little is wanted: it gives the values
 * with their paths and looks at no more than it must to find them. Text is unescaped in place, when it is asked for.
 */
#ifndef CAR_BASE_JSON_SCAN_H
#define CAR_BASE_JSON_SCAN_H

#include "base/slice.h"

#define JSON_SCAN_MAX_DEPTH 8
#define JSON_SCAN_MAX_PATH 256

typedef struct {
    char *at, *end; ///< what is still to be read
    bool failed;    ///< it is no JSON object, or one that is nested too deep
    bool
        openings; ///< objects and arrays inside the outermost object are given, too, where they begin; set after the start
    bool begun, done;
    bool opened;                              ///< at the start of a level: no comma comes
    unsigned depth;                           ///< open objects and arrays
    bool array[JSON_SCAN_MAX_DEPTH];          ///< which of them are arrays
    size_t path_len[JSON_SCAN_MAX_DEPTH + 1]; ///< length of the path outside each
    char path[JSON_SCAN_MAX_PATH];
} JsonScan;

typedef enum { JSON_PLAIN, JSON_STRING, JSON_OBJECT, JSON_ARRAY } JsonType;

/** A value that is neither object nor array, or the beginning of one of these. */
typedef struct {
    JsonType type;
    const char *path; ///< names joined by dots; arrays add nothing. Not terminated
    size_t path_len;
    Slice name; ///< the last part of the path
    char *text; ///< as it stands there, without quotes; not of an object or array
    size_t len;
} JsonValue;

/** Begins to scan `text`, which json_scan_text() changes. */
void json_scan_init(JsonScan *scan, char *text, size_t len);

/** Gives the next value; false at the end and when the text is no JSON, which `failed` tells apart. `depth` is then that
 * of the value: 1 for members of the outermost object; an object or array that begins is one deeper than its own place. */
bool json_scan_next(JsonScan *scan, JsonValue *value);

/** The value's text, valid UTF-8 without NUL: escapes are resolved in place, what cannot be shown is U+FFFD or "?". To
 * be called once a value. */
Slice json_scan_text(const JsonValue *value);

#endif
