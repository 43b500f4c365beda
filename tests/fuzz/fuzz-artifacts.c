// SPDX-License-Identifier: GPL-2.0-or-later
// PDML of SMB's packets, as tshark prints it of any capture.
#include "record/artifacts.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Artifacts) artifacts = artifacts_new();
    g_autoptr(FrameMap) frames = frame_map_new();
    frame_map_add(frames, 0, 1);
    const char *at = (const char *) data, *end = at + size;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t) (end - at));
        size_t len = (size_t) ((stop ? stop : end) - at);
        artifacts_line(artifacts, at, len);
        at += len + 1;
    }
    g_autoptr(RecordSet) set = record_set_new(NULL);
    Record *record = record_new();
    record->activity = 1;
    record->confidence = CONFIDENCE_WMI;
    record->smb = true;
    record->start_time = "2020-08-06T08:00:00Z";
    record->client.ip = "192.0.2.5";
    record->server.ip = "192.0.2.6";
    g_ptr_array_add(set->records, record);
    artifacts_attach(artifacts, frames, set);
    return 0;
}
