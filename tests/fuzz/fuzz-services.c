// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/services.h"

#define RESPONSE 0x40

static void check_objects(const GArray *objects, const WmioObject *object, const char *why)
{
    fuzz_require(!object || !why);
    for (guint i = 0; i < objects->len; i++) {
        const WmiObjectBytes *o = &g_array_index(objects, WmiObjectBytes, i);
        fuzz_range(o->data, o->len);
    }
    for (guint i = 0; object && i < object->properties->len; i++)
        fuzz_text(((const WmioProperty *) g_ptr_array_index(object->properties, i))->text);
}

/** The first two bytes choose: interface, byte order and direction; opnum. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why = NULL;
    if (size < 2)
        return 0;
    WmiInterface iface = (WmiInterface) (data[0] & 7);
    Bytes b = bytes_init(data + 2, size - 2, data[0] & FUZZ_BIG_ENDIAN);
    if (data[0] & RESPONSE) {
        WmiResponse r;
        if (wmi_response_read(&b, iface, data[1], &r, &why)) {
            fuzz_text(r.text);
            fuzz_range(r.buffer, r.buffer_len);
            check_objects(r.objects, r.object, r.object_why);
            wmi_response_clear(&r);
        }
    } else {
        WmiRequest r;
        if (wmi_request_read(&b, iface, data[1], &r, &why)) {
            fuzz_text(r.namespace_path);
            fuzz_text(r.object_path);
            fuzz_text(r.class_name);
            fuzz_text(r.query_language);
            fuzz_text(r.query);
            fuzz_text(r.method);
            fuzz_text(r.text);
            check_objects(r.objects, r.object, r.object_why);
            wmi_request_clear(&r);
        }
    }
    fuzz_require(why || (!b.failed && b.pos == b.len));
    return 0;
}
