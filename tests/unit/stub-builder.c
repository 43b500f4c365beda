// SPDX-License-Identifier: GPL-2.0-or-later
#include "stub-builder.h"

const Guid sb_iid_object = {0xdc12a681, 0x737f, 0x11cf, {0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}};
const Guid sb_clsid_object = {0x4590f812, 0x1d3a, 0x11d0, {0x89, 0x1f, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}};
const Guid sb_iid_services = {0x9556dc99, 0x828c, 0x11cf, {0xa3, 0x7e, 0x00, 0xaa, 0x00, 0x32, 0x40, 0xc7}};
const Guid sb_iid_sink = {0x7c857801, 0x7381, 0x11cf, {0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}};
const Guid sb_ipid = {0x00022815, 0x0a80, 0x0000, {1, 2, 3, 4, 5, 6, 7, 8}};
const Guid sb_causality = {0xa9a9a9a9, 0x1234, 0x5678, {8, 7, 6, 5, 4, 3, 2, 1}};

#define REFERENT 0x00020000
#define HEAP_MARK 0x80000000U
#define REF_NULL 0xffffffffU

StubBuilder sb_new(bool big_endian)
{
    return (StubBuilder){.bytes = g_byte_array_new(), .big_endian = big_endian};
}

void sb_clear(StubBuilder *s)
{
    g_clear_pointer(&s->bytes, g_byte_array_unref);
}

void sb_uint(StubBuilder *s, uint64_t value, size_t size)
{
    uint8_t raw[8];
    for (size_t i = 0; i < size; i++)
        raw[s->big_endian ? size - 1 - i : i] = (uint8_t) (value >> 8 * i);
    g_byte_array_append(s->bytes, raw, (guint) size);
}

void sb_u32(StubBuilder *s, uint32_t value)
{
    sb_uint(s, value, 4);
}

void sb_guid(StubBuilder *s, const Guid *g)
{
    sb_u32(s, g->data1);
    sb_uint(s, g->data2, 2);
    sb_uint(s, g->data3, 2);
    g_byte_array_append(s->bytes, g->data4, sizeof g->data4);
}

void sb_align(StubBuilder *s, size_t to)
{
    while (s->bytes->len % to)
        sb_uint(s, 0xaa, 1);
}

StubBuilder sb_request(bool big_endian)
{
    StubBuilder s = sb_new(big_endian);
    sb_uint(&s, 5, 2);
    sb_uint(&s, 7, 2);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    sb_guid(&s, &sb_causality);
    sb_u32(&s, 0);
    return s;
}

StubBuilder sb_response(bool big_endian)
{
    StubBuilder s = sb_new(big_endian);
    sb_uint(&s, 0, 8);
    return s;
}

static void put_utf16(StubBuilder *s, const gunichar2 *text, glong n)
{
    for (glong i = 0; i < n; i++)
        sb_uint(s, text[i], 2);
}

void sb_wstring(StubBuilder *s, const char *utf8)
{
    sb_u32(s, utf8 ? REFERENT : 0);
    if (!utf8)
        return;
    glong n;
    g_autofree gunichar2 *text = g_utf8_to_utf16(utf8, -1, NULL, &n, NULL);
    sb_u32(s, (uint32_t) n + 1);
    sb_u32(s, 0);
    sb_u32(s, (uint32_t) n + 1);
    put_utf16(s, text, n + 1);
    sb_align(s, 4);
}

void sb_bstr(StubBuilder *s, const char *utf8)
{
    sb_u32(s, 0x72657355);
    glong n = 0;
    g_autofree gunichar2 *text = utf8 ? g_utf8_to_utf16(utf8, -1, NULL, &n, NULL) : NULL;
    sb_u32(s, (uint32_t) n);
    sb_u32(s, utf8 ? (uint32_t) n * 2 : REF_NULL);
    sb_u32(s, (uint32_t) n);
    put_utf16(s, text, n);
    sb_align(s, 4);
}

