// SPDX-License-Identifier: GPL-2.0-or-later
// Output formats: the table's layout, the JSON array, and the table of formats itself.

#include "base/text-escape.h"
#include "output/format.h"

#include <stdlib.h>
#include <string.h>

/** A set with one record that lives as long as the set. */
static RecordSet *make_set(void)
{
    RecordSet *set = record_set_new(NULL);
    record_set_add_file(set, "captures/x.cap", NULL);
    Record *r = record_new();
    r->confidence = CONFIDENCE_WMI;
    r->start_time = "2020-08-06T07:56:41.320149Z";
    r->client = (RecordEnd){.ip = "172.18.39.5", .port = 55275};
    r->server = (RecordEnd){.ip = "fd00::1", .port = 135};
    static const OfferedInterface offered[] = {
        {.name = "IRemUnknown2", .uuid = "1", .accepted = ANSWER_YES},
        {.name = "2", .uuid = "2", .accepted = ANSWER_YES}, // unknown
        {.name = "IRefused", .uuid = "3", .accepted = ANSWER_NO},
        {.name = "IWbemServices", .uuid = "4", .accepted = ANSWER_UNKNOWN},
    };
    g_array_append_vals(r->interfaces, offered, G_N_ELEMENTS(offered));
    RecordCall call = {
        .interface = "IWbemServices", .method = "ExecMethod", .stage = STAGE_EXECUTE, .status = NUMBER_UNKNOWN};
    g_array_append_val(r->calls, call);
    r->auth.type = "kerberos";
    r->auth.level = AUTH_LEVEL_PRIVACY;
    r->auth.domain = "CORP";
    r->auth.user = "svc";
    r->client.host = "WKS-07";
    Process process = process_init(ROLE_CLIENT, 7240);
    g_array_append_val(r->processes, process);
    Login login = {.namespace_path = "\\\\DC\\root\\cimv2"};
    g_array_append_val(r->logins, login);
    r->summary = "ran: calc.exe";
    g_ptr_array_add(set->records, r);
    return set;
}

static char *print(const OutFormat *format, OutStyle style, const RecordSet *set, guint times)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    g_auto(Out) out = {0};
    out_begin(&out, format, stream, style);
    for (guint i = 0; i < times; i++)
        out_record(&out, set, g_ptr_array_index(set->records, 0));
    out_end(&out);
    (void) fclose(stream);
    return text;
}

static void test_natural(void)
{
    g_autoptr(RecordSet) set = make_set();
    g_autofree char *text = print(&out_format_table, (OutStyle){0}, set, 1);
    g_assert_cmpstr(text, ==,
                    "time (UTC)           client → server                    match  process      user      "
                    "namespace        interfaces                   auth              what was done\n"
                    "2020-08-06 07:56:41  172.18.39.5:55275 → [fd00::1]:135  wmi    WKS-07:7240  CORP\\svc  "
                    "\\\\DC\\root\\cimv2  IRemUnknown2, IWbemServices  kerberos/privacy  ran: calc.exe\n");
}

static void test_ascii(void)
{
    g_autoptr(RecordSet) set = make_set();
    for (size_t width = 0; width < 100; width += 90) {
        g_autofree char *text = print(&out_format_table, (OutStyle){.ascii = true, .width = width}, set, 1);
        g_assert_true(g_str_is_ascii(text));
    }
}

static void test_widths(void)
{
    g_autoptr(RecordSet) set = make_set();
    for (size_t width = 60; width < 200; width++) {
        g_autofree char *text = print(&out_format_table, (OutStyle){.width = width, .captures = true}, set, 2);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), ==, 4);
        for (size_t i = 0; lines[i]; i++)
            g_assert_cmpuint(text_width(lines[i]), <=, width);
        g_assert_nonnull(strstr(lines[1], "172.18.39.5:55275 → [fd00::1]:135  wmi")); // never cut
        g_assert_nonnull(strstr(lines[1], "ran: "));
    }
}

