// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/host-name.h"

#include <string.h>

Slice host_name_label(Slice name)
{
    const char *dot = name.text ? memchr(name.text, '.', name.len) : NULL;
    return dot ? (Slice){name.text, (size_t) (dot - name.text)} : name;
}

bool host_names_agree(Slice a, Slice b)
{
    if (a.len == 0 || b.len == 0)
        return false;
    Slice a_label = host_name_label(a), b_label = host_name_label(b);
    bool both_qualified = a_label.len < a.len && b_label.len < b.len;
    return both_qualified ? slice_equal_any_case(a, b) : slice_equal_any_case(a_label, b_label);
}
