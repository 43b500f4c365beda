// SPDX-License-Identifier: GPL-2.0-or-later
// car-wmi --version: of the program, the plugin and tshark.

#include "command.h"
#include "reading/capture.h"

#include <stdio.h>

int cmd_version(int argc, char **argv)
{
    const CommandHelp help = {.summary = "Prints the versions of car-wmi, its plugin and tshark."};
    g_autofree char *given = NULL;
    const GOptionEntry entries[] = {
        {"tshark", 0, 0, G_OPTION_ARG_FILENAME, &given, "The tshark to ask (default: that in PATH)", "PATH"},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_parse(&argc, &argv, &help, command_options(entries, NULL), NULL))
        return COMMAND_UNABLE;
    (void) printf("car-wmi %s\n", CAR_VERSION);
    (void) fflush(stdout);

    g_autoptr(GError) error = NULL;
    g_autofree char *tshark = tshark_find(given, &error);
    g_autofree char *version = tshark ? tshark_version(tshark, &error) : NULL;
    if (!version) {
        (void) printf("tshark not found\n");
        return COMMAND_MATCHED;
    }
    g_autoptr(EventFold) fold = event_fold_new(0);
    g_auto(TsharkEnd) end = {0};
    bool asked = capture_probe(tshark, fold, &end, &error);
    const char *plugin = asked ? event_fold_stream(fold)->plugin_version : NULL;
    if (plugin)
        (void) printf("plugin %s\n", plugin);
    else
        (void) printf("plugin not loaded (see car-wmi doctor)\n");
    (void) printf("tshark %s\n", version);
    return COMMAND_MATCHED;
}
