// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json-scan.h"

#include <string.h>

/** All values as "path=text;", or "failed" at the end. */
static char *scan(const char *text)
{
    JsonScan scan;
    JsonValue value;
    g_autofree char *copy = g_strdup(text);
    GString *found = g_string_new(NULL);
    json_scan_init(&scan, copy, strlen(copy));
    while (json_scan_next(&scan, &value)) {
        Slice got = json_scan_text(&value);
        g_string_append_printf(found, "%.*s%s%.*s;", (int) value.path_len, value.path,
                               value.type == JSON_STRING ? "=" : ":", (int) got.len, got.text);
    }
    g_string_append(found, scan.failed ? "failed" : "");
    return g_string_free(found, FALSE);
}

static void expect(const char *text, const char *expected)
{
    g_autofree char *found = scan(text);
    g_assert_cmpstr(found, ==, expected);
}

static void test_values(void)
{
    expect("{}", "");
    expect(" { } ", "");
    expect("{\"a\":1}", "a:1;");
    expect("{\"a\" : \"x\" , \"b\":true,\"c\":null,\"d\":-1.5e+3}", "a=x;b:true;c:null;d:-1.5e+3;");
    expect("{\"a\":{\"b\":{\"c\":\"x\"},\"d\":2},\"e\":3}", "a.b.c=x;a.d:2;e:3;");
    expect("{\"a\":[1,\"x\",{\"b\":2},[]],\"c\":{}}", "a:1;a=x;a.b:2;");
    expect("{\"a.b\":{\"c\":1}}", "a.b.c:1;");
}

/** Where objects and arrays begin: "{" or "[" with the depth of what stands in them. */
static void test_openings(void)
{
    JsonScan scan;
    JsonValue value;
    char text[] = "{\"a\":{},\"b\":[{\"c\":1},[],\"x\"],\"d\":2}";
    g_autoptr(GString) found = g_string_new(NULL);
    json_scan_init(&scan, text, strlen(text));
    scan.openings = true;
    while (json_scan_next(&scan, &value))
        g_string_append_printf(found, "%.*s%c%u;", (int) value.path_len, value.path, ":=\x7b["[value.type], scan.depth);
    g_assert_true(scan.done);
    g_assert_cmpstr(found->str, ==, "a{2;b[2;b{3;b.c:3;b[3;b=2;d:1;");
}

static void test_name(void)
{
    JsonScan scan;
    JsonValue value;
    char text[] = "{\"winlog\":{\"event_data\":{\"Image\":\"x\"}}}";
    json_scan_init(&scan, text, strlen(text));
    g_assert_true(json_scan_next(&scan, &value));
    g_assert_true(slice_is(value.name, "Image"));
    g_assert_false(json_scan_next(&scan, &value));
    g_assert_false(json_scan_next(&scan, &value));
}

static void test_escapes(void)
{
    expect("{\"a\":\"C:\\\\x \\\"y\\\" \\/\\b\\f\\n\\r\\t\"}", "a=C:\\x \"y\" /\b\f\n\r\t;");
    expect("{\"a\":\"\\u00e4\\u20ac\\ud83d\\ude00\"}", "a=ä€😀;");
    expect("{\"a\":\"\\u0000|\\ud83d|\\ude00|\\ud83dx\"}", "a=\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbdx;");
    expect("{\"a\":\"\\u12\"}", "a=?12;");
    expect("{\"a\":\"\\\\\",\"b\":\"\\\\\\\"\"}", "a=\\;b=\\\";");
    expect("{\"a\":\"\xff\xc3\"}", "a=??;");
    expect("{\"a\":\"\\\"EventID\\\":10\"}", "a=\"EventID\":10;");
}

static void test_malformed(void)
{
    static const char *const texts[] = {
        "",           "x",           "[]",          "{",          "{\"a\"",          "{\"a\":",   "{\"a\":}",
        "{\"a\":1,}", "{,}",         "{\"a\":\"x}", "{\"a\":1]",  "{a:1}",           "{\"a\" 1}", "{\"a\":{\"b\":1}",
        "{\"a\":[1}", "{\"a\":[,]}", "{} x",        "{\"a\":1}}", "{\"a\":\"x\\\"}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *found = scan(texts[i]);
        g_assert_true(g_str_has_suffix(found, "failed"));
    }
}

static void test_deep(void)
{
    expect("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}", "a.a.a.a.a.a.a.a:1;");
    expect("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}", "failed");
}

static void test_long_path(void)
{
    g_autofree char *name = g_strnfill(300, 'n');
    g_autofree char *text = g_strdup_printf("{\"%s\":{\"b\":1},\"c\":2}", name);
    g_autofree char *found = scan(text);
    g_assert_true(g_str_has_suffix(found, ":1;c:2;"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-scan/values", test_values);
    g_test_add_func("/json-scan/name", test_name);
    g_test_add_func("/json-scan/openings", test_openings);
    g_test_add_func("/json-scan/escapes", test_escapes);
    g_test_add_func("/json-scan/malformed", test_malformed);
    g_test_add_func("/json-scan/deep", test_deep);
    g_test_add_func("/json-scan/long-path", test_long_path);
    return g_test_run();
}
