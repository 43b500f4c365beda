// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

#include "text-escape.h"

#include <stdio.h>

gboolean command_ascii_only(void)
{
    return !g_get_charset(NULL);
}

void command_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *line = text_escape(message, command_ascii_only());
    (void) fprintf(stderr, "car-wmi: %s\n", line);
}

gboolean command_parse(int *argc, char ***argv, const CommandHelp *help, gpointer data, ...)
{
    g_autoptr(GOptionContext) context = g_option_context_new(help->arguments);
    g_autoptr(GError) error = NULL;
    GOptionGroup *group = g_option_group_new(NULL, NULL, NULL, data, NULL);
    va_list lists;
    va_start(lists, data);
    for (const GOptionEntry *entries; (entries = va_arg(lists, const GOptionEntry *)) != NULL;)
        g_option_group_add_entries(group, entries);
    va_end(lists);
    g_option_context_set_main_group(context, group);
    g_option_context_set_summary(context, help->summary);
    g_option_context_set_description(context, help->description);
    const char *name = (*argv)[0];
    g_set_prgname(name);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        command_warn("%s (see %s --help)", error->message, name);
        return FALSE;
    }
    if (*argc > 1) { // a command that takes arguments has an entry for them
        command_warn("%s: not understood (see %s --help)", (*argv)[1], name);
        return FALSE;
    }
    return TRUE;
}
