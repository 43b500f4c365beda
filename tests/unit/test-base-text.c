// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text-escape.h"

static void expect_escaped(const char *text, bool ascii, const char *expected)
{
    g_autofree char *escaped = text_escape(text, ascii);
    g_assert_cmpstr(escaped, ==, expected);
}

static void test_escape_controls(void)
{
    expect_escaped(NULL, false, "");
    expect_escaped("\\\\HOST\\root\\cimv2", false, "\\\\HOST\\root\\cimv2");
    expect_escaped("a\033[31mb\a", false, "a\\x1b[31mb\\x07");
    expect_escaped("a\r\n\tb\x7f", false, "a\\r\\n\\tb\\x7f");
    expect_escaped("\xc2\x9b"
                   "31m",
                   false, "\\u{9b}31m"); // C1 CSI
}

static void test_escape_invisible(void)
{
    expect_escaped("gpj.\u202eexe", false, "gpj.\\u{202e}exe");
    expect_escaped("\u202a\u202d\u2066\u2069", false, "\\u{202a}\\u{202d}\\u{2066}\\u{2069}");
    expect_escaped("a\u200bb\ufeffc\u2028d", false, "a\\u{200b}b\\u{feff}c\\u{2028}d");
}

static void test_escape_invalid(void)
{
    expect_escaped("\xff\xfe", false, "\\xff\\xfe");
    expect_escaped("a\xe2\x82", false, "a\\xe2\\x82");        // cut short
    expect_escaped("\xc0\xaf", false, "\\xc0\\xaf");          // overlong
    expect_escaped("\xed\xa0\x80", false, "\\xed\\xa0\\x80"); // surrogate
    expect_escaped("\xc3\xa4\xe4", false, "\xc3\xa4\\xe4");   // resumes behind and before good text
    expect_escaped("\xf4\x90\x80\x80", false, "\\xf4\\x90\\x80\\x80");
}

static void test_escape_ascii(void)
{
    expect_escaped("Müller 日本", false, "Müller 日本");
    expect_escaped("Müller 日本", true, "M\\u{fc}ller \\u{65e5}\\u{672c}");
}

static void test_width(void)
{
    g_assert_cmpuint(text_width(""), ==, 0);
    g_assert_cmpuint(text_width("abc"), ==, 3);
    g_assert_cmpuint(text_width("日本"), ==, 4);
    g_assert_cmpuint(text_width("e\u0301"), ==, 1);
}

static void expect_fit(const char *text, size_t width, TextCut cut, const char *expected)
{
    g_autofree char *fit = text_fit(text, width, cut, "…");
    g_assert_cmpstr(fit, ==, expected);
    g_assert_cmpuint(text_width(fit), <=, width);
}

static void test_fit(void)
{
    expect_fit("IWbemServices", 13, TEXT_CUT_END, "IWbemServices");
    expect_fit("IWbemServices", 8, TEXT_CUT_END, "IWbemSe…");
    expect_fit("IWbemServices", 8, TEXT_CUT_START, "…ervices");
    expect_fit("abc", 1, TEXT_CUT_END, "…");
    expect_fit("abc", 1, TEXT_CUT_START, "…");
    expect_fit("abc", 0, TEXT_CUT_END, "");
    expect_fit("日本語", 4, TEXT_CUT_END, "日…"); // half a character does not fit
    expect_fit("日本語", 4, TEXT_CUT_START, "…語");
    expect_fit("ae\u0301b", 2, TEXT_CUT_START, "…b"); // no accent without its letter
}

static void expect_lines(const char *text, size_t width, const char *expected)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    while (*text) {
        const char *end = text_line_end(text, width);
        g_assert_true(end > text);
        g_string_append_len(lines, text, end - text);
        g_string_append_c(lines, '|');
        text = end;
    }
    g_assert_cmpstr(lines->str, ==, expected);
}

static void test_lines(void)
{
    expect_lines("one two three", 20, "one two three|");
    expect_lines("one two three", 8, "one two |three|");
    expect_lines("one two  x", 7, "one two  |x|");                    // blanks do not begin a line
    expect_lines("aa bbbbbbbbbbbbbbbb", 12, "aa bbbbbbbbb|bbbbbbb|"); // too near to the start to break there
    expect_lines("日本語日本語", 5, "日本|語日|本語|");
    expect_lines("日本", 1, "日|本|"); // at least a character
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/text/controls", test_escape_controls);
    g_test_add_func("/cli/text/invisible", test_escape_invisible);
    g_test_add_func("/cli/text/invalid", test_escape_invalid);
    g_test_add_func("/cli/text/ascii", test_escape_ascii);
    g_test_add_func("/cli/text/width", test_width);
    g_test_add_func("/cli/text/fit", test_fit);
    g_test_add_func("/cli/text/lines", test_lines);
    return g_test_run();
}
