// SPDX-License-Identifier: GPL-2.0-or-later
// engine CAPTURE: the events of the capture, see engine.h.
// engine CAPTURE FILE: writes FILE, the capture with the segments of each TCP connection in order, as the program hands them to
// tshark.
#include "engine.h"

#include "capture/reader.h"
#include "capture/writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <wsutil/wmem/wmem.h>

static void add(const CapturePacket *packet, gpointer writer)
{
    (void) capture_writer_add(writer, packet);
}

static bool run(const char *path, const char *file, GError **error)
{
    g_autoptr(CaptureReader) reader = capture_reader_open(path, error);
    if (!reader)
        return false;
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(Engine) engine = engine_new(lines);
    CaptureWriter *writer =
        file ? capture_writer_new(open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), NULL) : NULL;
    if (writer)
        engine_set_order(engine, add, writer);
    CapturePacket packet = {0};
    while (capture_reader_next(reader, &packet, NULL)) // as far as it is whole
        engine_packet(engine, &packet);
    engine_finish(engine);
    if (writer)
        return capture_writer_finish(writer);
    (void) fwrite(lines->str, 1, lines->len, stdout);
    return true;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc < 2 || argc > 3) {
        (void) fprintf(stderr, "usage: %s CAPTURE [FILE]\n", argv[0]);
        return 2;
    }
    wmem_init();
    bool ok = run(argv[1], argv[2], &error);
    wmem_cleanup();
    if (error)
        (void) fprintf(stderr, "%s: %s\n", argv[1], error->message);
    return ok ? 0 : 1;
}
