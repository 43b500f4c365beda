// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/source-list.h"

#include <glib-unix.h>
#include <signal.h>

static void free_source(gpointer source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

GPtrArray *source_list_new(void)
{
    return g_ptr_array_new_with_free_func(free_source);
}

void source_list_add(GPtrArray *list, GMainContext *context, GSource *source, GSourceFunc func, gpointer data)
{
    g_source_set_callback(source, func, data, NULL);
    g_source_attach(source, context);
    g_ptr_array_add(list, source);
}

typedef struct {
    int number;
    SourceListSignalFunc func;
    gpointer data;
} Signal;

static gboolean on_signal(gpointer data)
{
    const Signal *s = data;
    return s->func(s->number, s->data);
}

void source_list_add_signals(GPtrArray *list, GMainContext *context, SourceListSignalFunc func, gpointer data)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        struct sigaction old;
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
            continue;
        const Signal s = {numbers[i], func, data};
        GSource *source = g_unix_signal_source_new(numbers[i]);
        g_source_set_callback(source, on_signal, g_memdup2(&s, sizeof(s)), g_free);
        g_source_attach(source, context);
        g_ptr_array_add(list, source);
    }
}
