// SPDX-License-Identifier: GPL-2.0-or-later
// Which techniques a call shows.
#include "names/interfaces.h"
#include "names/outcomes.h"
#include "names/technique-rules.h"

#include <glib.h>

/** A call in short: what it is asked, its parameters as "name=value;name=value", and the ids that it shows. */
typedef struct {
    const char *method, *class_name, *wmi_method, *parameters, *expected;
} Case;

static const char *parameter(const void *parameters, const char *name)
{
    static char value[256];
    g_auto(GStrv) all = g_strsplit(parameters, ";", -1);
    for (size_t i = 0; all[i]; i++) {
        size_t len = strlen(name);
        if (g_ascii_strncasecmp(all[i], name, len) == 0 && all[i][len] == '=') {
            g_strlcpy(value, all[i] + len + 1, sizeof(value));
            return value;
        }
    }
    return NULL;
}

static char *ids_of(const KnownCall *call)
{
    ShownTechnique shown[SHOWN_TECHNIQUES_MAX];
    unsigned n = techniques_shown(call, shown);
    GString *ids = g_string_new(NULL);
    for (unsigned i = 0; i < n; i++) {
        g_assert_true(g_ascii_isupper(*shown[i].reason) || g_str_has_prefix(shown[i].reason, "at"));
        g_assert_false(g_str_has_suffix(shown[i].reason, "."));
        g_string_append_printf(ids, "%s%s", i ? " " : "", technique_id(shown[i].technique));
    }
    return g_string_free(ids, FALSE);
}

