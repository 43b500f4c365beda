// SPDX-License-Identifier: GPL-2.0-or-later
#include "report-input.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static void input_free(gpointer data)
{
    ReportInput *input = data;
    g_free(input->path);
    g_free(input->sha256);
    g_free(input->fault);
    g_free(input->note);
    g_free(input->first_packet);
    g_free(input->last_packet);
    g_free(input->link_types);
    g_free(input);
}

GPtrArray *report_inputs_new(void)
{
    return g_ptr_array_new_with_free_func(input_free);
}

static void hash_file(ReportInput *input, const char *path)
{
    struct stat st;
    FILE *file = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rbe") : NULL;
    if (!file)
        return;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *buffer = g_malloc(1 << 16);
    int64_t size = 0;
    for (size_t n; (n = fread(buffer, 1, 1 << 16, file)) > 0; size += (int64_t) n)
        g_checksum_update(checksum, buffer, (gssize) n);
    if (!ferror(file)) {
        input->sha256 = g_strdup(g_checksum_get_string(checksum));
        input->size = size;
    }
    (void) fclose(file);
}

ReportInput *report_inputs_add(GPtrArray *inputs, const char *path)
{
    ReportInput *input = g_new0(ReportInput, 1);
    input->size = input->packets = NUMBER_UNKNOWN;
    bool pipe = strcmp(path, "-") == 0;
    input->path = pipe ? g_strdup("standard input") : g_utf8_make_valid(path, -1);
    if (!pipe)
        hash_file(input, path);
    g_ptr_array_add(inputs, input);
    return input;
}
