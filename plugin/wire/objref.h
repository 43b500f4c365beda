// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * OBJREF, STDOBJREF, DUALSTRINGARRAY and MInterfacePointer (MS-DCOM 2.2.14, 2.2.18, 2.2.19).
 */
#ifndef CAR_WIRE_OBJREF_H
#define CAR_WIRE_OBJREF_H

#include "wire/guid.h"

#include <glib.h>

typedef enum { OBJREF_STANDARD = 1, OBJREF_HANDLER = 2, OBJREF_CUSTOM = 4, OBJREF_EXTENDED = 8 } ObjrefKind;

/** One ncacn_ip_tcp string binding: "HOST[1234]" split into its parts. */
typedef struct {
    char *host;    ///< name, IPv4 or IPv6 literal as written (brackets of an IPv6 literal removed)
    uint16_t port; ///< 0 when none was given; a binding whose endpoint is no port is left out
} DcomBinding;

typedef struct {
    uint64_t oxid, oid;
    Guid ipid;
    uint32_t public_refs;
    GPtrArray *bindings; ///< DcomBinding, TCP ones only; never NULL, may be empty
} ObjrefStandard;

typedef struct {
    ObjrefKind kind;
    Guid iid;
    ObjrefStandard standard; ///< with all but OBJREF_CUSTOM
    Guid clsid;              ///< with OBJREF_CUSTOM (and OBJREF_HANDLER)
    const uint8_t *data;     ///< with OBJREF_CUSTOM: the object data, inside the caller's bytes
    size_t data_len;
} Objref;

/** Reads one OBJREF that fills the rest of `b` (slack after a DUALSTRINGARRAY is allowed). OBJREFs are little endian
 *  whatever the PDU says. False when malformed; `out` then holds nothing to clear and the cursor is failed. */
bool objref_read(Bytes *b, Objref *out);
void objref_clear(Objref *o);

/** MInterfacePointer behind its referent: max_count, ulCntData, OBJREF. */
bool ndr_interface_data_read(Bytes *b, Objref *out);
/** Unique pointer to MInterfacePointer. Returns 1 with `out` filled, 0 for a null pointer, -1 when malformed. */
int ndr_interface_pointer_read(Bytes *b, Objref *out);
/** As above behind one more unique pointer: the [in, out, unique] form. */
int ndr_interface_pointer_inout_read(Bytes *b, Objref *out);

/** DUALSTRINGARRAY without a leading NDR max_count: wNumEntries, wSecurityOffset, words. New array of DcomBinding (free
 *  with g_ptr_array_unref) or NULL when malformed (cursor failed). At most 256 bindings are kept. */
GPtrArray *dualstringarray_read(Bytes *b);

#endif
