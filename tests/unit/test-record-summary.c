// SPDX-License-Identifier: GPL-2.0-or-later
// Records go in, one line for people comes out.

#include "record/summary.h"

#include <string.h>

/** A call of IWbemServices as a test writes it down: 0 is an unknown number, but a status S_OK; `properties` alternates
 *  names and values up to NULL. */
typedef struct {
    RecordCall call;
    const char *const *properties, *const *results;
} Case;

static GArray *make_properties(const char *const *list)
{
    if (!list)
        return NULL;
    GArray *properties = g_array_new(FALSE, FALSE, sizeof(RecordProperty));
    for (; *list; list += 2) {
        RecordProperty property = {list[0], list[1]};
        g_array_append_val(properties, property);
    }
    return properties;
}

static void add_call(Record *record, const Case *c)
{
    RecordCall call = c->call;
    if (!call.interface)
        call.interface = "IWbemServices";
    int64_t *const numbers[] = {&call.number, &call.origin, &call.opnum, &call.command_length};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        *numbers[i] = *numbers[i] ? *numbers[i] : NUMBER_UNKNOWN;
    call.properties = make_properties(c->properties);
    call.result_properties = make_properties(c->results);
    g_array_append_val(record->calls, call);
}

static void expect_of(const Case *cases, size_t count, const char *expected)
{
    Record *record = record_new();
    for (size_t i = 0; i < count; i++)
        add_call(record, &cases[i]);
    g_autofree char *summary = summary_make(record);
    g_assert_cmpstr(summary, ==, expected);
    record_free(record);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define EXEC .method = "ExecMethod", .stage = STAGE_EXECUTE
#define PUT .method = "PutInstance", .stage = STAGE_WRITE
#define CREATE EXEC, .class_name = "Win32_Process", .wmi_method = "Create"
/** `...`: members of Case. */
#define EXPECT(expected, ...) expect_of(&(Case){__VA_ARGS__}, 1, expected)

static void test_nothing(void)
{
    expect_of(NULL, 0, NULL);
    EXPECT("ExecMethod", .call = {EXEC});
    EXPECT("?::3", .call = {.interface = "?", .opnum = 3});
}

static void test_process(void)
{
    EXPECT("ran: cmd.exe /c whoami", .call = {CREATE, .command_line = "cmd.exe /c whoami"});
    EXPECT("ran: a b", .call = {CREATE, .command_line = "a\r\n\t\xe2\x80\xa8\x7f b"});
    EXPECT("ran: Win32_Process.Create", .call = {CREATE});
    EXPECT("ran: x", .call = {CREATE, .command_line = "x", .status = 0},
           .results = LIST("ProcessId", "7", "ReturnValue", "0"));
    EXPECT("tried to run: x (failed: ReturnValue 9)", .call = {CREATE, .command_line = "x", .status = 0},
           .results = LIST("ProcessId", NULL, "ReturnValue", "9"));
    EXPECT("tried to run: x (failed: WBEM_E_ACCESS_DENIED)",
           .call = {CREATE, .command_line = "x", .status = 0x80041003, .status_name = "WBEM_E_ACCESS_DENIED"});
    EXPECT("tried to run: x (failed: 0x80041234)", .call = {CREATE, .command_line = "x", .status = 0x80041234});
    EXPECT("tried to run: x (failed: fault)",
           .call = {CREATE, .command_line = "x", .status = NUMBER_UNKNOWN, .fault = ANSWER_YES});
    EXPECT(
        "tried to run: x (failed: ERROR_ACCESS_DENIED)",
        .call = {CREATE, .command_line = "x", .status = 5, .status_name = "ERROR_ACCESS_DENIED", .fault = ANSWER_YES});
}

static void test_sealed(void)
{
    EXPECT("ExecMethod (sealed, 39 characters, estimated)", .call = {EXEC, .sealed = ANSWER_YES, .command_length = 39});
    EXPECT("ExecMethod (sealed)", .call = {EXEC, .sealed = ANSWER_YES});
    EXPECT("ExecQuery (sealed)", .call = {.method = "ExecQuery", .stage = STAGE_QUERY, .sealed = ANSWER_YES});
    EXPECT("ExecMethod (not readable: odd)",
           .call = {EXEC, .sealed = ANSWER_NO, .decrypted = true, .undecodable = "odd"});
    EXPECT("IDispatch::Invoke (sealed)",
           .call = {.interface = "IDispatch", .method = "Invoke", .stage = STAGE_EXECUTE, .sealed = ANSWER_YES});
}

static void test_registry(void)
{
#define REGISTRY(name) .call = {EXEC, .class_name = "StdRegProv", .wmi_method = name}
    EXPECT("registry: SetStringValue HKLM\\Software\\Run\\evil = cmd", REGISTRY("SetStringValue"),
           .properties = LIST("hDefKey", "2147483650 (0x80000002)", "sSubKeyName", "Software\\Run", "sValueName",
                              "evil", "sValue", "cmd"));
    EXPECT("registry: SetDWORDValue HKCU\\a\\b = 1", REGISTRY("SetDWORDValue"),
           .properties = LIST("hDefKey", "-2147483647", "sSubKeyName", "a", "sValueName", "b", "uValue", "1"));
    EXPECT("registry: EnumKey a", REGISTRY("EnumKey"), .properties = LIST("hDefKey", NULL, "sSubKeyName", "a"));
    EXPECT("registry: DeleteKey a", REGISTRY("DeleteKey"), .properties = LIST("hDefKey", "7", "sSubKeyName", "a"));
    EXPECT("registry: EnumKey HKU", REGISTRY("EnumKey"), .properties = LIST("hDefKey", "2147483651"));
    EXPECT("registry: EnumKey", REGISTRY("EnumKey"));
    EXPECT("registry: EnumKey (failed: ReturnValue 2)", REGISTRY("EnumKey"), .results = LIST("ReturnValue", "2"));
#undef REGISTRY
}

static void test_service(void)
{
    EXPECT("service: Create evil: cmd /c x",
           .call = {EXEC, .class_name = "Win32_Service", .object_path = "Win32_Service", .wmi_method = "Create"},
           .properties = LIST("Name", "evil", "PathName", "cmd /c x"));
    EXPECT("service: StartService evil",
           .call = {EXEC, .class_name = "Win32_Service", .object_path = "Win32_Service.Name=\"evil\"",
                    .wmi_method = "StartService"});
    EXPECT("service: ChangeStartMode evil to Automatic",
           .call = {EXEC, .class_name = "win32_service", .object_path = "Win32_Service='evil'",
                    .wmi_method = "ChangeStartMode"},
           .properties = LIST("StartMode", "Automatic"));
}

static void test_other_methods(void)
{
    EXPECT("shadow copy: Create C:\\",
           .call = {EXEC, .class_name = "Win32_ShadowCopy", .object_path = "Win32_ShadowCopy", .wmi_method = "Create"},
           .properties = LIST("Volume", "C:\\", "Context", "ClientAccessible"));
    EXPECT("called: Win32_Process.Terminate of 44",
           .call = {EXEC, .class_name = "Win32_Process", .object_path = "Win32_Process.Handle=44,x=1",
                    .wmi_method = "Terminate"});
    EXPECT("tried to call: A.b (failed: WBEM_E_FAILED)",
           .call = {EXEC, .class_name = "A", .wmi_method = "b", .status = 0x80041001, .status_name = "WBEM_E_FAILED"});
    EXPECT("called: b", .call = {EXEC, .wmi_method = "b"});
}

static void test_written(void)
{
    EXPECT("wrote: __EventFilter F: SELECT 1", .call = {PUT, .class_name = "__EventFilter"},
           .properties = LIST("Name", "F", "Query", "SELECT 1"));
    EXPECT("wrote: CommandLineEventConsumer C: cmd /c x", .call = {PUT, .class_name = "CommandLineEventConsumer"},
           .properties = LIST("ExecutablePath", "cmd.exe", "CommandLineTemplate", "cmd /c x", "Name", "C"));
    EXPECT("wrote: ActiveScriptEventConsumer C: a b", .call = {PUT, .class_name = "ActiveScriptEventConsumer"},
           .properties = LIST("ScriptText", "a\nb", "Name", "C"));
    EXPECT("wrote: __FilterToConsumerBinding F to C\"1", .call = {PUT, .class_name = "__FilterToConsumerBinding"},
           .properties = LIST("Filter", "__EventFilter.Name=\"F\"", "Consumer",
                              "\\\\.\\root:CommandLineEventConsumer.Name=\"C\\\"1\""));
    EXPECT("wrote: __FilterToConsumerBinding to odd", .call = {PUT, .class_name = "__FilterToConsumerBinding"},
           .properties = LIST("Filter", NULL, "Consumer", "odd"));
    EXPECT("wrote: Win32_Thing", .call = {PUT, .class_name = "Win32_Thing"}, .properties = LIST("Filename", "x"));
    EXPECT("wrote: class Evil", .call = {.method = "PutClass", .stage = STAGE_WRITE, .class_name = "Evil"});
}

static void test_others(void)
{
    EXPECT("deleted: A.b=\"c\"",
           .call = {.method = "DeleteInstance", .stage = STAGE_DELETE, .object_path = "A.b=\"c\"", .class_name = "A"});
    EXPECT("deleted: class A", .call = {.method = "DeleteClassAsync", .stage = STAGE_DELETE, .class_name = "A"});
    EXPECT("queried: SELECT * FROM Win32_OperatingSystem",
           .call = {.method = "ExecQuery", .stage = STAGE_QUERY, .query = "SELECT * FROM Win32_OperatingSystem"});
    EXPECT("queried: select a from WIN32_PROCESS where b (process listing)",
           .call = {.method = "ExecQueryAsync", .stage = STAGE_QUERY, .query = "select a from\nWIN32_PROCESS where b"});
    EXPECT("queried: FROM", .call = {.method = "ExecQuery", .stage = STAGE_QUERY, .query = "FROM"});
    EXPECT("queried: ", .call = {.method = "ExecQuery", .stage = STAGE_QUERY, .query = ""});
    EXPECT("subscribed: x", .call = {.method = "ExecNotificationQuery", .stage = STAGE_SUBSCRIBE, .query = "x"});
    EXPECT("enumerated: Win32_Service (service listing)",
           .call = {.method = "CreateInstanceEnum", .stage = STAGE_ENUMERATE, .class_name = "Win32_Service"});
    EXPECT("enumerated: all classes",
           .call = {.method = "CreateClassEnum", .stage = STAGE_ENUMERATE, .class_name = ""});
    EXPECT("read: A", .call = {.method = "GetObject", .stage = STAGE_READ, .object_path = "A"});
    EXPECT("logged in: root",
           .call = {
               .interface = "IWbemLevel1Login", .method = "NTLMLogin", .stage = STAGE_LOGIN, .namespace_path = "root"});
}

static void test_activation(void)
{
    static const struct {
        const char *clsid;
        int64_t status;
        const char *expected;
    } cases[] = {
        {"8bc3f05e-d86b-11d0-a075-00c04fb68820", 0, "activated: WMI on W6"},
        {"8bc3f05e-d86b-11d0-a075-00c04fb68820", 0x80070005, "tried to activate: WMI on W6 (failed: 0x80070005)"},
        {"C49E32C6-BC8B-11D2-85D4-00105A1F8304", 0, "activated: WMI on W6"},
        {"49b2791a-b1ae-4c90-9b8e-e860ba07f889", 0, "activated: MMC20.Application on W6"},
        {"a", 0, "activated: a on W6"},
        {NULL, 0, "ISystemActivator::RemoteCreateInstance"},
        {NULL, 0x80070005, "tried to activate an object (failed: 0x80070005)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Record *record = record_new();
        Case ping = {.call = {.interface = "IOXIDResolver", .method = "ServerAlive2", .stage = STAGE_CONTROL}};
        Case activation = {.call = {.interface = "ISystemActivator",
                                    .method = "RemoteCreateInstance",
                                    .stage = STAGE_CONTROL,
                                    .number = 9}};
        activation.call.status = cases[i].status;
        add_call(record, &ping);
        add_call(record, &activation);
        record->has_activation = true;
        record->activation = (RecordActivation){.call = 9, .clsid = cases[i].clsid, .server_name = "W6"};
        g_autofree char *summary = summary_make(record);
        g_assert_cmpstr(summary, ==, cases[i].expected);
        record->activation.call = 8; // one of another connection, or the other one in this frame
        g_autofree char *other = summary_make(record);
        g_assert_null(strstr(other, "W6"));
        record_free(record);
    }
}

/** The result of a semisynchronous call comes in another one. */
static void test_semisynchronous(void)
{
    Case cases[] = {
        {.call = {PUT, .class_name = "A", .status = 0}},
        {.call = {.interface = "IWbemCallResult", .method = "GetCallStatus", .stage = STAGE_CONTROL, .status = 0}},
    };
    cases[0].call.number = 3;
    cases[1].call.origin = 3;
    cases[1].call.operation_status = 0;
    expect_of(cases, 2, "wrote: A");
    cases[1].call.operation_status = 0x80041003;
    cases[1].call.operation_status_name = "WBEM_E_ACCESS_DENIED";
    expect_of(cases, 2, "tried to write: A (failed: WBEM_E_ACCESS_DENIED)");
}

static void test_order(void)
{
    static const Case cases[] = {
        {.call = {.method = "GetObject", .stage = STAGE_READ, .object_path = "A"}},
        {.call = {.method = "DeleteClass", .stage = STAGE_DELETE, .class_name = "D"}},
        {.call = {PUT, .class_name = "W"}},
        {.call = {PUT, .class_name = "S", .namespace_path = "//./root/Subscription"}},
        {.call = {PUT, .class_name = "LogFileEventConsumer"}},
        {.call = {CREATE, .command_line = "x"}},
        {.call = {CREATE, .command_line = "x"}},
        {.call = {.method = "ExecQuery", .stage = STAGE_QUERY, .query = "q"}},
    };
    expect_of(cases, 5, "wrote: S; wrote: LogFileEventConsumer; wrote: W; deleted: class D");
    expect_of(cases, 8, "ran: x (2 times); wrote: S; wrote: LogFileEventConsumer; wrote: W; and 2 more");
}

static void test_long(void)
{
    g_autofree char *command = g_strnfill(100000, 'x');
    Case c = {.call = {CREATE}};
    c.call.command_line = command;
    Record *record = record_new();
    add_call(record, &c);
    g_autofree char *summary = summary_make(record);
    g_assert_true(g_str_has_suffix(summary, "x…"));
    g_assert_cmpuint(strlen(summary), <, 500);
    record_free(record);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/summary/nothing", test_nothing);
    g_test_add_func("/cli/summary/process", test_process);
    g_test_add_func("/cli/summary/sealed", test_sealed);
    g_test_add_func("/cli/summary/registry", test_registry);
    g_test_add_func("/cli/summary/service", test_service);
    g_test_add_func("/cli/summary/other-methods", test_other_methods);
    g_test_add_func("/cli/summary/written", test_written);
    g_test_add_func("/cli/summary/others", test_others);
    g_test_add_func("/cli/summary/activation", test_activation);
    g_test_add_func("/cli/summary/semisynchronous", test_semisynchronous);
    g_test_add_func("/cli/summary/order", test_order);
    g_test_add_func("/cli/summary/long", test_long);
    return g_test_run();
}
