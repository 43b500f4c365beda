// SPDX-License-Identifier: GPL-2.0-or-later
#include "stub-builder.h"
#include "wire/orpc.h"

#define MARK 0xfeedf00d ///< stands behind what is read

static Bytes bytes_of(const StubBuilder *s)
{
    return bytes_init(s->bytes->data, s->bytes->len, s->big_endian);
}

static void test_this(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        g_auto(StubBuilder) s = sb_new(big_endian);
        sb_uint(&s, 5, 2);
        sb_uint(&s, 6, 2);
        sb_u32(&s, 1);
        sb_u32(&s, 0x55555555); // reserved
        sb_guid(&s, &sb_causality);
        sb_u32(&s, 0);
        sb_u32(&s, MARK);
        Bytes b = bytes_of(&s);
        OrpcThis orpc;
        g_assert_true(orpc_this_read(&b, &orpc));
        g_assert_cmpuint(orpc.version_major, ==, 5);
        g_assert_cmpuint(orpc.version_minor, ==, 6);
        g_assert_cmpuint(orpc.flags, ==, 1);
        g_assert_true(guid_equal(&orpc.causality_id, &sb_causality));
        g_assert_cmphex(bytes_u32(&b), ==, MARK);
    }
}

static void test_this_version(void)
{
    g_auto(StubBuilder) s = sb_request(false);
    s.bytes->data[0] = 4;
    Bytes b = bytes_of(&s);
    OrpcThis orpc;
    g_assert_false(orpc_this_read(&b, &orpc));
    g_assert_true(b.failed);
}

typedef struct {
    uint32_t size;       ///< of the array of extents
    uint32_t max_count;  ///< of the same
    uint32_t extent_max; ///< conformance of the extent's data
    uint32_t extent_size;
    bool good;
} Extents;

/** ORPCTHAT with an array of two pointers, the first of them null, and an extent of `extent_max` bytes. */
static StubBuilder that_with_extents(const Extents *e)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, 7);
    sb_u32(&s, 0x20000);
    sb_u32(&s, e->size);
    sb_u32(&s, 0);
    sb_u32(&s, 0x20004);
    sb_u32(&s, e->max_count);
    sb_u32(&s, 0);
    sb_u32(&s, 0x20008);
    sb_u32(&s, e->extent_max);
    sb_guid(&s, &sb_ipid);
    sb_u32(&s, e->extent_size);
    for (uint32_t i = 0; i < MIN(e->extent_max, 64); i++)
        sb_uint(&s, 0xcc, 1);
    sb_u32(&s, MARK);
    return s;
}

static void test_extents(void)
{
    static const Extents cases[] = {
        {2, 2, 8, 5, true},           // data of 5 bytes take 8
        {1, 2, 16, 16, true},         // an odd number of extents takes one more
        {2, 2, 0, 0, true},           //
        {2, 1, 8, 8, false},          // the conformance is not that of the size
        {2, 2, 8, 9, false},          //
        {2, 2, 8, 0xffffffff, false}, // rounded up, this is 0
        {2, 2, 0, 0xffffffff, false}, //
        {2, 2, 0xfffffff8, 0xfffffff5, false},
        {0xffffffff, 0, 8, 8, false},
        {0x10000, 0x10000, 8, 8, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(StubBuilder) s = that_with_extents(&cases[i]);
        Bytes b = bytes_of(&s);
        uint32_t flags;
        g_test_message("case %zu", i);
        g_assert_cmpint(orpc_that_read(&b, &flags), ==, cases[i].good);
        g_assert_cmpint(b.failed, ==, !cases[i].good);
        if (cases[i].good) {
            g_assert_cmpuint(flags, ==, 7);
            g_assert_cmphex(bytes_u32(&b), ==, MARK);
        }
    }
}

/** The array pointer itself is null. */
static void test_extents_absent(void)
{
    g_auto(StubBuilder) s = sb_new(true);
    sb_u32(&s, 0);
    sb_u32(&s, 0x20000);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    sb_u32(&s, MARK);
    Bytes b = bytes_of(&s);
    uint32_t flags;
    g_assert_true(orpc_that_read(&b, &flags));
    g_assert_cmphex(bytes_u32(&b), ==, MARK);
}

static void test_wstring(void)
{
    static const char *const texts[] = {"", "a", "root\\cimv2", "Gr\u00fc\u00dfe", "\u20ac\U0001f600!"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts) * 2; i++) {
        const char *text = texts[i / 2];
        g_auto(StubBuilder) s = sb_new(i & 1);
        sb_uint(&s, 0x77, 1);
        sb_align(&s, 4);
        sb_wstring(&s, text);
        sb_u32(&s, MARK);
        Bytes b = bytes_of(&s);
        bytes_skip(&b, 1); // reading aligns
        g_autofree char *got = ndr_unique_wstring_read(&b, 64);
        g_assert_cmpstr(got, ==, text);
        g_assert_cmphex(bytes_u32(&b), ==, MARK);
        g_assert_false(b.failed);
    }
}

