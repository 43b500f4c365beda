// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/wmio.h"

static void check_object(const WmioObject *o, unsigned depth)
{
    fuzz_require(depth <= WMIO_MAX_DEPTH);
    fuzz_text(o->server);
    fuzz_text(o->namespace_path);
    fuzz_text(o->class_name);
    for (guint i = 0; i < o->derivation->len; i++)
        fuzz_text(g_ptr_array_index(o->derivation, i));
    for (guint i = 0; i < o->methods->len; i++)
        fuzz_text(g_ptr_array_index(o->methods, i));
    fuzz_require(o->properties->len <= WMIO_MAX_PROPERTIES);
    for (guint i = 0; i < o->properties->len; i++) {
        const WmioProperty *p = g_ptr_array_index(o->properties, i);
        fuzz_require(p->name);
        fuzz_text(p->name);
        fuzz_text(p->text);
        fuzz_require(!p->text || strlen(p->text) <= WMIO_MAX_TEXT);
        fuzz_require(!p->text || p->state != WMIO_VALUE_NULL);
        fuzz_require(p->text || p->state != WMIO_VALUE_SET || p->truncated);
        fuzz_require(!p->truncated || o->truncated);
        for (guint k = 0; p->objects && k < p->objects->len; k++)
            check_object(g_ptr_array_index(p->objects, k), depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WmioObject *o;
    const char *why;
    if (!size)
        return 0;
    Bytes b = fuzz_cursor(data, size);
    bool good = wmio_object_read(&b, &o, &why);
    fuzz_require(good ? o && !why : !o && why);
    if (good)
        check_object(o, 0);
    wmio_object_free(o);
    return 0;
}