static void test_calls(void)
{
    static const char run[] =
        "hDefKey=2147483650;sSubKeyName=Software\\Microsoft\\Windows\\CurrentVersion\\Run;sValueName=x";
    static const char runner[] = "sSubKeyName=Software\\Microsoft\\Windows\\CurrentVersion\\Runner;sValueName=x";
    static const char image[] = "sSubKeyName=SYSTEM\\CurrentControlSet\\Services\\Foo;sValueName=ImagePath";
    static const Case cases[] = {
        {"ExecMethod", "Win32_Process", "Create", "CommandLine=calc", "T1047"},
        {"ExecMethodAsync", "win32_process", "create", NULL, "T1047"},
        {"ExecMethod", NULL, NULL, NULL, "T1047"},
        {"ExecMethod", "Win32_Printer", "PrintTestPage", NULL, "T1047"},
        {"ExecMethod", "Win32_Service", "Create", "PathName=c:\\a.exe", "T1047 T1543.003"},
        {"ExecMethod", "Win32_Service", "Change", "PathName=c:\\a.exe", "T1047 T1543.003"},
        {"ExecMethod", "Win32_Service", "Change", "DisplayName=x", "T1047"},
        {"ExecMethod", "Win32_Service", "ChangeStartMode", "StartMode=Automatic", "T1047 T1543.003"},
        {"ExecMethod", "Win32_Service", "ChangeStartMode", "StartMode=Disabled", "T1047 T1489"},
        {"ExecMethod", "Win32_Service", "ChangeStartMode", NULL, "T1047"},
        {"ExecMethod", "Win32_Service", "StartService", NULL, "T1047 T1569.002"},
        {"ExecMethod", "Win32_Service", "StopService", NULL, "T1047 T1489"},
        {"ExecMethod", "Win32_Service", "InterrogateService", NULL, "T1047"},
        {"ExecMethod", "Win32_ScheduledJob", "Create", NULL, "T1047 T1053.002"},
        {"ExecMethod", "PS_ScheduledTask", "RegisterByXml", NULL, "T1047 T1053.005"},
        {"ExecMethod", "StdRegProv", "SetStringValue", run, "T1047 T1112 T1547.001"},
        {"ExecMethod", "StdRegProv", "SetStringValue", runner, "T1047 T1112"},
        {"ExecMethod", "StdRegProv", "SetExpandedStringValue", image, "T1047 T1112 T1543.003"},
        {"ExecMethod", "StdRegProv", "GetStringValue", run, "T1012 T1047"},
        {"ExecMethod", "StdRegProv", "DeleteValue", run, "T1047 T1112"},
        {"ExecMethod", "Win32_ShadowCopy", "Create", "Volume=C:\\", "T1006 T1047"},
        {"DeleteInstance", "Win32_ShadowCopy", NULL, NULL, "T1490"},
        {"DeleteInstance", "Win32_Share", NULL, NULL, ""},
        {"ExecMethod", "Win32_OperatingSystem", "Win32Shutdown", "Flags=6", "T1047 T1529"},
        {"ExecMethod", "Win32_OperatingSystem", "Win32Shutdown", "Flags=4", "T1047"}, // logs off
        {"ExecMethod", "Win32_OperatingSystem", "Reboot", NULL, "T1047 T1529"},
        {"ExecMethod", "Win32_NTEventlogFile", "ClearEventlog", NULL, "T1047 T1070.001"},
        {"ExecMethod", "MSFT_MpPreference", "Add", NULL, "T1047 T1562.001"},
        {"PutInstance", "__EventFilter", NULL, NULL, "T1546.003"},
        {"PutInstance", "CommandLineEventConsumer", NULL, NULL, "T1546.003"},
        {"PutInstance", "Win32_Environment", NULL, NULL, ""},
        {"PutClass", "__EventFilter", NULL, NULL, ""},
        {"CreateInstanceEnum", "Win32_Share", NULL, NULL, "T1135"},
        {"GetObject", "Win32_Process", NULL, NULL, ""}, // mostly for its definition
        {NULL, "Win32_Process", "Create", NULL, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        KnownCall call = {
            .interface = "IWbemServices",
            .method = cases[i].method,
            .class_name = cases[i].class_name,
            .wmi_method = cases[i].wmi_method,
            .parameter = cases[i].parameters ? parameter : NULL,
            .parameters = cases[i].parameters,
        };
        g_autofree char *ids = ids_of(&call);
        g_assert_cmpstr(ids, ==, cases[i].expected);
        call.interface = "IDispatch";
        g_autofree char *none = ids_of(&call);
        g_assert_cmpstr(none, ==, "");
    }
}

static void test_queries(void)
{
    static const struct {
        const char *query, *expected;
    } cases[] = {
        {"SELECT * FROM Win32_Process", "T1057"},
        {"select Name\n from\twin32_service where Name='x'", "T1007"},
        {"SELECT * FROM AntiVirusProduct", "T1518.001"},
        {"SELECT * FROM Win32_Product", "T1518"},
        {"SELECT * FROM Win32_UserAccount", "T1087"},
        {"SELECT * FROM Win32_Group", "T1069"},
        {"SELECT * FROM Win32_NetworkAdapterConfiguration", "T1016"},
        {"SELECT * FROM Win32_OperatingSystem", "T1082"},
        {"SELECT * FROM Win32_LogicalDisk", "T1680"},
        {"SELECT * FROM Win32_ProcessStartTrace", ""},
        {"SELECT * FROM meta_class", ""},
        {"ASSOCIATORS OF {Win32_Process.Handle=4}", ""},
        {"FROM", ""},
        {"SELECT Win32_Process", ""},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const KnownCall call = {.interface = "IWbemServices", .method = "ExecQuery", .query = cases[i].query};
        g_autofree char *ids = ids_of(&call);
        g_assert_cmpstr(ids, ==, cases[i].expected);
        const KnownCall waits = {
            .interface = "IWbemServices", .method = "ExecNotificationQuery", .query = cases[i].query};
        g_autofree char *none = ids_of(&waits);
        g_assert_cmpstr(none, ==, "");
    }
}

/** What cannot be read shows what its method and namespace do; what a log told, its path. */
static void test_little_known(void)
{
    KnownCall put = {
        .interface = "IWbemServices", .method = "PutInstance", .namespace_path = "\\\\S\\root\\subscription"};
    g_autofree char *ids = ids_of(&put);
    g_assert_cmpstr(ids, ==, "T1546.003");
    put.namespace_path = "\\\\S\\root\\cimv2";
    g_autofree char *none = ids_of(&put);
    g_assert_cmpstr(none, ==, "");
    const KnownCall deleted = {
        .interface = "IWbemServices", .method = "DeleteInstance", .object_path = "Win32_ShadowCopy.ID=\"{1}\""};
    g_autofree char *by_path = ids_of(&deleted);
    g_assert_cmpstr(by_path, ==, "T1490");
}

static void test_outcomes(void)
{
    CallAnswer answer = call_answer_make();
    g_assert_cmpint(call_answer_outcome(&answer), ==, OUTCOME_NO_ANSWER);
    answer.seen = true;
    g_assert_cmpint(call_answer_outcome(&answer), ==, OUTCOME_NOT_READABLE);
    answer.status = 0;
    g_assert_cmpint(call_answer_outcome(&answer), ==, OUTCOME_SUCCEEDED);
    answer.returned = 2;
    g_assert_cmpint(call_answer_failure(&answer), ==, FAILURE_RETURNED);
    g_assert_cmpint(call_answer_outcome(&answer), ==, OUTCOME_FAILED);
    answer.operation_status = 0x80041032;
    g_assert_cmpint(call_answer_outcome(&answer), ==, OUTCOME_CANCELLED);
    answer.fault = true;
    g_assert_cmpint(call_answer_failure(&answer), ==, FAILURE_STATUS);
    g_assert_true(wmi_class_returns_errors("stdregprov"));
    g_assert_false(wmi_class_returns_errors("CIM_Something"));
    g_assert_false(wmi_class_returns_errors(NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/names/techniques/calls", test_calls);
    g_test_add_func("/names/techniques/queries", test_queries);
    g_test_add_func("/names/techniques/little-known", test_little_known);
    g_test_add_func("/names/techniques/outcomes", test_outcomes);
    return g_test_run();
}
