// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/summary.h"

#include "base/slice.h"
#include "record/basis.h"
#include "record/summary.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

#define MAX_SPAWNED 3 ///< named; the others are counted

static bool any_from_log(const Record *record)
{
    for (guint i = 0; i < record->processes->len; i++) {
        if (g_array_index(record->processes, Process, i).log_sources)
            return true;
    }
    return false;
}

static void append_process(GString *s, const Process *process, const char *user)
{
    Slice base = slice_base(slice(process->image));
    if (base.len > 0)
        g_string_append_len(s, base.text, (gssize) base.len);
    else
        g_string_append(s, "process");
    if (process->pid == NUMBER_UNKNOWN && !user)
        return;
    g_string_append(s, " (");
    if (process->pid != NUMBER_UNKNOWN)
        g_string_append_printf(s, "%" PRId64, process->pid);
    if (user)
        g_string_append_printf(s, "%s%s", process->pid == NUMBER_UNKNOWN ? "" : ", ", user);
    g_string_append_c(s, ')');
}

char *host_summary_process(const Process *process)
{
    Slice base = slice_base(slice(process->image));
    if (process->pid == NUMBER_UNKNOWN)
        return g_strndup(base.text ? base.text : "?", base.text ? base.len : 1);
    if (base.len == 0)
        return g_strdup_printf("%" PRId64, process->pid);
    return g_strdup_printf("%.*s:%" PRId64, (int) base.len, base.text, process->pid);
}

static void append_client(GString *s, const Record *record)
{
    const Process *client = record_process(record, ROLE_CLIENT);
    if (client) {
        append_process(s, client, client->user);
        g_string_append(s, basis_note(process_basis(client)));
        return;
    }
    const RecordEnd *end = &record->client;
    g_string_append(s, end->host ? end->host : end->fqdn ? end->fqdn : end->ip ? end->ip : "?");
    if (record->auth.user)
        g_string_append_printf(s, " (%s%s%s)", record->auth.domain ? record->auth.domain : "",
                               record->auth.domain ? "\\" : "", record->auth.user);
}

static void append_server(GString *s, const Record *record)
{
    const RecordEnd *end = &record->server;
    if (end->host)
        g_string_append(s, end->host);
    else if (end->fqdn)
        g_string_append_len(s, end->fqdn, (gssize) strcspn(end->fqdn, "."));
    else
        g_string_append(s, end->ip ? end->ip : "?");
}

/** False when nothing was. */
static bool append_spawned(GString *s, const Record *record)
{
    guint count = 0;
    for (guint i = 0; i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (process->role != ROLE_SPAWNED)
            continue;
        if (count++ >= MAX_SPAWNED)
            continue;
        g_string_append(s, count == 1 ? "ran " : ", ");
        append_process(s, process, NULL);
        g_string_append(s, basis_note(process_basis(process)));
    }
    if (count > MAX_SPAWNED)
        g_string_append_printf(s, ", and %u more", count - MAX_SPAWNED);
    return count > 0;
}

char *host_summary_make(const Record *record)
{
    bool told = false;
    for (guint i = 0; i < record->calls->len; i++)
        told |= g_array_index(record->calls, RecordCall, i).content_source != NULL;
    g_autofree char *done = told || any_from_log(record) ? summary_make(record) : NULL;
    if (!any_from_log(record))
        return g_steal_pointer(&done);
    GString *s = g_string_new(NULL);
    append_client(s, record);
    g_string_append(s, " → ");
    append_server(s, record);
    g_string_append(s, ": ");
    if (!append_spawned(s, record))
        g_string_append(s, done ? done : "connected");
    return g_string_free(s, FALSE);
}
