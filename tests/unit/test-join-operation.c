// SPDX-License-Identifier: GPL-2.0-or-later
// What WMI's own log says of an operation, also where it is no sentence of WMI's.

#include "join/operation.h"

static void test_parse(void)
{
    static const struct {
        const char *text, *namespace_path, *subject; ///< "": none
    } cases[] = {
        {"Start IWbemServices::ExecMethod - root\\cimv2 : Win32_Process::Create", "root\\cimv2",
         "Win32_Process::Create"},
        {"IWbemServices::ExecMethod -  : x", "", "x"},
        {"IWbemServices::ExecMethod- : x", "", ""},
        {"IWbemServices::ExecMethod : x - y", "", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        WmiOperation operation = {0};
        g_assert_true(wmi_operation_parse(slice(cases[i].text), &operation));
        g_autofree char *path = slice_dup(operation.namespace_path), *subject = slice_dup(operation.subject);
        g_assert_cmpstr(path, ==, cases[i].namespace_path);
        g_assert_cmpstr(subject, ==, cases[i].subject);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/operation/parse", test_parse);
    return g_test_run();
}
