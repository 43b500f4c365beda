// SPDX-License-Identifier: GPL-2.0-or-later
// Texts that the formats share, and the techniques of ATT&CK.
#include "names/techniques.h"
#include "record/text.h"

static void test_base_name(void)
{
    g_assert_cmpstr(record_base_name("C:\\Windows\\cmd.exe"), ==, "cmd.exe");
    g_assert_cmpstr(record_base_name("\\a\\b/c"), ==, "c");
    g_assert_cmpstr(record_base_name("x"), ==, "x");
    g_assert_cmpstr(record_base_name("x\\"), ==, "");
    g_assert_null(record_base_name(NULL));
}

static void test_endpoint(void)
{
    const RecordEnd ends[] = {{.ip = "192.0.2.1", .port = 135}, {.ip = "fd00::1", .port = 1}, {.port = NUMBER_UNKNOWN}};
    const char *const expected[] = {"192.0.2.1:135", "[fd00::1]:1", "?:?"};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *text = record_text_endpoint(&ends[i]);
        g_assert_cmpstr(text, ==, expected[i]);
    }
}

static void test_call(void)
{
    RecordCall call = call_init();
    g_autofree char *nothing = record_text_call(&call);
    g_assert_cmpstr(nothing, ==, "?");
    call.interface = "IWbemServices";
    call.opnum = 24;
    g_autofree char *number = record_text_call(&call);
    g_assert_cmpstr(number, ==, "IWbemServices::opnum 24");
    call.method = "ExecMethod";
    g_autofree char *name = record_text_call(&call);
    g_assert_cmpstr(name, ==, "IWbemServices::ExecMethod");
}

static void test_users(void)
{
    static const char *const expected[] = {"D\\ann", "D\\ann, bob", "D\\ann, bob, D\\c",
                                           "D\\ann, bob, D\\c (and 1 more)"};
    static const RecordUser users[] = {
        {.domain = "D", .user = "ann"}, {.user = "bob"}, {.domain = "D", .user = "c"}, {.domain = "D", .user = "d"}};
    Record *record = record_new();
    g_assert_null(record_text_users(record));
    record->auth = (Auth){.domain = "D", .user = "token"};
    g_autofree char *token = record_text_users(record);
    g_assert_cmpstr(token, ==, "D\\token");
    for (size_t i = 0; i < G_N_ELEMENTS(users); i++) {
        g_array_append_val(record->users, users[i]);
        g_autofree char *text = record_text_users(record);
        g_assert_cmpstr(text, ==, expected[i]);
    }
    record_free(record);
}

static void test_techniques(void)
{
    const AttackTechnique *technique = technique_get(TECHNIQUE_SUBSCRIPTION);
    g_assert_cmpstr(technique->parent, ==, "T1546");
    g_assert_cmpstr(technique->tactics[0]->id, ==, "TA0003");
    g_autofree char *url = technique_url(technique->id);
    g_assert_cmpstr(url, ==, "https://attack.mitre.org/techniques/T1546/003/");
    g_autofree char *tactic = tactic_url(technique->tactics[0]);
    g_assert_cmpstr(tactic, ==, "https://attack.mitre.org/tactics/TA0003/");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/record-text/base-name", test_base_name);
    g_test_add_func("/cli/record-text/endpoint", test_endpoint);
    g_test_add_func("/cli/record-text/call", test_call);
    g_test_add_func("/cli/record-text/users", test_users);
    g_test_add_func("/cli/record-text/techniques", test_techniques);
    return g_test_run();
}
