// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Sources of a main context that end together.
 */
#ifndef CAR_BASE_SOURCE_LIST_H
#define CAR_BASE_SOURCE_LIST_H

#include <glib.h>

/** GSource *; with the list, they are destroyed. */
GPtrArray *source_list_new(void);

/** Attaches a source, which the list takes over, to `context` (NULL: the default). */
void source_list_add(GPtrArray *list, GMainContext *context, GSource *source, GSourceFunc func, gpointer data);

/** Takes the number of a signal; returns G_SOURCE_CONTINUE or G_SOURCE_REMOVE. */
typedef gboolean (*SourceListSignalFunc)(int number, gpointer data);

/** Calls `func` when SIGINT, SIGTERM or SIGHUP comes, unless that is ignored, as under nohup. */
void source_list_add_signals(GPtrArray *list, GMainContext *context, SourceListSignalFunc func, gpointer data);

#endif
