// SPDX-License-Identifier: GPL-2.0-or-later
// Which processes are the service host that serves WMI.
#include "join/winmgmt.h"

#define SVCHOST "C:\\Windows\\system32\\svchost.exe"

static void test_host(void)
{
    static const struct {
        const char *image, *command_line, *service;
        WinmgmtHost expected;
    } cases[] = {
        {SVCHOST, SVCHOST " -k netsvcs -p -s Winmgmt", NULL, WINMGMT_HOST_NAMED},
        {SVCHOST, "\"" SVCHOST "\" -K NetSvcs -S winmgmt", NULL, WINMGMT_HOST_NAMED},
        {"svchost.exe", NULL, "Winmgmt", WINMGMT_HOST_NAMED},
        {SVCHOST, SVCHOST " -k netsvcs", NULL, WINMGMT_HOST_GROUP},
        {SVCHOST, SVCHOST " -k netsvcs", "Winmgmt", WINMGMT_HOST_NAMED},
        {SVCHOST, SVCHOST " -k winmgmt", NULL, WINMGMT_HOST_OWN_GROUP},
        {SVCHOST, SVCHOST " -k netsvcs -p -s Schedule", NULL, WINMGMT_HOST_OTHER},
        {SVCHOST, SVCHOST " -k LocalService -s Winmgmt", NULL, WINMGMT_HOST_OTHER},
        {SVCHOST, NULL, "Schedule", WINMGMT_HOST_OTHER},
        {"C:\\Temp\\evil.exe", "evil.exe -k netsvcs -s Winmgmt", NULL, WINMGMT_HOST_OTHER},
        {"C:\\Temp\\mysvchost.exe", NULL, "Winmgmt", WINMGMT_HOST_OTHER},
        {SVCHOST, NULL, NULL, WINMGMT_HOST_UNKNOWN},
        {SVCHOST, SVCHOST " -k", NULL, WINMGMT_HOST_UNKNOWN},
        {NULL, NULL, NULL, WINMGMT_HOST_UNKNOWN},
        {NULL, NULL, "Winmgmt", WINMGMT_HOST_UNKNOWN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(winmgmt_host(cases[i].image, cases[i].command_line, cases[i].service), ==, cases[i].expected);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/winmgmt/host", test_host);
    return g_test_run();
}