void sb_interface(StubBuilder *s, const GByteArray *objref)
{
    sb_u32(s, objref ? REFERENT + 4 : 0);
    if (!objref)
        return;
    sb_u32(s, objref->len);
    sb_u32(s, objref->len);
    g_byte_array_append(s->bytes, objref->data, objref->len);
    sb_align(s, 4);
}

void sb_interface_inout(StubBuilder *s, const GByteArray *objref)
{
    sb_u32(s, REFERENT + 8);
    sb_interface(s, objref);
}

void sb_trailer(StubBuilder *s, const Guid *iid)
{
    static const uint8_t signature[] = {0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71};
    static const Guid ndr = {0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}};
    sb_align(s, 4);
    g_byte_array_append(s->bytes, signature, sizeof signature);
    sb_uint(s, 0x4002, 2);
    sb_uint(s, 40, 2);
    sb_guid(s, iid);
    sb_u32(s, 0);
    sb_guid(s, &ndr);
    sb_u32(s, 2);
}

static StubBuilder objref_start(uint32_t flags, const Guid *iid)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, 0x574f454d);
    sb_u32(&s, flags);
    sb_guid(&s, iid);
    return s;
}

GByteArray *sb_objref_standard(const Guid *iid, const Guid *ipid)
{
    StubBuilder s = objref_start(1, iid);
    sb_u32(&s, 0);
    sb_u32(&s, 5);
    sb_uint(&s, 0x1122334455667788, 8);
    sb_uint(&s, 0x99aabbccddeeff00, 8);
    sb_guid(&s, ipid);
    sb_uint(&s, 8, 2); // words
    sb_uint(&s, 5, 2); // of them string bindings
    sb_uint(&s, 7, 2); // ncacn_ip_tcp
    sb_uint(&s, 'h', 2);
    sb_uint(&s, 'i', 2);
    sb_uint(&s, 0, 2);
    sb_uint(&s, 0, 2);
    sb_uint(&s, 10, 2); // a security binding
    sb_uint(&s, 0xffff, 2);
    sb_uint(&s, 0, 2);
    return s.bytes;
}

GByteArray *sb_objref_custom(const Guid *iid, const Guid *clsid, const GByteArray *data)
{
    StubBuilder s = objref_start(4, iid);
    sb_guid(&s, clsid);
    sb_u32(&s, 0);
    sb_u32(&s, data->len + 8); // free: clients differ
    g_byte_array_append(s.bytes, data->data, data->len);
    return s.bytes;
}

GByteArray *sb_objref_object(const GByteArray *block)
{
    g_autoptr(GByteArray) unit = sb_wmio_unit(block);
    return sb_objref_custom(&sb_iid_object, &sb_clsid_object, unit);
}

/** Appends an Encoded-String; returns where it starts. */
static uint32_t put_encoded(GByteArray *heap, const char *utf8)
{
    uint32_t at = heap->len;
    bool wide = false;
    StubBuilder s = {.bytes = heap};
    for (const char *p = utf8; *p; p = g_utf8_next_char(p))
        wide |= g_utf8_get_char(p) > 0xff;
    sb_uint(&s, wide, 1);
    if (wide) {
        glong n;
        g_autofree gunichar2 *text = g_utf8_to_utf16(utf8, -1, NULL, &n, NULL);
        put_utf16(&s, text, n + 1);
    } else {
        for (const char *p = utf8; *p; p = g_utf8_next_char(p))
            sb_uint(&s, g_utf8_get_char(p), 1);
        sb_uint(&s, 0, 1);
    }
    return at;
}

static size_t type_size(uint32_t type)
{
    switch (type & 0x2fff) {
    case 16:
    case 17: return 1;
    case 2:
    case 18:
    case 11:
    case 103: return 2;
    case 5:
    case 20:
    case 21: return 8;
    default: return 4;
    }
}