/** What a narrow terminal is spared is what tells least, and the end of a name, which tells most, stays. */
static void test_telling(void)
{
    g_autoptr(RecordSet) set = make_set();
    Record *r = g_ptr_array_index(set->records, 0);
    r->client.host = "WORKSTATION-OF-ANN";
    r->auth.domain = "A.LONG.DOMAIN";
    r->summary = "ran: cmd.exe /c C:\\Windows\\Temp\\x.exe 1> \\\\127.0.0.1\\ADMIN$\\out";
    static const struct {
        size_t width;
        const char *line;
    } cases[] = {
        {0, "WORKSTATION-OF-ANN:7240  A.LONG.DOMAIN\\svc  \\\\DC\\root\\cimv2  IRemUnknown2, IWbemServices"},
        {132, "… 07:56:41  172.18.39.5:55275 → [fd00::1]:135  wmi    …N-OF-ANN:7240  …NG.DOMAIN\\svc  …\\root\\cimv2  "
              "ran: "},
        {91, "172.18.39.5:55275 → [fd00::1]:135  wmi    …N-OF-ANN:7240  ran: cmd.exe /c"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = print(&out_format_table, (OutStyle){.width = cases[i].width}, set, 1);
        if (!strstr(text, cases[i].line))
            g_error("at %zu columns: %s", cases[i].width, text);
    }
}

static void test_colour(void)
{
    g_autoptr(RecordSet) set = make_set();
    g_autofree char *plain = print(&out_format_table, (OutStyle){0}, set, 1);
    g_assert_null(strchr(plain, '\033'));
    g_autofree char *colour = print(&out_format_table, (OutStyle){.colour = true}, set, 1);
    g_assert_nonnull(strstr(colour, "\033[1;31mwmi\033[0m    WKS-07:7240"));
}

static void test_escapes(void)
{
    g_autoptr(RecordSet) set = make_set();
    Record *r = g_ptr_array_index(set->records, 0);
    r->summary = "Exec\033]0;x\a\u202e";
    r->client.host = "\033[2J";
    r->auth.user = "a\nb";
    g_array_index(r->logins, Login, 0).namespace_path = "\u2066";
    g_array_index(r->calls, RecordCall, 0).interface = "\a";
    r->auth.type = "\n";
    r->client.ip = "\x9b";
    r->start_time = "\r";
    g_autofree char *text = print(&out_format_table, (OutStyle){0}, set, 1);
    g_assert_null(strpbrk(text, "\033\a\r"));
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_nonnull(strstr(text, "Exec\\x1b]0;x\\x07\\u{202e}"));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 3);
}

static void test_nothing_known(void)
{
    g_autoptr(RecordSet) set = make_set();
    Record *empty = record_new();
    empty->confidence = CONFIDENCE_RPCSS;
    g_ptr_array_remove_index(set->records, 0);
    g_ptr_array_add(set->records, empty);
    g_autofree char *text = print(&out_format_table, (OutStyle){0}, set, 1);
    g_assert_nonnull(strstr(text, "?:? → ?:?"));
    g_autofree char *none = print(&out_format_table, (OutStyle){0}, set, 0);
    g_assert_cmpstr(none, ==, "");
}

/** A client that logged in without saying who it is; an interface that only calls show. */
static void test_said_by_calls(void)
{
    g_autoptr(RecordSet) set = make_set();
    Record *r = g_ptr_array_index(set->records, 0);
    g_array_index(r->processes, Process, 0).role = ROLE_SERVER;
    r->client_identified = ANSWER_NO;
    g_array_set_size(r->logins, 0);
    RecordCall *call = &g_array_index(r->calls, RecordCall, 0);
    call->interface = "IWbemCallResult";
    call->namespace_path = "//./root/default";
    g_autofree char *text = print(&out_format_table, (OutStyle){0}, set, 1);
    g_assert_nonnull(strstr(text, "  unidentified  CORP\\svc  //./root/default  "
                                  "IRemUnknown2, IWbemServices, IWbemCallResult  "));
}

static void test_json_array(void)
{
    g_autoptr(RecordSet) set = make_set();
    g_autofree char *none = print(&out_format_json, (OutStyle){0}, set, 0);
    g_assert_cmpstr(none, ==, "[]\n");
    g_autofree char *line = print(&out_format_ndjson, (OutStyle){0}, set, 1);
    g_strchomp(line);
    g_autofree char *array = print(&out_format_json, (OutStyle){0}, set, 2);
    g_autofree char *expected = g_strdup_printf("[\n%s,\n%s\n]\n", line, line);
    g_assert_cmpstr(array, ==, expected);
}

