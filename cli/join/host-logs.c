// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/host-logs.h"

#include "base/hash.h"
#include "join/alone.h"
#include "join/facts.h"
#include "join/processes.h"
#include "logs/read.h"

#include <inttypes.h>

#define ROOM ((size_t) 96 << 20) ///< bytes of events that are kept
#define NOTABLE_SKEW TIME_SECOND

static void warn_about(const HostLogs *logs, const char *path, const HostReadStats *stats)
{
    if (stats->damaged > 0)
        logs->warn(logs->data, "%s: %" PRIu64 " damaged %s could not be read", path, stats->damaged,
                   stats->damaged == 1 ? "record" : "records");
    if (stats->note)
        logs->warn(logs->data, "%s: %s: what was found may not be all", path, stats->note);
}

/** Says why one of several is not read, unless it was found in a folder and is no log. */
static void warn_about_skipped(const HostLogs *logs, const char *path, const GError *error)
{
    bool other = g_error_matches(error, HOST_READ_ERROR, HOST_READ_ERROR_UNRECOGNISED);
    if (other && logs->in_folders && g_hash_table_contains(logs->in_folders, path))
        g_hash_table_add(logs->others, (gpointer) path);
    else if (logs->paths->len > 1)
        logs->warn(logs->data, "%s: %s; it is skipped", path, error->message);
}

/** Reads all logs. In the second reading what is wrong with them has been said. `empty` (may be NULL) gets the paths of those
 * without any event that is wanted. False when none can be read. */
static bool read_all(const HostLogs *logs, bool again, unsigned wanted, HostEventFunc func, gpointer reader,
                     GPtrArray *empty, GError **error)
{
    g_autoptr(GError) first = NULL;
    guint read = 0;
    for (guint i = 0; i < logs->paths->len; i++) {
        const char *path = g_ptr_array_index(logs->paths, i);
        g_auto(HostReadStats) stats = {0};
        g_autoptr(GError) fault = NULL;
        if (host_read(path, logs->tshark, wanted, func, reader, &stats, &fault)) {
            read++;
            if (!again)
                warn_about(logs, path, &stats);
            if (empty && stats.events == 0)
                g_ptr_array_add(empty, (gpointer) path);
            continue;
        }
        bool skip = fault->domain == HOST_READ_ERROR; // else it was interrupted
        if (skip && !again)
            warn_about_skipped(logs, path, fault);
        g_prefix_error(&fault, "%s: ", path);
        if (!skip) {
            g_propagate_error(error, g_steal_pointer(&fault));
            return false;
        }
        if (!first)
            first = g_steal_pointer(&fault);
    }
    if (read == 0 && first)
        g_propagate_error(error, g_steal_pointer(&first));
    return read > 0;
}

static void warn_about_clocks(const HostLogs *logs, GPtrArray *sets)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(hash_text, g_str_equal);
    for (guint i = 0; i < sets->len; i++) {
        const RecordSet *set = g_ptr_array_index(sets, i);
        for (guint k = 0; k < set->records->len; k++) {
            const HostFacts *facts = ((const Record *) g_ptr_array_index(set->records, k))->host;
            for (guint c = 0; facts && c < facts->clocks->len; c++) {
                const Clock *clock = &g_array_index(facts->clocks, Clock, c);
                if (ABS(clock->skew) < NOTABLE_SKEW || !g_hash_table_add(seen, (gpointer) clock->host))
                    continue;
                logs->warn(logs->data, "the clock of %s is %.1f s %s the capture's (%u %s); taken into account",
                           clock->host, (double) ABS(clock->skew) / TIME_SECOND,
                           clock->skew > 0 ? "ahead of" : "behind", clock->samples,
                           clock->samples == 1 ? "match" : "matches");
            }
        }
    }
}

static void add_file(GHashTable *files, const LogSource *source)
{
    g_hash_table_add(files, (gpointer) source->file);
}

