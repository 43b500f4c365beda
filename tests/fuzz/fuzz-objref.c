// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/objref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Objref ref;
    GPtrArray *bindings = NULL;
    bool found = false;
    if (!size)
        return 0;
    Bytes b = fuzz_cursor(data, size);
    switch (data[0] & 3) {
    case 0: found = objref_read(&b, &ref); break;
    case 1: found = ndr_interface_pointer_read(&b, &ref) == 1; break;
    case 2: found = ndr_interface_pointer_inout_read(&b, &ref) == 1; break;
    default: bindings = dualstringarray_read(&b);
    }
    fuzz_require(b.pos <= b.len);
    if (found && ref.kind == OBJREF_CUSTOM)
        fuzz_range(ref.data, ref.data_len);
    else if (found)
        bindings = g_ptr_array_ref(ref.standard.bindings);
    for (guint i = 0; bindings && i < bindings->len; i++)
        fuzz_text(((const DcomBinding *) g_ptr_array_index(bindings, i))->host);
    g_clear_pointer(&bindings, g_ptr_array_unref);
    if (found)
        objref_clear(&ref);
    return 0;
}