static void test_wstring_null(void)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_wstring(&s, NULL);
    sb_u32(&s, MARK);
    Bytes b = bytes_of(&s);
    g_assert_null(ndr_unique_wstring_read(&b, 64));
    g_assert_false(b.failed);
    g_assert_cmphex(bytes_u32(&b), ==, MARK);
}

/** A string at the end of the stub has no padding. */
static void test_wstring_last(void)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_wstring(&s, "ab");
    g_byte_array_set_size(s.bytes, s.bytes->len - 2);
    Bytes b = bytes_of(&s);
    g_autofree char *got = ndr_unique_wstring_read(&b, 64);
    g_assert_cmpstr(got, ==, "ab");
    g_assert_false(b.failed);
    g_assert_cmpuint(bytes_left(&b), ==, 0);
}

static void test_wstring_malformed(void)
{
    static const struct {
        uint32_t max, offset, actual;
        size_t limit;
        bool good;
    } cases[] = {
        {4, 0, 4, 4, true},
        {9, 0, 4, 4, true}, // room for more
        {4, 0, 4, 3, false},
        {4, 1, 3, 9, false},
        {3, 0, 4, 9, false},
        {5, 0, 5, 9, false}, // beyond the end
        {0xffffffff, 0, 0xffffffff, SIZE_MAX, false},
        {0x80000000, 0, 0x80000000, SIZE_MAX, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(StubBuilder) s = sb_new(false);
        sb_u32(&s, cases[i].max);
        sb_u32(&s, cases[i].offset);
        sb_u32(&s, cases[i].actual);
        for (const char *c = "abc"; *c; c++)
            sb_uint(&s, (uint8_t) *c, 2);
        sb_uint(&s, 0, 2);
        Bytes b = bytes_of(&s);
        g_autofree char *got = ndr_wstring_read(&b, cases[i].limit);
        g_assert_cmpstr(got, ==, cases[i].good ? "abc" : NULL);
        g_assert_cmpint(b.failed, ==, !cases[i].good);
    }
}

static void test_bstr(void)
{
    static const char *const texts[] = {"", "WQL", "SELECT * FROM Win32_Process", "\u00e9\U0001f600"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts) * 2; i++) {
        g_auto(StubBuilder) s = sb_new(i & 1);
        sb_bstr(&s, texts[i / 2]);
        sb_u32(&s, MARK);
        Bytes b = bytes_of(&s);
        g_autofree char *got = ndr_bstr_read(&b, 64);
        g_assert_cmpstr(got, ==, texts[i / 2]);
        g_assert_cmphex(bytes_u32(&b), ==, MARK);
        g_assert_false(b.failed);
    }
}

static void test_bstr_null(void)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_bstr(&s, NULL);
    sb_u32(&s, 0); // a null pointer in place of a BSTR
    sb_u32(&s, MARK);
    Bytes b = bytes_of(&s);
    g_assert_null(ndr_bstr_read(&b, 64));
    g_assert_null(ndr_bstr_read(&b, 64));
    g_assert_false(b.failed);
    g_assert_cmphex(bytes_u32(&b), ==, MARK);
}