/** The logs from which something stands in the record. */
static void add_files(GHashTable *files, const Record *record)
{
    for (guint i = 0; i < record->processes->len; i++) {
        const GArray *sources = g_array_index(record->processes, Process, i).log_sources;
        for (guint k = 0; sources && k < sources->len; k++)
            add_file(files, &g_array_index(sources, LogSource, k));
    }
    const HostFacts *facts = record->host;
    for (guint i = 0; facts && i < facts->logons->len; i++)
        add_file(files, &g_array_index(facts->logons, Logon, i).source);
    for (guint i = 0; facts && i < facts->operations->len; i++)
        add_file(files, &g_array_index(facts->operations, Operation, i).source);
    for (guint i = 0; facts && i < facts->subscriptions->len; i++)
        add_file(files, &g_array_index(facts->subscriptions, Subscription, i).source);
}

/** Names the logs of which nothing was joined. */
static void warn_about_idle(const HostLogs *logs, GPtrArray *empty, GPtrArray *sets)
{
    g_autoptr(GHashTable) files = g_hash_table_new(hash_text, g_str_equal);
    guint records = 0;
    for (guint i = 0; i < sets->len; i++) {
        const RecordSet *set = g_ptr_array_index(sets, i);
        records += set->records->len;
        for (guint k = 0; k < set->records->len; k++)
            add_files(files, g_ptr_array_index(set->records, k));
    }
    for (guint i = 0; i < logs->paths->len; i++) {
        gpointer path = g_ptr_array_index(logs->paths, i);
        g_autofree char *shown = g_utf8_make_valid(path, -1);
        bool found = logs->in_folders && g_hash_table_contains(logs->in_folders, path);
        if (found || g_hash_table_contains(files, shown))
            continue;
        const char *reason = records == 0 ? "there is no connection that it could be joined to"
                             : g_ptr_array_find(empty, path, NULL)
                                 ? "it has no event that tells of connections, logons, processes or WMI"
                                 : "none of its events has the ends or hosts of a connection at its time";
        logs->warn(logs->data, "--host-log %s matched nothing: %s", shown, reason);
    }
}

/** `said`: for which it was said already. */
static void warn_about_server(const HostLogs *logs, const Record *record, GHashTable *said)
{
    for (guint i = 0; i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (process->winmgmt != WINMGMT_HOST_OTHER)
            continue;
        const char *program = process->command_line ? process->command_line : process->image;
        char *text = g_strdup_printf("%s: WMI is served by %s%s%s, not by the service host of netsvcs with Winmgmt",
                                     record->server.ip, program, process->service ? ", service " : "",
                                     process->service ? process->service : "");
        if (!g_hash_table_contains(said, text))
            logs->warn(logs->data, "%s", text);
        g_hash_table_add(said, text);
    }
}

/** Where something else than WMI's service host serves WMI. */
static void warn_about_servers(const HostLogs *logs, const GPtrArray *sets)
{
    g_autoptr(GHashTable) said = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    for (guint i = 0; i < sets->len; i++) {
        const GPtrArray *records = ((const RecordSet *) g_ptr_array_index(sets, i))->records;
        for (guint k = 0; k < records->len; k++)
            warn_about_server(logs, g_ptr_array_index(records, k), said);
    }
}

bool host_logs_join(const HostLogs *logs, GPtrArray *sets, GError **error)
{
    g_autoptr(HostJoin) join = host_join_new(sets, ROOM);
    g_autoptr(GPtrArray) empty = g_ptr_array_new();
    if (!read_all(logs, false, host_join_first_wanted, host_join_first, join, empty, error))
        return false;
    if (host_join_plan(join) && !read_all(logs, true, host_join_second_wanted, host_join_second, join, NULL, error))
        return false;
    host_join_processes(join);
    host_join_facts(join);
    if (join->store.dropped > 0)
        logs->warn(logs->data, "more of the logs fits the captures than is kept: %" PRIu64 " events were left out",
                   join->store.dropped);
    warn_about_clocks(logs, sets);
    warn_about_servers(logs, sets);
    warn_about_idle(logs, empty, sets);
    return true;
}

RecordSet *host_logs_list(const HostLogs *logs, GError **error)
{
    g_autoptr(HostAlone) alone = host_alone_new(ROOM);
    if (!read_all(logs, false, host_alone_first_wanted, host_alone_first, alone, NULL, error) ||
        !read_all(logs, true, host_alone_second_wanted, host_alone_second, alone, NULL, error))
        return NULL;
    RecordSet *set = host_alone_finish(alone);
    const RecordFile *file = g_ptr_array_index(set->files, 0);
    if (file->note)
        logs->warn(logs->data, "%s", file->note);
    return set;
}
