// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

#include "base/text-wrap.h"

#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *arguments;
    const char *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"list", "[OPTION…] CAPTURE…", "show who did what by remote WMI (the default)", cmd_list},
    {"watch", "[OPTION…] -i IFACE…", "show it live, as it happens (\"-\": a capture that grows)", cmd_watch},
    {"report", "[OPTION…] CAPTURE…", "write a report for the case, as one HTML file", cmd_report},
    {"extract", "[OPTION…] CAPTURE…", "copy the packets behind the findings", cmd_extract},
    {"doctor", "[OPTION…]", "check the installation and say how to fix it", cmd_doctor},
    {"help", "[COMMAND]", "this text, or the options of a command", NULL},
    {"--version", "", "the versions of car-wmi, its plugin and tshark", cmd_version},
};

static int print_help(void)
{
    g_autoptr(GString) help =
        g_string_new("Usage:\n"
                     "  car-wmi [COMMAND] …\n"
                     "\n"
                     "Finds remote WMI over RPC (MITRE CAR-2014-11-007, ATT&CK T1047) in packet captures.\n"
                     "\n"
                     "Commands:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *usage = g_strdup_printf("%s %s", commands[i].name, commands[i].arguments);
        int padding = 26 - (int) g_utf8_strlen(usage, -1);
        g_string_append_printf(help, "  %s%*s  %s\n", usage, MAX(padding, 0), "", commands[i].summary);
    }
    g_string_append(help, "\n"
                          "Examples:\n"
                          "  car-wmi incident.pcapng\n"
                          "  car-wmi list -T ndjson --min-confidence dcom *.pcap > matches.ndjson\n"
                          "  car-wmi watch -i eth0\n"
                          "  car-wmi report -o case.html --case 2026-118 incident.pcapng\n"
                          "  car-wmi extract -o evidence.pcapng incident.pcapng\n"
                          "  car-wmi list --host-log Security.evtx --host-log sysmon.json incident.pcapng");
    g_autofree char *wrapped = text_wrap(help->str);
    (void) fputs(wrapped, stdout);
    return COMMAND_MATCHED;
}

static int find_command(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return (int) i;
    }
    return -1;
}

/** Runs a command with `argv[0]`, which it does not look at, replaced by its name. */
static int run_command(int index, int argc, char **argv)
{
    g_autofree char *name = g_strconcat("car-wmi ", commands[index].name, NULL);
    argv[0] = name;
    return commands[index].run(argc, argv);
}

static int help_command(int argc, char **argv)
{
    int index = argc > 1 ? find_command(argv[1]) : -1;
    if (argc > 1 && index < 0) {
        warn_user("there is no command %s (see car-wmi --help)", argv[1]);
        return COMMAND_UNABLE;
    }
    if (index < 0 || !commands[index].run)
        return print_help();
    char option[] = "--help";
    char *arguments[] = {argv[1], option, NULL};
    return run_command(index, 2, arguments);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        warn_user("no capture named (see car-wmi --help)");
        return COMMAND_UNABLE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help();
    int index = find_command(argv[1]);
    if (index < 0) {
        bool like_command = strspn(argv[1], "abcdefghijklmnopqrstuvwxyz") == strlen(argv[1]);
        if (like_command && !g_file_test(argv[1], G_FILE_TEST_EXISTS)) {
            warn_user("%s is neither a command nor a capture (see car-wmi --help)", argv[1]);
            return COMMAND_UNABLE;
        }
        return run_command(find_command("list"), argc, argv);
    }
    if (!commands[index].run)
        return help_command(argc - 1, argv + 1);
    return run_command(index, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    (void) setlocale(LC_ALL, "");
    (void) setlocale(LC_NUMERIC, "C"); // what is written is read by programs, too
    int status = dispatch(argc, argv);
    if (status >= COMMAND_SIGNAL) { // as if it had not been caught, now that nothing is left behind
        (void) fflush(stdout);
        (void) signal(status - COMMAND_SIGNAL, SIG_DFL);
        (void) raise(status - COMMAND_SIGNAL);
    }
    return status;
}
