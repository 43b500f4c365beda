// SPDX-License-Identifier: GPL-2.0-or-later
#include "stub-builder.h"
#include "wire/objref.h"

#define MARK 0xfeedf00d ///< stands behind what is read
#define TCP 7
#define NAMED_PIPE 15

static const Guid clsid = {0x11111111, 0x2222, 0x3333, {4, 4, 4, 4, 5, 5, 5, 5}};

static void put_text(StubBuilder *s, const char *ascii)
{
    for (; *ascii; ascii++)
        sb_uint(s, (uint8_t) *ascii, 2);
    sb_uint(s, 0, 2);
}

static void put_strings(StubBuilder *s, uint16_t tower, const char *const *addresses)
{
    for (; *addresses; addresses++) {
        sb_uint(s, tower, 2);
        put_text(s, *addresses);
    }
}

/** Prepends the two counts to the words of string bindings; a security binding follows them. */
static StubBuilder dualstring(const StubBuilder *strings)
{
    StubBuilder s = sb_new(strings->big_endian);
    guint units = strings->bytes->len / 2 + 1;
    sb_uint(&s, units + 4, 2);
    sb_uint(&s, units, 2);
    g_byte_array_append(s.bytes, strings->bytes->data, strings->bytes->len);
    sb_uint(&s, 0, 2);
    sb_uint(&s, 10, 2);
    sb_uint(&s, 0xffff, 2);
    sb_uint(&s, 0, 2);
    sb_uint(&s, 0, 2);
    return s;
}

static Bytes bytes_of(const StubBuilder *s)
{
    return bytes_init(s->bytes->data, s->bytes->len, s->big_endian);
}

static void check_binding(const GPtrArray *bindings, guint i, const char *host, uint16_t port)
{
    g_assert_cmpuint(i, <, bindings->len);
    const DcomBinding *binding = g_ptr_array_index(bindings, i);
    g_assert_cmpstr(binding->host, ==, host);
    g_assert_cmpuint(binding->port, ==, port);
}

static void test_addresses(void)
{
    static const struct {
        const char *address, *host;
        uint16_t port;
    } cases[] = {
        {"SERVER", "SERVER", 0},
        {"SERVER[135]", "SERVER", 135},
        {"10.99.0.1[49670]", "10.99.0.1", 49670},
        {"a[65535]", "a", 65535},
        {"a[1]", "a", 1},
        {"fe80::1[49670]", "fe80::1", 49670},
        {"[fe80::1][49670]", "fe80::1", 49670},
        {"[fe80::1]", "fe80::1", 0},
        {"fe80::1%4", "fe80::1%4", 0},
        // The rest names no host, or an endpoint that is no port.
        {"", NULL, 0},
        {"[135]", NULL, 0},
        {"[", NULL, 0},
        {"[]", NULL, 0},
        {"[fe80::1", NULL, 0},
        {"[fe80::1[135]", NULL, 0},
        {"a[0]", NULL, 0},
        {"a[65536]", NULL, 0},
        {"a[18446744073709551617]", NULL, 0},
        {"a[-1]", NULL, 0},
        {"a[+1]", NULL, 0},
        {"a[ 1]", NULL, 0},
        {"a[1", NULL, 0},
        {"a[1]b", NULL, 0},
        {"a[]", NULL, 0},
        {"a[\\pipe\\x]", NULL, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(StubBuilder) strings = sb_new(false);
        put_strings(&strings, TCP, (const char *const[]){cases[i].address, NULL});
        g_auto(StubBuilder) s = dualstring(&strings);
        Bytes b = bytes_of(&s);
        g_autoptr(GPtrArray) bindings = dualstringarray_read(&b);
        g_test_message("%s", cases[i].address);
        g_assert_nonnull(bindings);
        g_assert_cmpuint(bindings->len, ==, cases[i].host ? 1 : 0);
        if (cases[i].host)
            check_binding(bindings, 0, cases[i].host, cases[i].port);
    }
}

static void test_dualstring(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        g_auto(StubBuilder) strings = sb_new(big_endian);
        put_strings(&strings, TCP, (const char *const[]){"WIN-SRV[50000]", NULL});
        put_strings(&strings, NAMED_PIPE, (const char *const[]){"OTHER[139]", NULL});
        put_strings(&strings, TCP, (const char *const[]){"10.0.0.7[50000]", NULL});
        g_auto(StubBuilder) s = dualstring(&strings);
        sb_u32(&s, MARK);
        Bytes b = bytes_of(&s);
        g_autoptr(GPtrArray) bindings = dualstringarray_read(&b);
        g_assert_nonnull(bindings);
        g_assert_cmpuint(bindings->len, ==, 2);
        check_binding(bindings, 0, "WIN-SRV", 50000);
        check_binding(bindings, 1, "10.0.0.7", 50000);
        g_assert_cmphex(bytes_u32(&b), ==, MARK);
    }
}

