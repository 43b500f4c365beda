// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/report-input.h"

#include "base/time.h"

#include <string.h>

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

/** A time of a packet with the precision of its capture. */
static char *make_time(const CapturePacket *packet)
{
    return time_format(packet->secs, packet->nsecs, packet->digits);
}

static char *make_link_types(const GPtrArray *links)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < links->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (const char *) g_ptr_array_index(links, i));
    return g_string_free(text, FALSE);
}

static void forget_hash(ReportInput *input)
{
    g_clear_pointer(&input->sha256, g_free);
    input->size = NUMBER_UNKNOWN;
}

static void set_facts(ReportInput *input, const CaptureFacts *facts)
{
    input->packets = (int64_t) facts->packets;
    if (facts->packets == 0)
        return;
    input->first_packet = make_time(&facts->first);
    input->last_packet = make_time(&facts->last);
    input->link_types = make_link_types(facts->links);
}

void report_input_set_capture(ReportInput *input, const CaptureInput *read, Digests *digests)
{
    if (read->once)
        return;
    const Digest *digest = digests_find(digests, read->path);
    if (digest && file_identity_change(&read->identity, &digest->identity))
        forget_hash(input);
    set_facts(input, &read->facts);
}

ReportInput *report_inputs_add(GPtrArray *inputs, const char *path, Digests *digests)
{
    ReportInput *input = g_new0(ReportInput, 1);
    input->size = input->packets = NUMBER_UNKNOWN;
    bool pipe = strcmp(path, "-") == 0;
    input->path = pipe ? g_strdup("standard input") : g_utf8_make_valid(path, -1);
    const Digest *digest = pipe ? NULL : digests_find(digests, path);
    if (digest) {
        input->sha256 = g_strdup(digest->sha256);
        input->size = digest->identity.size;
    }
    g_ptr_array_add(inputs, input);
    return input;
}
