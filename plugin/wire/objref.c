// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/objref.h"

#include "wire/orpc.h"

#define OBJREF_SIGNATURE 0x574f454d ///< "MEOW"
#define TOWER_NCACN_IP_TCP 7
#define MAX_BINDINGS 256

static void binding_free(void *p)
{
    DcomBinding *binding = p;
    g_free(binding->host);
    g_free(binding);
}

/** Splits "HOST", "HOST[PORT]" or an IPv6 literal in brackets with or without "[PORT]". NULL when it names no host or
 * its endpoint is no port. */
static DcomBinding *binding_from_address(const char *address)
{
    size_t host_len = strlen(address);
    uint64_t port = 0;
    const char *open = strrchr(address, '[');
    // In "[::1]" the bracket is the host's; an endpoint's has a host before it.
    if (open && open != address) {
        char *end;
        if (!g_ascii_isdigit(open[1]))
            return NULL;
        port = g_ascii_strtoull(open + 1, &end, 10);
        if (port == 0 || port > UINT16_MAX || strcmp(end, "]") != 0)
            return NULL;
        host_len = (size_t) (open - address);
    }
    if (address[0] == '[') {
        if (address[host_len - 1] != ']' || !memchr(address, ':', host_len))
            return NULL;
        address++;
        host_len -= 2;
    }
    if (host_len == 0)
        return NULL;
    DcomBinding *binding = g_new(DcomBinding, 1);
    *binding = (DcomBinding){.host = g_strndup(address, host_len), .port = (uint16_t) port};
    return binding;
}

static bool binding_read(Bytes *words, uint16_t tower, GPtrArray *bindings)
{
    const uint8_t *start = words->data + words->pos;
    size_t units = 0;
    while (bytes_u16(words))
        units++;
    if (words->failed) // no terminator
        return false;
    if (tower != TOWER_NCACN_IP_TCP || bindings->len == MAX_BINDINGS)
        return true;
    char *address = utf16_to_utf8(start, units, words->big_endian);
    DcomBinding *binding = binding_from_address(address);
    if (binding)
        g_ptr_array_add(bindings, binding);
    g_free(address);
    return true;
}

GPtrArray *dualstringarray_read(Bytes *b)
{
    uint16_t entries = bytes_u16(b);
    uint16_t security_offset = bytes_u16(b);
    Bytes words = bytes_sub(b, (size_t) entries * 2);
    if (security_offset > entries)
        b->failed = true;
    if (b->failed)
        return NULL;
    words.len = (size_t) security_offset * 2; // the string bindings alone
    GPtrArray *bindings = g_ptr_array_new_with_free_func(binding_free);
    while (bytes_left(&words)) {
        uint16_t tower = bytes_u16(&words);
        if (!tower)
            break;
        if (!binding_read(&words, tower, bindings)) {
            b->failed = true;
            g_ptr_array_unref(bindings);
            return NULL;
        }
    }
    return bindings;
}

/** STDOBJREF (MS-DCOM 2.2.18.2) */
static void stdobjref_read(Bytes *b, ObjrefStandard *out)
{
    bytes_skip(b, 4);
    out->public_refs = bytes_u32(b);
    out->oxid = bytes_u64(b);
    out->oid = bytes_u64(b);
    out->ipid = guid_read(b);
}

bool objref_read(Bytes *b, Objref *out)
{
    *out = (Objref){0};
    Bytes le = *b;
    le.big_endian = false;
    uint32_t signature = bytes_u32(&le);
    uint32_t flags = bytes_u32(&le);
    out->iid = guid_read(&le);
    out->kind = (ObjrefKind) flags;
    if (signature != OBJREF_SIGNATURE)
        le.failed = true;
    switch (flags) {
    case OBJREF_STANDARD:
    case OBJREF_HANDLER:
    case OBJREF_EXTENDED:
        stdobjref_read(&le, &out->standard);
        if (flags == OBJREF_HANDLER)
            out->clsid = guid_read(&le);
        if (flags == OBJREF_EXTENDED)
            bytes_skip(&le, 4); // Signature1
        out->standard.bindings = dualstringarray_read(&le);
        if (!out->standard.bindings)
            le.failed = true;
        break;
    case OBJREF_CUSTOM:
        out->clsid = guid_read(&le);
        // cbExtension, and a size that each client computes in its own way: the caller's length is the one that holds.
        bytes_skip(&le, 8);
        out->data_len = bytes_left(&le);
        out->data = bytes_take(&le, out->data_len);
        break;
    default: le.failed = true;
    }
    if (le.failed) {
        b->failed = true;
        objref_clear(out);
        return false;
    }
    b->pos = b->len;
    return true;
}

void objref_clear(Objref *o)
{
    if (o->standard.bindings)
        g_ptr_array_unref(o->standard.bindings);
    *o = (Objref){0};
}

bool ndr_interface_data_read(Bytes *b, Objref *out)
{
    bytes_align(b, 4);
    uint32_t max_count = bytes_u32(b);
    uint32_t size = bytes_u32(b);
    Bytes data = bytes_sub(b, size);
    if (max_count != size || !objref_read(&data, out)) {
        b->failed = true;
        return false;
    }
    ndr_padding_skip(b);
    return true;
}

int ndr_interface_pointer_read(Bytes *b, Objref *out)
{
    bytes_align(b, 4);
    uint32_t referent = bytes_u32(b);
    if (b->failed)
        return -1;
    if (!referent)
        return 0;
    return ndr_interface_data_read(b, out) ? 1 : -1;
}

int ndr_interface_pointer_inout_read(Bytes *b, Objref *out)
{
    bytes_align(b, 4);
    uint32_t referent = bytes_u32(b);
    if (b->failed)
        return -1;
    return referent ? ndr_interface_pointer_read(b, out) : 0;
}