/** A spreadsheet takes none of the cells for a formula, and all of them whole. */
static void test_csv(void)
{
    static const struct {
        const char *text, *cell;
    } cases[] = {
        {"plain", "\"plain\""},      {"a,b\"c", "\"a,b\"\"c\""},
        {"=1+1", "\"'=1+1\""},       {"  +1", "\"'  +1\""},
        {"-1", "\"'-1\""},           {"@A1", "\"'@A1\""},
        {"\uff1d1", "\"'\uff1d1\""}, {"a\r\n=1", "\"a\\r\\n=1\""},
        {"\t=1", "\"\\t=1\""},       {NULL, "\"\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RecordSet) set = make_set();
        ((Record *) g_ptr_array_index(set->records, 0))->summary = cases[i].text;
        g_autofree char *text = print(&out_format_csv, (OutStyle){0}, set, 1);
        g_autofree char *expected = g_strdup_printf(",%s,", cases[i].cell);
        g_assert_nonnull(strstr(text, expected));
    }
    g_autoptr(RecordSet) set = make_set();
    g_autofree char *longest = g_strnfill(70000, '=');
    ((Record *) g_ptr_array_index(set->records, 0))->summary = longest;
    g_autofree char *text = print(&out_format_csv, (OutStyle){0}, set, 1);
    g_assert_cmpuint(strlen(text), <, 33000);
    g_assert_nonnull(strstr(text, "===…\""));
}

/** The fence of a code span is longer than what is in it. */
static void test_markdown(void)
{
    static const struct {
        const char *text, *span;
    } cases[] = {
        {"plain", "`plain`"}, {"a b", "`a b`"}, {" a ", "`  a  `"}, {"a``b`", "``` a``b` ```"}, {"\n@all", "`\\n@all`"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RecordSet) set = make_set();
        ((Record *) g_ptr_array_index(set->records, 0))->summary = cases[i].text;
        g_autofree char *text = print(&out_format_markdown, (OutStyle){0}, set, 1);
        g_autofree char *expected = g_strdup_printf("- What: %s\n", cases[i].span);
        g_assert_nonnull(strstr(text, expected));
    }
}

/** What cannot be seen, or is obeyed, is escaped, and stands for the same. */
static void test_json_escapes(void)
{
    g_autoptr(RecordSet) set = make_set();
    ((Record *) g_ptr_array_index(set->records, 0))->summary = "a\"\\\x7f\xc2\x9b\u202eé\U0001f600\U000e0001";
    g_autofree char *text = print(&out_format_ndjson, (OutStyle){0}, set, 1);
    g_assert_nonnull(strstr(text, "\"summary\":\"a\\\"\\\\\\u007f\\u009b\\u202eé\U0001f600\\udb40\\udc01\""));
}

static void test_formats(void)
{
    g_autofree char *names = out_format_names("|", false);
    g_auto(GStrv) each = g_strsplit(names, "|", -1);
    g_assert_cmpuint(g_strv_length(each), >=, 7);
    for (size_t i = 0; each[i]; i++)
        g_assert_cmpstr(out_format_find(each[i], false, NULL)->name, ==, each[i]);
    g_assert_true(out_format_find("ndjson", false, NULL) == &out_format_ndjson);
    g_assert_true(out_format_find("ndjson", true, NULL) == &out_format_ndjson);
    g_assert_true(out_format_find("json", false, NULL) == &out_format_json);
    g_autoptr(GError) unknown = NULL, whole = NULL;
    g_assert_null(out_format_find("xml", false, &unknown));
    g_assert_nonnull(strstr(unknown->message, "ndjson"));
    g_assert_null(out_format_find("json", true, &whole));
    g_assert_nonnull(strstr(whole->message, "needs all records"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/out/natural", test_natural);
    g_test_add_func("/cli/out/ascii", test_ascii);
    g_test_add_func("/cli/out/widths", test_widths);
    g_test_add_func("/cli/out/telling", test_telling);
    g_test_add_func("/cli/out/colour", test_colour);
    g_test_add_func("/cli/out/escapes", test_escapes);
    g_test_add_func("/cli/out/nothing-known", test_nothing_known);
    g_test_add_func("/cli/out/said-by-calls", test_said_by_calls);
    g_test_add_func("/cli/out/json-array", test_json_array);
    g_test_add_func("/cli/out/csv", test_csv);
    g_test_add_func("/cli/out/markdown", test_markdown);
    g_test_add_func("/cli/out/json-escapes", test_json_escapes);
    g_test_add_func("/cli/out/formats", test_formats);
    return g_test_run();
}
