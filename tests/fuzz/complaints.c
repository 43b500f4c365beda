// SPDX-License-Identifier: GPL-2.0-or-later
// A complaint of GLib's is a finding in each target.

#include "fuzz.h"

static GLogWriterOutput stop(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
    fuzz_require(!(level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)));
    return g_log_writer_default(level, fields, n_fields, data);
}

__attribute__((constructor)) static void begin(void)
{
    g_log_set_writer_func(stop, NULL, NULL);
}
