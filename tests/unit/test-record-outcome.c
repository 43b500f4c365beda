// SPDX-License-Identifier: GPL-2.0-or-later
// What became of calls.

#include "record/outcome.h"

static void add(Record *record, RecordCall call, const char *returned)
{
    if (returned) {
        RecordProperty property = {"ReturnValue", returned};
        call.result_properties = g_array_new(FALSE, FALSE, sizeof(RecordProperty));
        g_array_append_val(call.result_properties, property);
    }
    g_array_append_val(record->calls, call);
}

static RecordCall create(int64_t status, int64_t response_frame)
{
    RecordCall call = call_init();
    call.frame = 3;
    call.interface = "IWbemServices";
    call.method = "ExecMethod";
    call.stage = STAGE_EXECUTE;
    call.class_name = "Win32_Process";
    call.wmi_method = "Create";
    call.status = status;
    call.response_frame = response_frame;
    return call;
}

static Outcome outcome(const Record *record, guint index)
{
    return g_array_index(record->calls, RecordCall, index).outcome;
}

static void test_answers(void)
{
    static const struct {
        int64_t status, response_frame;
        Answer fault;
        const char *returned;
        Outcome expected;
    } cases[] = {
        {0, 9, ANSWER_NO, "0", OUTCOME_SUCCEEDED},
        {0, 9, ANSWER_NO, NULL, OUTCOME_SUCCEEDED},
        {1, 9, ANSWER_NO, NULL, OUTCOME_SUCCEEDED}, // WBEM_S_FALSE
        {0, 9, ANSWER_NO, "9", OUTCOME_FAILED},
        {0x80041003, 9, ANSWER_NO, NULL, OUTCOME_FAILED},
        {0x80041032, 9, ANSWER_NO, NULL, OUTCOME_CANCELLED},
        {5, 9, ANSWER_YES, NULL, OUTCOME_FAILED},
        {NUMBER_UNKNOWN, 9, ANSWER_YES, NULL, OUTCOME_FAILED},
        {NUMBER_UNKNOWN, 9, ANSWER_NO, NULL, OUTCOME_NOT_READABLE},
        {NUMBER_UNKNOWN, 0, ANSWER_UNKNOWN, NULL, OUTCOME_NO_ANSWER},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Record *record = record_new();
        RecordCall call = create(cases[i].status, cases[i].response_frame);
        call.fault = cases[i].fault;
        add(record, call, cases[i].returned);
        outcomes_set(record);
        g_assert_cmpint(outcome(record, 0), ==, cases[i].expected);
        g_autofree char *reason = outcome_reason(&g_array_index(record->calls, RecordCall, 0), NULL);
        bool failed = cases[i].expected == OUTCOME_FAILED || cases[i].expected == OUTCOME_CANCELLED;
        g_assert_cmpint(reason != NULL, ==, failed);
        g_assert_cmpint(call_weight(&g_array_index(record->calls, RecordCall, 0)), ==,
                        failed ? STAGE_LOGIN : STAGE_EXECUTE);
        record_free(record);
    }
}

/** Of a semisynchronous call the result comes with another one. */
static void test_operation(void)
{
    Record *record = record_new();
    RecordCall call = create(0, 9), asked = call_init();
    call.number = 4;
    asked.frame = 10;
    asked.origin = 4;
    asked.status = 0;
    asked.response_frame = 11;
    asked.operation_status = 0x80041003;
    add(record, call, NULL);
    add(record, asked, NULL);
    outcomes_set(record);
    g_assert_cmpint(outcome(record, 0), ==, OUTCOME_FAILED);
    g_assert_cmpint(outcome(record, 1), ==, OUTCOME_SUCCEEDED);
    record_free(record);
}

/** Something that was done says more than something that was refused. */
static void test_strongest(void)
{
    Record *record = record_new();
    RecordCall query = call_init();
    query.frame = 6;
    query.stage = STAGE_QUERY;
    query.status = 0;
    query.response_frame = 7;
    add(record, create(0x80041003, 5), NULL);
    add(record, query, NULL);
    outcomes_set(record);
    g_assert_cmpint(record_strongest_call(record)->stage, ==, STAGE_QUERY);
    record_free(record);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record/outcome/answers", test_answers);
    g_test_add_func("/record/outcome/operation", test_operation);
    g_test_add_func("/record/outcome/strongest", test_strongest);
    return g_test_run();
}