/** What stands in the ValueTable or an array for element `i` of the value. */
static uint64_t element(const SbProperty *p, size_t i, GByteArray *heap)
{
    if (p->texts && p->texts[i])
        return put_encoded(heap, p->texts[i]);
    if (p->objects && p->objects[i]) {
        StubBuilder s = {.bytes = heap};
        uint32_t at = heap->len;
        sb_u32(&s, p->objects[i]->len);
        g_byte_array_append(heap, p->objects[i]->data, p->objects[i]->len);
        return at;
    }
    return p->numbers ? p->numbers[i] : REF_NULL;
}

/** NdTable and ValueTable. */
static void put_table(StubBuilder *s, const SbProperty *properties, size_t n, GByteArray *heap)
{
    for (size_t i = 0; i < n; i += 4) {
        unsigned bits = 0;
        for (size_t k = 0; k < 4 && i + k < n; k++)
            bits |= (properties[i + k].nd & 3) << 2 * k;
        sb_uint(s, bits, 1);
    }
    for (size_t i = 0; i < n; i++) {
        const SbProperty *p = &properties[i];
        uint64_t value = UINT64_MAX;
        if (!p->nd && p->type & 0x2000) {
            g_autoptr(GByteArray) list = g_byte_array_new();
            StubBuilder l = {.bytes = list};
            sb_u32(&l, (uint32_t) p->n);
            for (size_t k = 0; k < p->n; k++)
                sb_uint(&l, element(p, k, heap), type_size(p->type & 0xfff));
            value = heap->len;
            g_byte_array_append(heap, list->data, list->len);
        } else if (!p->nd) {
            value = element(p, 0, heap);
        }
        sb_uint(s, value, type_size(p->type));
    }
}

static void put_heap(StubBuilder *s, const GByteArray *heap)
{
    sb_u32(s, heap->len | HEAP_MARK);
    g_byte_array_append(s->bytes, heap->data, heap->len);
}

/** A part with its length, which counts the length field. */
static void put_part(StubBuilder *s, const StubBuilder *part, size_t slack)
{
    sb_u32(s, part->bytes->len + 4 + (uint32_t) slack);
    g_byte_array_append(s->bytes, part->bytes->data, part->bytes->len);
    for (size_t i = 0; i < slack; i++)
        sb_uint(s, 0xee, 1);
}

static void put_class_part(StubBuilder *s, const SbClass *c)
{
    g_auto(StubBuilder) part = sb_new(false);
    g_auto(StubBuilder) table = sb_new(false);
    g_auto(StubBuilder) derivation = sb_new(false);
    g_autoptr(GByteArray) heap = g_byte_array_new();

    sb_uint(&part, 0, 1);
    sb_u32(&part, c->name ? put_encoded(heap, c->name) : REF_NULL);
    put_table(&table, c->properties, c->n, heap);
    sb_u32(&part, table.bytes->len);
    for (size_t i = 0; c->derivation && c->derivation[i]; i++) {
        uint32_t at = put_encoded(derivation.bytes, c->derivation[i]);
        sb_u32(&derivation, derivation.bytes->len - at);
    }
    put_part(&part, &derivation, 0);
    sb_u32(&part, 4); // class qualifiers
    sb_u32(&part, (uint32_t) c->n);
    uint32_t offset = 0;
    for (size_t i = 0; i < c->n; i++) {
        StubBuilder h = {.bytes = heap};
        sb_u32(&part, put_encoded(heap, c->properties[i].name));
        sb_u32(&part, heap->len);
        sb_u32(&h, c->properties[i].type);
        sb_uint(&h, i, 2);
        sb_u32(&h, offset);
        sb_u32(&h, 0);
        sb_u32(&h, 4);
        offset += (uint32_t) type_size(c->properties[i].type);
    }
    g_byte_array_append(part.bytes, table.bytes->data, table.bytes->len);
    put_heap(&part, heap);
    put_part(s, &part, c->slack);
}

