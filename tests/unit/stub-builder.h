// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Builds the bytes that decoders read: stubs of ORPC calls, object references, WMIO objects. Written from the
 * specifications, not from the decoders.
 */
#ifndef STUB_BUILDER_H
#define STUB_BUILDER_H

#include "wire/guid.h"

#include <glib.h>

typedef struct {
    GByteArray *bytes;
    bool big_endian; ///< of the NDR parts; OBJREFs and WMIO are little endian always
} StubBuilder;

StubBuilder sb_new(bool big_endian);
/** A request: ORPCTHIS was written. */
StubBuilder sb_request(bool big_endian);
/** A response: ORPCTHAT was written. */
StubBuilder sb_response(bool big_endian);
void sb_clear(StubBuilder *s);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StubBuilder, sb_clear)

void sb_uint(StubBuilder *s, uint64_t value, size_t size);
void sb_u32(StubBuilder *s, uint32_t value);
void sb_guid(StubBuilder *s, const Guid *g);
/** Padding; not of zeroes, as padding may be anything. */
void sb_align(StubBuilder *s, size_t to);
/** Unique pointer to a string; NULL is the null pointer. */
void sb_wstring(StubBuilder *s, const char *utf8);
/** BSTR; NULL is the NULL BSTR. */
void sb_bstr(StubBuilder *s, const char *utf8);
/** Unique pointer to MInterfacePointer; NULL is the null pointer. */
void sb_interface(StubBuilder *s, const GByteArray *objref);
/** The same behind one more pointer, which is not null. */
void sb_interface_inout(StubBuilder *s, const GByteArray *objref);
/** RPC verification trailer that names a presentation context. */
void sb_trailer(StubBuilder *s, const Guid *iid);

GByteArray *sb_objref_standard(const Guid *iid, const Guid *ipid);
GByteArray *sb_objref_custom(const Guid *iid, const Guid *clsid, const GByteArray *data);
/** OBJREF of an IWbemClassObject. */
GByteArray *sb_objref_object(const GByteArray *block);

/** A property of a WMIO class and its value in an instance. One of the three lists holds the value: of one element, or
 *  of `n` when the type has the array bit. */
typedef struct {
    const char *name;
    uint32_t type; ///< CIM type, 0x2000 array, 0x4000 inherited
    unsigned nd;   ///< bits of the NdTable
    size_t n;
    const uint64_t *numbers;
    const char *const *texts;
    GByteArray *const *objects; ///< ObjectBlocks
} SbProperty;

typedef struct {
    const char *name; ///< NULL: none
    const char *const *derivation;
    const SbProperty *properties; ///< the class's own values are their defaults
    size_t n;
    const char *const *methods;
    size_t slack; ///< unused bytes at the end of each part
} SbClass;

/** ObjectBlock of an instance; `properties` has as many items as the class. `server` NULL: without decoration. */
GByteArray *sb_wmio_instance(const SbClass *c, const SbProperty *properties, const char *server, const char *ns);
/** ObjectBlock of a class. */
GByteArray *sb_wmio_class(const SbClass *parent, const SbClass *c);
/** EncodingUnit around an ObjectBlock. */
GByteArray *sb_wmio_unit(const GByteArray *block);

typedef bool (*SbReader)(const uint8_t *data, size_t len);

/** Checks that no prefix of `bytes` is taken for a whole one. Each is read from memory of exactly its size. */
void sb_check_truncations(const GByteArray *bytes, SbReader read);
/** Has `read` read bytes in which a few were changed; what it says does not matter. */
void sb_check_mutations(const GByteArray *bytes, unsigned rounds, SbReader read);

/** Adds the test twice, at `path`/little-endian with 0 as its data, and at `path`/big-endian with 1. */
void sb_add_test(const char *path, GTestDataFunc test);

extern const Guid sb_iid_object, sb_clsid_object, sb_iid_services, sb_iid_sink, sb_ipid, sb_causality;

#endif
