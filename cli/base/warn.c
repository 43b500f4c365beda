// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/warn.h"

#include "base/text-escape.h"

#include <stdarg.h>
#include <stdio.h>

bool terminal_is_ascii(void)
{
    return !g_get_charset(NULL);
}

void warn_user(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *line = text_escape(message, terminal_is_ascii());
    (void) fprintf(stderr, "car-wmi: %s\n", line);
}