static void test_bstr_lengths(void)
{
    static const struct {
        uint32_t max, bytes, units;
        size_t limit;
        const char *text;
    } cases[] = {
        {4, 8, 4, 4, "abc"}, // with a NUL, as some clients send it
        {3, 6, 3, 4, "abc"},
        {3, 5, 3, 4, "ab"}, // half a unit at the end
        {4, 8, 4, 3, NULL},
        {5, 8, 4, 9, NULL},
        {4, 6, 4, 9, NULL},
        {4, 10, 4, 9, NULL},
        {5, 10, 5, 9, NULL},
        {1, UINT32_MAX, 1, 9, NULL},
        {0x80000000, 0xffffffff, 0x80000000, SIZE_MAX, NULL},
        {0x7fffffff, 0xfffffffe, 0x7fffffff, SIZE_MAX, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(StubBuilder) s = sb_new(false);
        sb_u32(&s, 0x72657355);
        sb_u32(&s, cases[i].max);
        sb_u32(&s, cases[i].bytes);
        sb_u32(&s, cases[i].units);
        for (size_t k = 0; k < 4; k++)
            sb_uint(&s, (uint8_t) "abc"[k], 2);
        Bytes b = bytes_of(&s);
        g_autofree char *got = ndr_bstr_read(&b, cases[i].limit);
        g_test_message("case %zu", i);
        g_assert_cmpstr(got, ==, cases[i].text);
        g_assert_cmpint(b.failed, ==, !cases[i].text);
    }
}

static void test_utf16(void)
{
    static const struct {
        const char *utf16; ///< big endian
        size_t units;
        const char *utf8;
    } cases[] = {
        {"", 0, ""},
        {"\x00\x41\x00\x00\x00\x42", 3, "A"},                // stops at the NUL
        {"\xd8\x3d\xde\x00\x00\x21", 3, "\U0001f600!"},      //
        {"\xdb\xff\xdf\xff", 2, "\U0010ffff"},               //
        {"\xd8\x3d\x00\x21", 2, "\ufffd!"},                  // high alone
        {"\xde\x00\x00\x21", 2, "\ufffd!"},                  // low alone
        {"\xd8\x3d\xd8\x3d\xde\x00", 3, "\ufffd\U0001f600"}, // high, then a pair
        {"\x00\x41\xd8\x3d", 2, "A\ufffd"},                  // high at the end
        {"\xff\xff\xfe\xff", 2, "\uffff\ufeff"},             // not a character, but valid UTF-8
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree uint8_t *big = g_memdup2(cases[i].utf16, cases[i].units * 2);
        g_autofree char *text = utf16_to_utf8(big, cases[i].units, true);
        g_assert_cmpstr(text, ==, cases[i].utf8);
        for (size_t k = 0; k + 1 < cases[i].units * 2; k += 2) {
            uint8_t high = big[k];
            big[k] = big[k + 1];
            big[k + 1] = high;
        }
        g_autofree char *same = utf16_to_utf8(big, cases[i].units, false);
        g_assert_cmpstr(same, ==, cases[i].utf8);
        g_assert_true(g_utf8_validate(same, -1, NULL));
    }
}

static bool read_all(const uint8_t *data, size_t len)
{
    Bytes b = bytes_init(data, len, false);
    OrpcThis orpc;
    if (!orpc_this_read(&b, &orpc))
        return false;
    g_autofree char *text = ndr_unique_wstring_read(&b, 64);
    g_autofree char *bstr = ndr_bstr_read(&b, 64);
    g_assert_true(!text || g_utf8_validate(text, -1, NULL));
    g_assert_true(!bstr || g_utf8_validate(bstr, -1, NULL));
    return !b.failed;
}

static bool read_that(const uint8_t *data, size_t len)
{
    Bytes b = bytes_init(data, len, false);
    uint32_t flags;
    return orpc_that_read(&b, &flags) && bytes_u32(&b) == MARK;
}

static void test_hostile(void)
{
    g_auto(StubBuilder) s = sb_request(false);
    sb_wstring(&s, "abc");
    sb_bstr(&s, "Win32_Process!");
    sb_check_truncations(s.bytes, read_all);
    sb_check_mutations(s.bytes, 5000, read_all);

    g_auto(StubBuilder) e = that_with_extents(&(Extents){2, 2, 16, 12, true});
    sb_check_truncations(e.bytes, read_that);
    sb_check_mutations(e.bytes, 5000, read_that);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode-orpc/this", test_this);
    g_test_add_func("/decode-orpc/this-version", test_this_version);
    g_test_add_func("/decode-orpc/extents", test_extents);
    g_test_add_func("/decode-orpc/extents-absent", test_extents_absent);
    g_test_add_func("/decode-orpc/wstring", test_wstring);
    g_test_add_func("/decode-orpc/wstring-null", test_wstring_null);
    g_test_add_func("/decode-orpc/wstring-last", test_wstring_last);
    g_test_add_func("/decode-orpc/wstring-malformed", test_wstring_malformed);
    g_test_add_func("/decode-orpc/bstr", test_bstr);
    g_test_add_func("/decode-orpc/bstr-null", test_bstr_null);
    g_test_add_func("/decode-orpc/bstr-lengths", test_bstr_lengths);
    g_test_add_func("/decode-orpc/utf16", test_utf16);
    g_test_add_func("/decode-orpc/hostile", test_hostile);
    return g_test_run();
}
