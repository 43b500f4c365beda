// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json-scan.h"
#include "fuzz.h"

#include <json.h>

/** What json-c thinks of it, as far as both agree on what JSON is. */
static bool is_object(const char *text, size_t len)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_SCAN_MAX_DEPTH + 1);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    struct json_object *object = json_tokener_parse_ex(tokener, text, (int) len);
    bool whole = json_object_is_type(object, json_type_object) && json_tokener_get_parse_end(tokener) == len;
    json_object_put(object);
    json_tokener_free(tokener);
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    JsonScan scan;
    JsonValue value;
    char *copy = g_malloc(size + 1); // on the heap, so that a step beyond either end is found
    memcpy(copy, data, size);
    copy = g_realloc(copy, MAX(size, 1));
    bool object = is_object((const char *) data, size);
    json_scan_init(&scan, copy, size);
    while (json_scan_next(&scan, &value)) {
        fuzz_require(value.text >= copy && value.text + value.len <= copy + size);
        fuzz_require(value.path_len <= sizeof(scan.path) && value.name.len <= value.path_len);
        Slice text = json_scan_text(&value);
        fuzz_require(text.text == value.text && text.len <= value.len);
        fuzz_require(g_utf8_validate(text.text, (gssize) text.len, NULL));
    }
    fuzz_require(scan.failed || scan.done);
    fuzz_require(!object || !scan.failed); // it may take more than there is, never less
    g_free(copy);
    return 0;
}
