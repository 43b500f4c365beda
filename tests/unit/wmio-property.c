// SPDX-License-Identifier: GPL-2.0-or-later
#include "wmio-property.h"

const WmioProperty *wmio_property(const WmioObject *object, const char *name)
{
    for (guint i = 0; i < object->properties->len; i++) {
        const WmioProperty *p = g_ptr_array_index(object->properties, i);
        if (g_ascii_strcasecmp(p->name, name) == 0)
            return p;
    }
    return NULL;
}
