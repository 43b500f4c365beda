// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/trailer.h"

#include "wire/orpc.h"

#define COMMAND_CODE 0x3fff
#define COMMAND_END 0x4000
#define COMMAND_PCONTEXT 2

static const uint8_t trailer_signature[8] = {0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71};

/** True when commands up to the one marked as the last fill `b`. */
static bool commands_read(Bytes *b, StubTrailer *trailer)
{
    uint16_t command;
    do {
        command = bytes_u16(b);
        uint16_t len = bytes_u16(b);
        Bytes data = bytes_sub(b, len);
        if ((command & COMMAND_CODE) == COMMAND_PCONTEXT) {
            trailer->iid = guid_read(&data);
            trailer->version_major = bytes_u16(&data);
            trailer->version_minor = bytes_u16(&data);
            trailer->has_iid = !data.failed;
        }
    } while (!b->failed && !(command & COMMAND_END));
    return !b->failed && !bytes_left(b);
}

bool stub_end_read(Bytes *b, StubTrailer *trailer, const char **why)
{
    StubTrailer t = {0};
    bool good = !b->failed;
    ndr_padding_skip(b);
    if (!good) {
        *why = "parameters beyond the end of the stub";
    } else if (bytes_left(b)) {
        const uint8_t *p = bytes_take(b, sizeof trailer_signature);
        t.present = p && memcmp(p, trailer_signature, sizeof trailer_signature) == 0;
        good = t.present && commands_read(b, &t);
        if (!good)
            *why = t.present ? "malformed verification trailer" : "bytes after the last parameter";
    }
    if (trailer)
        *trailer = t;
    return good;
}

bool stub_status_read(Bytes *b, uint32_t *status, const char **why)
{
    bytes_align(b, 4);
    *status = bytes_u32(b);
    if (!b->failed && !bytes_left(b))
        return true;
    *why = b->failed ? "response ends before its status" : "bytes after the status";
    return false;
}

bool stub_last_status_read(Bytes *b, uint32_t *status, const char **why)
{
    uint32_t flags;
    if (orpc_that_read(b, &flags) && bytes_left(b) >= 4) {
        bytes_skip(b, bytes_left(b) - 4);
        return stub_status_read(b, status, why);
    }
    *why = "no ORPC response";
    return false;
}
