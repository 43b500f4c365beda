// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json-scan.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    JsonScan scan;
    JsonValue value;
    char *copy = g_malloc(size + 1); // on the heap, so that a step beyond either end is found
    memcpy(copy, data, size);
    copy = g_realloc(copy, MAX(size, 1));
    json_scan_init(&scan, copy, size);
    scan.openings = size % 2;
    while (json_scan_next(&scan, &value)) {
        fuzz_require(scan.depth >= 1 && scan.depth <= JSON_SCAN_MAX_DEPTH);
        if (value.type == JSON_OBJECT || value.type == JSON_ARRAY)
            continue;
        fuzz_require(value.text >= copy && value.text + value.len <= copy + size);
        fuzz_require(value.path_len <= sizeof(scan.path) && value.name.len <= value.path_len);
        Slice text = json_scan_text(&value);
        fuzz_require(text.text == value.text && text.len <= value.len);
        fuzz_require(g_utf8_validate(text.text, (gssize) text.len, NULL));
    }
    fuzz_require(scan.failed || scan.done);
    g_free(copy);
    return 0;
}
