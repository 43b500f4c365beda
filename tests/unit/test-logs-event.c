// SPDX-License-Identifier: GPL-2.0-or-later
// From a record's values to an event, and what WMI's operations say.

#include "join/operation.h"
#include "logs/event.h"

static void set(HostFields *fields, HostField field, const char *text)
{
    host_fields_set(fields, field, slice(text));
}

static void data(HostFields *fields, const char *name, const char *value)
{
    host_fields_data(fields, slice(name), slice(value));
}

static HostFields make_fields(const char *provider, const char *id)
{
    HostFields fields;
    host_fields_clear(&fields);
    set(&fields, FIELD_PROVIDER, provider);
    set(&fields, FIELD_EVENT_ID, id);
    set(&fields, FIELD_COMPUTER, "WS06");
    return fields;
}

static void test_names(void)
{
    HostFields fields = make_fields("x", "1");
    data(&fields, "ProcessId", "1");
    data(&fields, "ProcessID", "2");
    data(&fields, "Processid", "3");
    data(&fields, "ProcessId", "4");
    data(&fields, "Unknown", "5");
    data(&fields, "param1", "a");
    data(&fields, "param2", "b");
    g_assert_true(slice_is(host_field(&fields, FIELD_PROCESS_ID), "1"));
    g_assert_true(slice_is(host_field(&fields, FIELD_PROCESS_ID_UPPER), "2"));
    g_assert_cmpuint(fields.parameter_count, ==, 2);
    data(&fields, "WorkstationName", "-");
    g_assert_null(host_field(&fields, FIELD_WORKSTATION_NAME).text);
}

/** Every name in the table is found: it is sorted. */
static void test_all_names(void)
{
    static const char *const some[] = {"Application", "CONSUMER",   "ClientMachine", "Consumer", "ESS",
                                       "Endpoint",    "OpNum",      "Operation",     "ProcNum",  "ProcessGuid",
                                       "SourceIp",    "SourcePort", "User",          "UtcTime",  "WorkstationName"};
    for (size_t i = 0; i < G_N_ELEMENTS(some); i++) {
        HostFields fields;
        host_fields_clear(&fields);
        data(&fields, some[i], "x");
        guint found = 0;
        for (int k = 0; k < FIELDS; k++)
            found += fields.values[k].text != NULL;
        g_assert_cmpuint(found, ==, 1);
    }
}

static void test_same_number_of_other_logs(void)
{
    HostEvent event;
    HostFields fields = make_fields("Microsoft-Windows-Kernel-General", "1");
    data(&fields, "ProcessId", "1");
    g_assert_false(host_event_make(&fields, HOST_EVENT_ALL, "f", &event));
    fields = make_fields("Microsoft-Windows-Sysmon", "1");
    data(&fields, "ProcessId", "1");
    g_assert_true(host_event_make(&fields, HOST_EVENT_ALL, "f", &event));
    g_assert_false(host_event_make(&fields, HOST_EVENT_BIT(HOST_LOGON), "f", &event));
    g_assert_cmpuint(host_event_kinds(3), ==, HOST_EVENT_BIT(HOST_CONNECTION) | HOST_EVENT_BIT(HOST_RPC_CALL));
    g_assert_cmpuint(host_event_kinds(10), ==, 0);
}

static void test_udp_is_no_connection(void)
{
    HostEvent event;
    HostFields fields = make_fields("Microsoft-Windows-Security-Auditing", "5156");
    data(&fields, "SourceAddress", "192.0.2.5");
    data(&fields, "DestAddress", "192.0.2.6");
    g_assert_true(host_event_make(&fields, HOST_EVENT_ALL, "f", &event));
    data(&fields, "Protocol", "17");
    g_assert_false(host_event_make(&fields, HOST_EVENT_ALL, "f", &event));
}

