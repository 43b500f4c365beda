// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

GOptionGroup *command_options(const GOptionEntry *entries, gpointer data)
{
    GOptionGroup *group = g_option_group_new(NULL, NULL, NULL, data, NULL);
    g_option_group_add_entries(group, entries);
    return group;
}

bool command_parse(int *argc, char ***argv, const CommandHelp *help, GOptionGroup *options)
{
    g_autoptr(GOptionContext) context = g_option_context_new(help->arguments);
    g_autoptr(GError) error = NULL;
    g_option_context_set_main_group(context, options);
    g_option_context_set_summary(context, help->summary);
    g_option_context_set_description(context, help->description);
    const char *name = (*argv)[0];
    g_set_prgname(name);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        warn_user("%s (see %s --help)", error->message, name);
        return false;
    }
    if (*argc > 1) { // a command that takes arguments has an entry for them
        warn_user("%s: not understood (see %s --help)", (*argv)[1], name);
        return false;
    }
    return true;
}
