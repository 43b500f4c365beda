// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

#include "base/text-wrap.h"

#include <stdlib.h>
#include <string.h>

GOptionGroup *command_options(const GOptionEntry *entries, gpointer data)
{
    GOptionGroup *group = g_option_group_new(NULL, NULL, NULL, data, NULL);
    g_option_group_add_entries(group, entries);
    return group;
}

/** Whether a value is joined to a short option: all of them take one. */
static bool is_joined(const char *argument)
{
    return argument[0] == '-' && g_ascii_isalpha(argument[1]) && argument[2] != '\0';
}

/** Parts "-oFILE" into "-o" and "FILE", which GLib does not. What it makes stays until the end of the program. */
static void split_joined(int *argc, char ***argv)
{
    GPtrArray *parts = g_ptr_array_new();
    bool options = true, value = false;
    for (int i = 0; i < *argc; i++) {
        char *argument = (*argv)[i];
        options = options && (value || strcmp(argument, "--") != 0);
        bool joined = i > 0 && options && !value && is_joined(argument);
        if (joined)
            g_ptr_array_add(parts, g_strndup(argument, 2));
        g_ptr_array_add(parts, joined ? argument + 2 : argument);
        value = i > 0 && options && !value && argument[0] == '-' && g_ascii_isalpha(argument[1]) && !joined;
    }
    *argc = (int) parts->len;
    g_ptr_array_add(parts, NULL);
    *argv = (char **) g_ptr_array_free(parts, FALSE);
}

/** GLib's help has lines of any length. */
static void print_help(GOptionContext *context)
{
    g_autofree char *help = g_option_context_get_help(context, FALSE, NULL);
    g_autoptr(GString) text = g_string_new(g_strchomp(help));
    g_string_replace(text, "\nApplication Options:\n", "\nOptions:\n", 1); // GLib's title beside those of other groups
    g_autofree char *wrapped = text_wrap(text->str);
    g_print("%s", wrapped);
}

bool command_parse(int *argc, char ***argv, const CommandHelp *help, GOptionGroup *options, GOptionGroup *const *more)
{
    g_autoptr(GOptionContext) context = g_option_context_new(help->arguments);
    g_autoptr(GError) error = NULL;
    gboolean asked = FALSE;
    const GOptionEntry entries[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &asked, "Show this text", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_option_group_add_entries(options, entries);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_main_group(context, options);
    for (; more && *more; more++)
        g_option_context_add_group(context, *more);
    g_option_context_set_summary(context, help->summary);
    g_option_context_set_description(context, help->description);
    const char *name = (*argv)[0];
    g_set_prgname(name);
    split_joined(argc, argv);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        warn_user("%s (see %s --help)", error->message, name);
        return false;
    }
    if (asked) {
        print_help(context);
        exit(COMMAND_MATCHED);
    }
    if (*argc > 1) { // a command that takes arguments has an entry for them
        warn_user("%s: not understood (see %s --help)", (*argv)[1], name);
        return false;
    }
    return true;
}