static int64_t event_time(const char *time, const char *ingested, const char *received, bool *zoned)
{
    HostEvent event;
    HostFields fields = make_fields("Microsoft-Windows-Sysmon", "3");
    data(&fields, "SourceIp", "192.0.2.5");
    data(&fields, "DestinationIp", "192.0.2.6");
    set(&fields, FIELD_TIME, time);
    set(&fields, FIELD_INGESTED, ingested);
    set(&fields, FIELD_RECEIVED, received);
    g_assert_true(host_event_make(&fields, HOST_EVENT_ALL, "f", &event));
    *zoned = event.zoned;
    return event.time;
}

static void test_zone(void)
{
    bool zoned;
    int64_t utc = event_time("2020-08-06T07:56:41Z", NULL, NULL, &zoned);
    g_assert_true(zoned);
    const char *ingested = "2020-08-06T07:56:43.794Z";
    g_assert_cmpint(event_time("2020-08-06 03:56:41", ingested, "2020-08-06 03:56:43", &zoned), ==, utc);
    g_assert_true(zoned);
    g_assert_cmpint(event_time("2020-08-06 13:26:41", ingested, "2020-08-06 13:26:43", &zoned), ==, utc);
    g_assert_true(zoned);
    (void) event_time("2020-08-06 03:56:41", NULL, "2020-08-06 03:56:43", &zoned);
    g_assert_false(zoned);
    (void) event_time("2020-08-06 03:56:41", ingested, "2020-08-09 03:56:43", &zoned);
    g_assert_false(zoned);
}

static void expect_operation(const char *text, const char *method, const char *namespace_path, const char *subject)
{
    WmiOperation operation;
    g_assert_true(wmi_operation_parse(slice(text), &operation));
    g_assert_true(slice_is(operation.method, method));
    g_assert_true(namespace_path ? slice_is(operation.namespace_path, namespace_path) : !operation.namespace_path.text);
    g_assert_true(subject ? slice_is(operation.subject, subject) : !operation.subject.text);
}

static void test_operations(void)
{
    WmiOperation operation;
    expect_operation("Start IWbemServices::ExecQuery - root\\cimv2 : select * from X", "ExecQuery", "root\\cimv2",
                     "select * from X");
    expect_operation("Start IWbemServices::ExecMethodAsync - root\\a : A::B - c : d", "ExecMethod", "root\\a",
                     "A::B - c : d");
    expect_operation("Start IWbemServices::Connect", "Connect", NULL, NULL);
    g_assert_false(wmi_operation_parse(slice("Provider::CreateInstanceEnum"), &operation));
    g_assert_false(wmi_operation_parse(SLICE_NONE, &operation));
}

static void test_operation_tells(void)
{
    WmiOperation operation;
    Texts *texts = texts_new();
    RecordCall call = call_init();
    call.interface = "IWbemServices";
    call.method = "ExecMethod";
    const char *text = "Start IWbemServices::ExecMethod - root\\cimv2 : Win32_Process.Handle=\"1::2\"::Terminate";
    g_assert_true(wmi_operation_parse(slice(text), &operation));
    g_assert_true(wmi_operation_is_call(&operation, &call));
    wmi_operation_tell(&operation, &call, texts, "log:x");
    g_assert_cmpstr(call.class_name, ==, "Win32_Process");
    g_assert_cmpstr(call.object_path, ==, "Win32_Process.Handle=\"1::2\"");
    g_assert_cmpstr(call.wmi_method, ==, "Terminate");
    g_assert_cmpstr(call.namespace_path, ==, "root\\cimv2");
    call.method = "ExecQuery";
    g_assert_false(wmi_operation_is_call(&operation, &call));
    texts_free(texts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-event/names", test_names);
    g_test_add_func("/host-event/all-names", test_all_names);
    g_test_add_func("/host-event/other-logs", test_same_number_of_other_logs);
    g_test_add_func("/host-event/udp", test_udp_is_no_connection);
    g_test_add_func("/host-event/zone", test_zone);
    g_test_add_func("/host-event/operations", test_operations);
    g_test_add_func("/host-event/operation-tells", test_operation_tells);
    return g_test_run();
}
