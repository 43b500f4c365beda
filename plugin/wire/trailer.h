// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * How stubs end: padding and the RPC verification trailer after a request's parameters (MS-RPCE 2.2.2.13), the HRESULT
 * after a response's (MS-DCOM 2.2.1).
 *
 * A decoder that asks for the end knows that its structure accounts for each byte. Bytes that were decrypted with a
 * wrong key do not pass, so they cannot be mistaken for what somebody sent.
 */
#ifndef CAR_WIRE_TRAILER_H
#define CAR_WIRE_TRAILER_H

#include "wire/guid.h"

typedef struct {
    bool present;
    bool has_iid; ///< it repeats the presentation context, as Windows clients do
    Guid iid;     ///< the interface that the client means to call
    uint16_t version_major, version_minor;
} StubTrailer;

/** To be called after the last parameter of a request: true when nothing is left but padding to 4, or that and a
 *  verification trailer which fills the rest. `trailer` may be NULL. Else false, with a static reason in `*why`. */
bool stub_end_read(Bytes *b, StubTrailer *trailer, const char **why);

/** To be called after the last out parameter of a response: true when the HRESULT and nothing more is left. */
bool stub_status_read(Bytes *b, uint32_t *status, const char **why);

/** HRESULT of an ORPC response whose out parameters the caller does not know: `b` covers the whole stub. Says nothing
 *  about the bytes between ORPCTHAT and the HRESULT. */
bool stub_last_status_read(Bytes *b, uint32_t *status, const char **why);

#endif