static void put_methods_part(StubBuilder *s, const SbClass *c)
{
    g_auto(StubBuilder) part = sb_new(false);
    g_autoptr(GByteArray) heap = g_byte_array_new();
    unsigned n = c->methods ? g_strv_length((char **) c->methods) : 0;
    sb_uint(&part, n, 2);
    sb_uint(&part, 0x5a5a, 2);
    for (unsigned i = 0; i < n; i++) {
        sb_u32(&part, put_encoded(heap, c->methods[i]));
        sb_u32(&part, 0);
        sb_u32(&part, 0);
        for (unsigned k = 0; k < 3; k++)
            sb_u32(&part, REF_NULL);
    }
    put_heap(&part, heap);
    put_part(s, &part, c->slack);
}

GByteArray *sb_wmio_instance(const SbClass *c, const SbProperty *properties, const char *server, const char *ns)
{
    StubBuilder s = sb_new(false);
    g_auto(StubBuilder) part = sb_new(false);
    g_autoptr(GByteArray) heap = g_byte_array_new();

    sb_uint(&s, server ? 6 : 2, 1);
    if (server) {
        put_encoded(s.bytes, server);
        put_encoded(s.bytes, ns);
    }
    put_class_part(&s, c);
    sb_uint(&part, 0, 1);
    sb_u32(&part, c->name ? put_encoded(heap, c->name) : REF_NULL);
    put_table(&part, properties, c->n, heap);
    sb_u32(&part, 4);
    sb_uint(&part, 1, 1);
    put_heap(&part, heap);
    put_part(&s, &part, c->slack);
    return s.bytes;
}

GByteArray *sb_wmio_class(const SbClass *parent, const SbClass *c)
{
    StubBuilder s = sb_new(false);
    sb_uint(&s, 1, 1);
    put_class_part(&s, parent);
    put_methods_part(&s, parent);
    put_class_part(&s, c);
    put_methods_part(&s, c);
    return s.bytes;
}

GByteArray *sb_wmio_unit(const GByteArray *block)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, 0x12345678);
    sb_u32(&s, block->len);
    g_byte_array_append(s.bytes, block->data, block->len);
    return s.bytes;
}

static bool read_copy(const uint8_t *data, size_t len, SbReader read)
{
    uint8_t *copy = g_malloc(len ? len : 1);
    memcpy(copy, data, len);
    bool good = read(copy, len);
    g_free(copy);
    return good;
}

void sb_check_truncations(const GByteArray *bytes, SbReader read)
{
    for (guint len = 0; len < bytes->len; len++) {
        if (read_copy(bytes->data, len, read))
            g_error("%u of %u bytes were read as a whole", len, bytes->len);
    }
    g_assert_true(read_copy(bytes->data, bytes->len, read));
}

void sb_check_mutations(const GByteArray *bytes, unsigned rounds, SbReader read)
{
    static const uint8_t tempting[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (unsigned i = 0; i < rounds; i++) {
        uint8_t *copy = g_memdup2(bytes->data, bytes->len);
        for (int n = g_test_rand_int_range(1, 5); n > 0; n--) {
            int32_t at = g_test_rand_int_range(0, (int32_t) bytes->len);
            bool bold = g_test_rand_bit();
            copy[at] = bold ? tempting[g_test_rand_int_range(0, sizeof tempting)] : (uint8_t) g_test_rand_int();
        }
        (void) read_copy(copy, bytes->len, read);
        g_free(copy);
    }
}

void sb_add_test(const char *path, GTestDataFunc test)
{
    g_autofree char *little = g_strconcat(path, "/little-endian", NULL);
    g_autofree char *big = g_strconcat(path, "/big-endian", NULL);
    g_test_add_data_func(little, GINT_TO_POINTER(0), test);
    g_test_add_data_func(big, GINT_TO_POINTER(1), test);
}