/** A security binding's principal is no address, also when no null word ends the string bindings. */
static void test_dualstring_security(void)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_uint(&s, 8, 2);
    sb_uint(&s, 3, 2);
    sb_uint(&s, TCP, 2);
    put_text(&s, "h");
    sb_uint(&s, TCP, 2); // were it a tower, the rest would be an address
    put_text(&s, "nop");
    Bytes b = bytes_of(&s);
    g_autoptr(GPtrArray) bindings = dualstringarray_read(&b);
    g_assert_nonnull(bindings);
    g_assert_cmpuint(bindings->len, ==, 1);
    check_binding(bindings, 0, "h", 0);
}

static void test_dualstring_empty(void)
{
    static const uint8_t none[] = {0, 0, 0, 0};
    static const uint8_t nulls[] = {4, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    Bytes b = bytes_init(none, sizeof none, false);
    g_autoptr(GPtrArray) first = dualstringarray_read(&b);
    g_assert_nonnull(first);
    g_assert_cmpuint(first->len, ==, 0);
    b = bytes_init(nulls, sizeof nulls, false);
    g_autoptr(GPtrArray) second = dualstringarray_read(&b);
    g_assert_nonnull(second);
    g_assert_cmpuint(second->len, ==, 0);
    g_assert_cmpuint(bytes_left(&b), ==, 0);
}

static void test_dualstring_malformed(void)
{
    static const uint8_t offset_beyond[] = {2, 0, 3, 0, 0, 0, 0, 0};
    static const uint8_t words_beyond[] = {3, 0, 2, 0, 0, 0, 0, 0};
    static const uint8_t unterminated[] = {4, 0, 3, 0, 7, 0, 'h', 0, 'i', 0, 0, 0};
    static const struct {
        const uint8_t *data;
        size_t len;
    } cases[] = {
        {offset_beyond, sizeof offset_beyond},
        {words_beyond, sizeof words_beyond},
        {unterminated, sizeof unterminated},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bytes b = bytes_init(cases[i].data, cases[i].len, false);
        g_assert_null(dualstringarray_read(&b));
        g_assert_true(b.failed);
    }
}

static void test_dualstring_many(void)
{
    g_auto(StubBuilder) strings = sb_new(false);
    for (unsigned i = 0; i < 300; i++)
        put_strings(&strings, TCP, (const char *const[]){"h[9]", NULL});
    g_auto(StubBuilder) s = dualstring(&strings);
    Bytes b = bytes_of(&s);
    g_autoptr(GPtrArray) bindings = dualstringarray_read(&b);
    g_assert_nonnull(bindings);
    g_assert_cmpuint(bindings->len, ==, 256);
    check_binding(bindings, 255, "h", 9);
}

/** OBJREF with a STDOBJREF: the standard, handler and extended forms. */
static StubBuilder objref(uint32_t flags)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, 0x574f454d);
    sb_u32(&s, flags);
    sb_guid(&s, &sb_iid_services);
    sb_u32(&s, 0x1000);
    sb_u32(&s, 5);
    sb_uint(&s, 0x0102030405060708, 8);
    sb_uint(&s, 0x1112131415161718, 8);
    sb_guid(&s, &sb_ipid);
    if (flags == 2)
        sb_guid(&s, &clsid);
    if (flags == 8)
        sb_u32(&s, 0x4e535956);
    g_auto(StubBuilder) strings = sb_new(false);
    put_strings(&strings, TCP, (const char *const[]){"SRV", "10.0.0.7", NULL});
    g_auto(StubBuilder) addresses = dualstring(&strings);
    g_byte_array_append(s.bytes, addresses.bytes->data, addresses.bytes->len);
    return s;
}

