// SPDX-License-Identifier: GPL-2.0-or-later
#include "info-column.h"

#include <epan/column-utils.h>

/** `name` tells whether the column has it already; `text` is what is appended. */
static void add_missing(packet_info *pinfo, const char *name, const char *text)
{
    const char *info = col_get_text(pinfo->cinfo, COL_INFO);
    if (info && !strstr(info, name))
        col_append_fstr(pinfo->cinfo, COL_INFO, " [%s]", text);
}

void info_column_add(packet_info *pinfo, const PduResult *results)
{
    if (!col_get_writable(pinfo->cinfo, COL_INFO))
        return;
    for (const PduResult *r = results; r; r = r->next) {
        if (r->call && r->call->method)
            add_missing(pinfo, r->call->method->name, call_method_text(pinfo->pool, r->call));
        for (unsigned i = 0; i < r->n_contexts; i++)
            if (r->contexts[i].interface)
                add_missing(pinfo, r->contexts[i].interface->name, r->contexts[i].interface->name);
    }
}
