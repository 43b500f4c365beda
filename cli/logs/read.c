// SPDX-License-Identifier: GPL-2.0-or-later
#include "logs/read.h"

static const HostReader *const readers[] = {&host_reader_evtx, &host_reader_pcapng, &host_reader_json,
                                            &host_reader_csv};

static const HostReader *recognise(HostInput *input, GError **error)
{
    size_t len;
    const char *head = host_input_head(input, &len);
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        if (readers[i]->recognise(head, len))
            return readers[i];
    }
    if (len == 0 && host_input_fault(input)) {
        g_set_error_literal(error, HOST_READ_ERROR, HOST_READ_ERROR_UNREADABLE, host_input_fault(input));
        return NULL;
    }
    g_autoptr(GString) expected = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++)
        g_string_append_printf(expected, "%s%s", i == 0 ? "" : "; ", readers[i]->expected);
    g_set_error(error, HOST_READ_ERROR, HOST_READ_ERROR_UNRECOGNISED,
                "is no host log that is known. Expected is one of these, plain or gzip: %s", expected->str);
    return NULL;
}

bool host_read(const char *path, const char *tshark, unsigned wanted, HostEventFunc func, gpointer data,
               HostReadStats *stats, GError **error)
{
    *stats = (HostReadStats){0};
    g_autoptr(GError) fault = NULL;
    g_autoptr(HostInput) input = host_input_open(path, &fault);
    if (!input) {
        g_set_error_literal(error, HOST_READ_ERROR, HOST_READ_ERROR_UNREADABLE, fault->message);
        return false;
    }
    const HostReader *reader = recognise(input, error);
    if (!reader)
        return false;
    g_autofree char *shown = g_utf8_make_valid(path, -1);
    stats->kind = reader->name;
    HostReading reading = {path, shown, tshark, input, wanted, func, data, stats};
    if (!reader->read(&reading, error))
        return false;
    if (!stats->note && host_input_fault(input))
        stats->note = g_strdup(host_input_fault(input));
    return true;
}
