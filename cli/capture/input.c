// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/input.h"

#include "capture/writer.h"

#include <string.h>

void capture_input_free(CaptureInput *input)
{
    g_clear_pointer(&input->reader, capture_reader_close);
    capture_facts_clear(&input->facts);
    g_free(input->path);
    g_free(input->note);
    g_free(input);
}

void capture_input_check(CaptureInput *input)
{
    FileIdentity now;
    bool there = !input->once && file_identity_take(&now, input->path);
    const char *change = input->once ? NULL : file_identity_change(&input->identity, there ? &now : NULL);
    if (change && !input->note)
        input->note = g_strdup_printf("%s while it was read", change);
}

void capture_input_note(CaptureInput *input, const GError *error)
{
    if (error && !input->note)
        input->note = g_strdup(error->message);
}

bool capture_input_read(CaptureInput *input, CaptureReader *reader, CapturePacket *packet)
{
    g_autoptr(GError) error = NULL;
    bool read = capture_reader_next(reader, packet, &error);
    capture_input_note(input, error);
    return read;
}

void capture_input_set_facts(CaptureInput *input, CaptureFacts facts)
{
    capture_facts_clear(&input->facts);
    input->facts = facts;
}

void capture_input_survey(CaptureInput *input)
{
    g_autoptr(CaptureReader) reader = capture_reader_open(input->path, NULL);
    CapturePacket packet = {0};
    while (reader && capture_input_read(input, reader, &packet))
        continue;
    if (reader)
        capture_input_set_facts(input, capture_reader_take_facts(reader));
}

CaptureInput *capture_input_open(const char *path, GError **error)
{
    CaptureReader *reader = capture_reader_open(path, error);
    if (!reader)
        return NULL;
    CaptureInput *input = g_new0(CaptureInput, 1);
    input->path = g_strdup(path);
    input->once = strcmp(path, "-") == 0 || !file_identity_take(&input->identity, path);
    input->independent = !input->once && capture_reader_is_independent(reader);
    input->empty = !capture_input_read(input, reader, &input->first);
    if (input->empty && !input->note && capture_reader_has_nothing(reader)) {
        g_set_error_literal(error, CAPTURE_READER_ERROR, CAPTURE_READER_ERROR_OPEN, "is empty");
        capture_reader_close(reader);
        capture_input_free(input);
        return NULL;
    }
    if (input->empty && input->note && !capture_reader_is_independent(reader)) {
        // libwiretap guesses some kinds of files from a few bytes of them.
        g_set_error(error, CAPTURE_READER_ERROR, CAPTURE_READER_ERROR_OTHER, "is no capture that can be read (%s)",
                    input->note);
        capture_reader_close(reader);
        capture_input_free(input);
        return NULL;
    }
    input->streams = input->empty || capture_writer_takes(&input->first);
    if (input->once)
        input->reader = reader; // whose first packet is still there
    else
        capture_reader_close(reader);
    return input;
}

const CaptureInput *capture_inputs_find(const GPtrArray *inputs, const char *path)
{
    FileIdentity identity;
    bool there = file_identity_take(&identity, path);
    for (guint i = 0; i < inputs->len; i++) {
        const CaptureInput *input = g_ptr_array_index(inputs, i);
        bool same_file = there && !input->once && file_identity_same_file(&input->identity, &identity);
        if (same_file || strcmp(input->path, path) == 0)
            return input;
    }
    return NULL;
}

bool capture_inputs_have(const GPtrArray *inputs, const CaptureInput *input)
{
    for (guint i = 0; i < inputs->len && !input->once; i++) {
        const CaptureInput *other = g_ptr_array_index(inputs, i);
        if (!other->once && file_identity_same_file(&other->identity, &input->identity))
            return true;
    }
    return false;
}

static int compare_inputs(gconstpointer a, gconstpointer b)
{
    const CaptureInput *x = *(CaptureInput *const *) a, *y = *(CaptureInput *const *) b;
    if (x->empty != y->empty)
        return x->empty ? 1 : -1;
    int times = capture_packet_compare(&x->first, &y->first);
    return times ? times : strcmp(x->path, y->path);
}

void capture_inputs_sort(GPtrArray *inputs)
{
    g_ptr_array_sort(inputs, compare_inputs);
}