static void check_standard(const Objref *o)
{
    g_assert_true(guid_equal(&o->iid, &sb_iid_services));
    g_assert_cmphex(o->standard.oxid, ==, 0x0102030405060708);
    g_assert_cmphex(o->standard.oid, ==, 0x1112131415161718);
    g_assert_true(guid_equal(&o->standard.ipid, &sb_ipid));
    g_assert_cmpuint(o->standard.public_refs, ==, 5);
    g_assert_cmpuint(o->standard.bindings->len, ==, 2);
    check_binding(o->standard.bindings, 0, "SRV", 0);
    check_binding(o->standard.bindings, 1, "10.0.0.7", 0);
}

static void test_standard(void)
{
    static const ObjrefKind kinds[] = {OBJREF_STANDARD, OBJREF_HANDLER, OBJREF_EXTENDED};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(StubBuilder) s = objref(kinds[i]);
        sb_uint(&s, 0xee, 1); // slack
        // The PDU's byte order does not matter.
        Bytes b = bytes_init(s.bytes->data, s.bytes->len, i & 1);
        Objref o;
        g_assert_true(objref_read(&b, &o));
        g_assert_cmpint(o.kind, ==, kinds[i]);
        check_standard(&o);
        g_assert_cmpint(guid_equal(&o.clsid, &clsid), ==, kinds[i] == OBJREF_HANDLER);
        g_assert_null(o.data);
        g_assert_cmpuint(bytes_left(&b), ==, 0);
        objref_clear(&o);
        g_assert_null(o.standard.bindings);
    }
}

static void test_custom(void)
{
    static const uint8_t data[] = {9, 8, 7, 6, 5};
    g_autoptr(GByteArray) object = g_byte_array_new();
    g_byte_array_append(object, data, sizeof data);
    g_autoptr(GByteArray) bytes = sb_objref_custom(&sb_iid_object, &clsid, object);
    Bytes b = bytes_init(bytes->data, bytes->len, false);
    Objref o;
    g_assert_true(objref_read(&b, &o));
    g_assert_cmpint(o.kind, ==, OBJREF_CUSTOM);
    g_assert_true(guid_equal(&o.iid, &sb_iid_object));
    g_assert_true(guid_equal(&o.clsid, &clsid));
    g_assert_cmpuint(o.data_len, ==, sizeof data);
    g_assert_true(memcmp(o.data, data, sizeof data) == 0);
    g_assert_true(o.data == bytes->data + 48);
    g_assert_null(o.standard.bindings);
    objref_clear(&o);
}

static void test_malformed(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        {0, 'm'},   {3, 'X'},  // signature
        {4, 0},     {4, 3},    // no kind, two kinds
        {4, 16},    {7, 0x80}, //
        {4, 2},                // what follows is no handler's
        {64, 0xff},            // entries beyond the end
        {66, 0xff},            // security offset beyond the entries
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(StubBuilder) s = objref(OBJREF_STANDARD);
        s.bytes->data[cases[i].at] = cases[i].value;
        Bytes b = bytes_of(&s);
        Objref o;
        g_test_message("case %zu", i);
        g_assert_false(objref_read(&b, &o));
        g_assert_true(b.failed);
        g_assert_null(o.standard.bindings);
    }
}

static void test_interface_pointer(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        g_auto(StubBuilder) ref = objref(OBJREF_STANDARD);
        sb_uint(&ref, 0xee, 1); // so that padding follows
        g_auto(StubBuilder) s = sb_new(big_endian);
        sb_interface(&s, NULL);
        sb_interface(&s, ref.bytes);
        sb_interface_inout(&s, ref.bytes);
        sb_interface_inout(&s, NULL);
        sb_u32(&s, 0);
        sb_u32(&s, MARK);
        Bytes b = bytes_of(&s);
        Objref o;
        g_assert_cmpint(ndr_interface_pointer_read(&b, &o), ==, 0);
        g_assert_cmpint(ndr_interface_pointer_read(&b, &o), ==, 1);
        check_standard(&o);
        objref_clear(&o);
        g_assert_cmpint(ndr_interface_pointer_inout_read(&b, &o), ==, 1);
        check_standard(&o);
        objref_clear(&o);
        g_assert_cmpint(ndr_interface_pointer_inout_read(&b, &o), ==, 0);
        g_assert_cmpint(ndr_interface_pointer_inout_read(&b, &o), ==, 0);
        g_assert_cmphex(bytes_u32(&b), ==, MARK);
        g_assert_false(b.failed);
    }
}

