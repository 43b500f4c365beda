// SPDX-License-Identifier: GPL-2.0-or-later
// The report's escaping, and what belongs together in it.
#include "case/report-html.h"
#include "case/report.h"

#include <stdlib.h>
#include <string.h>

static char *write_with(void (*write)(FILE *stream, const char *text, size_t max), const char *text, size_t max)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);
    write(stream, text, max);
    (void) fclose(stream);
    return out;
}

static char *escape(const char *text, size_t max)
{
    return write_with(html_text, text, max);
}

/** Where a line may end. */
static void test_code(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"C:\\a_b.exe", "<code>C:\\<wbr>a_<wbr>b.exe</code>"},
        {"\\\\HOST\\root", "<code>\\\\<wbr>HOST\\<wbr>root</code>"},
        {"/Q /c <x/", "<code>/<wbr>Q /<wbr>c &lt;x/</code>"},
        {NULL, "<code>unknown</code>"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *out = write_with(html_code, cases[i].text, 100);
        g_assert_cmpstr(out, ==, cases[i].expected);
    }
}

static void test_text(void)
{
    static const struct {
        const char *text;
        size_t max;
        const char *expected;
    } cases[] = {
        {"plain", 100, "plain"},
        {"<a href=\"x\">'&", 100, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;"},
        {"a\u202eb\033[2J\n", 100, "a\\u{202e}b\\x1b[2J\\n"},
        {"\xff", 100, "\\xff"},
        {"abcdef", 4, "abc…"},
        {"&&&&&&", 4, "&amp;&amp;&amp;…"},
        {"é\u4e2dé\u4e2dé", 4, "é\u4e2d…"},
        {"", 4, ""},
        {NULL, 4, "unknown"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *out = escape(cases[i].text, cases[i].max);
        g_assert_cmpstr(out, ==, cases[i].expected);
    }
}

/** Of a text that is much too long, little is looked at, and no character is torn. */
static void test_long_text(void)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < 100000; i++)
        g_string_append(text, "\u20ac");
    g_autofree char *out = escape(text->str, 10);
    g_assert_cmpstr(out, ==, "€€€€€€€€€…");
    (void) g_string_free(text, TRUE);
}

static void test_time(void)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);
    html_time(stream, "2020-08-06T07:56:41.320149Z");
    html_time(stream, "<T");
    (void) fclose(stream);
    g_assert_cmpstr(out, ==, "<span class=\"time\">2020-08-06 07:56:41.320149</span>&lt;T");
    free(out);
}

static Record *add_record(RecordSet *set, int64_t activity, Stage stage, const char *start)
{
    Record *r = record_new();
    r->activity = activity;
    r->confidence = CONFIDENCE_WMI;
    r->start_time = r->end_time = start;
    r->client = (RecordEnd){.ip = "192.0.2.5", .port = 55000};
    r->server = (RecordEnd){.ip = "192.0.2.6", .port = 135};
    if (stage) {
        RecordCall call = call_init();
        call.stage = stage;
        g_array_append_val(r->calls, call);
    }
    g_ptr_array_add(set->records, r);
    return r;
}

static void test_activities(void)
{
    RecordSet *set = g_new0(RecordSet, 1);
    set->texts = texts_new();
    set->records = g_ptr_array_new_with_free_func((GDestroyNotify) record_free);
    add_record(set, 1, STAGE_QUERY, "2020-08-06T07:00:00Z");
    add_record(set, 1, STAGE_UNKNOWN, "2020-08-06T06:00:00Z");
    add_record(set, 2, STAGE_EXECUTE, "2020-08-06T09:00:00Z");
    Record *callback = add_record(set, 2, STAGE_UNKNOWN, "2020-08-06T10:00:00Z");
    callback->callback = true;
    callback->client = (RecordEnd){.ip = "192.0.2.6", .host = "WS06", .port = 50000};
    callback->server = (RecordEnd){.ip = "192.0.2.5", .host = "WS05", .port = 50001};
    add_record(set, 3, STAGE_EXECUTE, "2020-08-06T05:00:00Z")->allowed.rule = "known";
    add_record(set, 4, STAGE_WRITE, "2020-08-06T11:00:00Z")->auth = (Auth){.user = "ann", .domain = "D"};
    add_record(set, NUMBER_UNKNOWN, STAGE_LOGIN, "2020-08-06T12:00:00Z");
    add_record(set, NUMBER_UNKNOWN, STAGE_LOGIN, "2020-08-06T13:00:00Z");
    add_record(set, 9, STAGE_EXECUTE, NULL)->confidence = CONFIDENCE_DCOM;
    Record *subscription = add_record(set, 10, STAGE_READ, "2020-08-06T14:00:00Z");
    record_add_technique(subscription, TECHNIQUE_SUBSCRIPTION);

    g_autoptr(GPtrArray) sets = g_ptr_array_new();
    g_ptr_array_add(sets, set);
    g_autoptr(GPtrArray) found = activities_new(sets, CONFIDENCE_WMI);
    static const ActivityKind kinds[] = {ACTIVITY_RUN,   ACTIVITY_PERSIST, ACTIVITY_CHANGE, ACTIVITY_READ,
                                         ACTIVITY_ENTER, ACTIVITY_ENTER,   ACTIVITY_RUN};
    g_assert_cmpuint(found->len, ==, G_N_ELEMENTS(kinds));
    for (guint i = 0; i < found->len; i++)
        g_assert_cmpint(((const Activity *) g_ptr_array_index(found, i))->kind, ==, kinds[i]);

    const Activity *worst = g_ptr_array_index(found, 0);
    g_assert_cmpuint(worst->records->len, ==, 2);
    g_assert_cmpstr(worst->client.ip, ==, "192.0.2.5"); // not that of the callback
    g_assert_cmpstr(activity_host(&worst->client), ==, "WS05");
    g_assert_cmpstr(activity_host(&worst->server), ==, "WS06");
    g_assert_cmpint(worst->end - worst->start, ==, INT64_C(3600000000000));
    const GPtrArray *accounts = ((const Activity *) g_ptr_array_index(found, 2))->accounts;
    g_assert_cmpuint(accounts->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(accounts, 0), ==, "D\\ann");
    g_assert_true(((const Activity *) g_ptr_array_index(found, 6))->allowed);
    g_ptr_array_unref(set->records);
    texts_free(set->texts);
    g_free(set);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/report/text", test_text);
    g_test_add_func("/cli/report/code", test_code);
    g_test_add_func("/cli/report/long-text", test_long_text);
    g_test_add_func("/cli/report/time", test_time);
    g_test_add_func("/cli/report/activities", test_activities);
    return g_test_run();
}
