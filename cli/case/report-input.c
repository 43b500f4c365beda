// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/report-input.h"

#include "base/time.h"
#include "capture/reader.h"

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

/** A time of a packet with the precision of its capture. */
static char *make_time(const CapturePacket *packet)
{
    return time_format(packet->secs, packet->nsecs, packet->digits);
}

/** Up to where it is damaged. */
static void read_capture(ReportInput *input, const char *path)
{
    g_autoptr(CaptureReader) reader = capture_reader_open(path, NULL);
    if (!reader)
        return;
    g_autoptr(GPtrArray) links = g_ptr_array_new();
    CapturePacket packet = {0}, first = {0}, last = {0};
    for (input->packets = 0; capture_reader_next(reader, &packet, NULL); input->packets++) {
        if (input->packets == 0 || capture_packet_compare(&packet, &first) < 0)
            first = packet;
        if (input->packets == 0 || capture_packet_compare(&last, &packet) < 0)
            last = packet;
        const char *link = capture_reader_link(reader);
        if (link && !g_ptr_array_find(links, link, NULL))
            g_ptr_array_add(links, (gpointer) link);
    }
    if (input->packets == 0)
        return;
    input->first_packet = make_time(&first);
    input->last_packet = make_time(&last);
    g_ptr_array_add(links, NULL);
    input->link_types = g_strjoinv(", ", (char **) links->pdata);
}

ReportInput *report_inputs_add_capture(GPtrArray *inputs, const char *path)
{
    ReportInput *input = report_inputs_add(inputs, path);
    if (input->sha256)
        read_capture(input, path);
    return input;
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
