// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * JSON written straight to a stream, so that a record of many calls needs no second copy in memory.
 *
 * In an object each value has a name; in an array and at the top `name` is NULL. What cannot be written is seen by the
 * caller in ferror().
 */
#ifndef CAR_BASE_JSON_WRITE_H
#define CAR_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct {
    FILE *stream;
    bool follows; ///< the next value follows another one
} JsonWriter;

void json_open_object(JsonWriter *w, const char *name);
void json_close_object(JsonWriter *w);
void json_open_array(JsonWriter *w, const char *name);
void json_close_array(JsonWriter *w);

void json_write_null(JsonWriter *w, const char *name);
void json_write_bool(JsonWriter *w, const char *name, bool value);
void json_write_int(JsonWriter *w, const char *name, int64_t value);
/** `value` is valid UTF-8; NULL gives null. */
void json_write_text(JsonWriter *w, const char *name, const char *value);

/** null when it is NUMBER_UNKNOWN. */
void json_write_number(JsonWriter *w, const char *name, int64_t value);

/** Nothing at all when it is not known: NULL, NUMBER_UNKNOWN. */
void json_write_known_text(JsonWriter *w, const char *name, const char *value);
void json_write_known_int(JsonWriter *w, const char *name, int64_t value);

#endif
