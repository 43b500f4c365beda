// SPDX-License-Identifier: GPL-2.0-or-later
// A capture that grows, in pieces whose length the first byte tells.
#include "capture/stream.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    g_autoptr(CaptureStream) stream = capture_stream_new(data[0] & 1);
    size_t piece = 1 + (size_t) data[0] * 4;
    for (size_t at = 1; at < size; at += piece) {
        capture_stream_add(stream, data + at, MIN(piece, size - at));
        CapturePacket packet;
        while (capture_stream_next(stream, &packet, NULL)) {
            fuzz_range(packet.data, packet.len);
            fuzz_require(packet.nsecs < 1000000000 && packet.digits >= 0 && packet.digits <= 9);
        }
    }
    (void) capture_stream_end(stream, NULL);
    (void) capture_stream_dropped(stream);
    return 0;
}