static void test_interface_pointer_malformed(void)
{
    static const size_t positions[] = {4, 8, 12}; // conformance, size, signature
    g_auto(StubBuilder) ref = objref(OBJREF_STANDARD);
    for (size_t i = 0; i < G_N_ELEMENTS(positions); i++) {
        g_auto(StubBuilder) s = sb_new(false);
        sb_interface(&s, ref.bytes);
        s.bytes->data[positions[i]]++;
        Bytes b = bytes_of(&s);
        Objref o;
        g_assert_cmpint(ndr_interface_pointer_read(&b, &o), ==, -1);
        g_assert_true(b.failed);
    }
    Bytes none = bytes_init(NULL, 0, false);
    Objref o;
    g_assert_cmpint(ndr_interface_pointer_read(&none, &o), ==, -1);
    none = bytes_init(NULL, 0, false);
    g_assert_cmpint(ndr_interface_pointer_inout_read(&none, &o), ==, -1);
}

static bool read_objref(const uint8_t *data, size_t len)
{
    Bytes b = bytes_init(data, len, false);
    Objref o;
    if (!objref_read(&b, &o))
        return false;
    if (o.kind == OBJREF_CUSTOM)
        g_assert_true(o.data >= data && o.data + o.data_len == data + len);
    for (guint i = 0; o.standard.bindings && i < o.standard.bindings->len; i++) {
        const DcomBinding *binding = g_ptr_array_index(o.standard.bindings, i);
        g_assert_true(*binding->host && g_utf8_validate(binding->host, -1, NULL));
    }
    objref_clear(&o);
    return true;
}

static bool read_pointer(const uint8_t *data, size_t len)
{
    Bytes b = bytes_init(data, len, false);
    Objref o;
    if (ndr_interface_pointer_inout_read(&b, &o) != 1)
        return false;
    objref_clear(&o);
    return true;
}

static void test_hostile(void)
{
    static const ObjrefKind kinds[] = {OBJREF_STANDARD, OBJREF_HANDLER, OBJREF_EXTENDED};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(StubBuilder) s = objref(kinds[i]);
        sb_check_truncations(s.bytes, read_objref);
        sb_check_mutations(s.bytes, 3000, read_objref);
    }
    g_auto(StubBuilder) ref = objref(OBJREF_STANDARD);
    g_auto(StubBuilder) s = sb_new(false);
    sb_interface_inout(&s, ref.bytes);
    sb_check_truncations(s.bytes, read_pointer);
    sb_check_mutations(s.bytes, 3000, read_pointer);
    // A custom OBJREF of any length is one, once its head is there.
    g_autoptr(GByteArray) empty = g_byte_array_new();
    g_autoptr(GByteArray) custom = sb_objref_custom(&sb_iid_object, &clsid, empty);
    sb_check_truncations(custom, read_objref);
    sb_check_mutations(custom, 3000, read_objref);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode-objref/addresses", test_addresses);
    g_test_add_func("/decode-objref/dualstring", test_dualstring);
    g_test_add_func("/decode-objref/dualstring-security", test_dualstring_security);
    g_test_add_func("/decode-objref/dualstring-empty", test_dualstring_empty);
    g_test_add_func("/decode-objref/dualstring-malformed", test_dualstring_malformed);
    g_test_add_func("/decode-objref/dualstring-many", test_dualstring_many);
    g_test_add_func("/decode-objref/standard", test_standard);
    g_test_add_func("/decode-objref/custom", test_custom);
    g_test_add_func("/decode-objref/malformed", test_malformed);
    g_test_add_func("/decode-objref/interface-pointer", test_interface_pointer);
    g_test_add_func("/decode-objref/interface-pointer-malformed", test_interface_pointer_malformed);
    g_test_add_func("/decode-objref/hostile", test_hostile);
    return g_test_run();
}
