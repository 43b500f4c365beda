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

static void warn_about(const char *path, const HostReadStats *stats, HostLogsWarn warn, gpointer data)
{
    if (stats->damaged > 0)
        warn(data, "%s: %" PRIu64 " damaged %s could not be read", path, stats->damaged,
             stats->damaged == 1 ? "record" : "records");
    if (stats->note)
        warn(data, "%s: %s: what was found may not be all", path, stats->note);
}

/** Reads all logs. `warn` may be NULL. `empty` (may be NULL) gets the paths of those without any event that is wanted. */
static bool read_all(const GPtrArray *paths, const char *tshark, unsigned wanted, HostEventFunc func, gpointer reader,
                     GPtrArray *empty, HostLogsWarn warn, gpointer data, GError **error)
{
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        g_auto(HostReadStats) stats = {0};
        if (!host_read(path, tshark, wanted, func, reader, &stats, error)) {
            g_prefix_error(error, "%s: ", path);
            return false;
        }
        if (warn)
            warn_about(path, &stats, warn, data);
        if (empty && stats.events == 0)
            g_ptr_array_add(empty, (gpointer) path);
    }
    return true;
}

static void warn_about_clocks(GPtrArray *sets, HostLogsWarn warn, gpointer data)
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
                warn(data, "the clock of %s is %.1f s %s the capture's (%u %s); taken into account", clock->host,
                     (double) ABS(clock->skew) / TIME_SECOND, clock->skew > 0 ? "ahead of" : "behind", clock->samples,
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
static void warn_about_idle(const GPtrArray *paths, GPtrArray *empty, GPtrArray *sets, HostLogsWarn warn, gpointer data)
{
    g_autoptr(GHashTable) files = g_hash_table_new(hash_text, g_str_equal);
    guint records = 0;
    for (guint i = 0; i < sets->len; i++) {
        const RecordSet *set = g_ptr_array_index(sets, i);
        records += set->records->len;
        for (guint k = 0; k < set->records->len; k++)
            add_files(files, g_ptr_array_index(set->records, k));
    }
    for (guint i = 0; i < paths->len; i++) {
        gpointer path = g_ptr_array_index(paths, i);
        g_autofree char *shown = g_utf8_make_valid(path, -1);
        if (g_hash_table_contains(files, shown))
            continue;
        const char *reason = records == 0 ? "there is no connection that it could be joined to"
                             : g_ptr_array_find(empty, path, NULL)
                                 ? "it has no event that tells of connections, logons, processes or WMI"
                                 : "none of its events has the ends or hosts of a connection at its time";
        warn(data, "--host-log %s matched nothing: %s", shown, reason);
    }
}

bool host_logs_join(const GPtrArray *paths, const char *tshark, GPtrArray *sets, HostLogsWarn warn, gpointer data,
                    GError **error)
{
    g_autoptr(HostJoin) join = host_join_new(sets, ROOM);
    g_autoptr(GPtrArray) empty = g_ptr_array_new();
    if (!read_all(paths, tshark, host_join_first_wanted, host_join_first, join, empty, warn, data, error))
        return false;
    if (host_join_plan(join) &&
        !read_all(paths, tshark, host_join_second_wanted, host_join_second, join, NULL, NULL, NULL, error))
        return false;
    host_join_processes(join);
    host_join_facts(join);
    if (join->store.dropped > 0)
        warn(data, "more of the logs fits the captures than is kept: %" PRIu64 " events were left out",
             join->store.dropped);
    warn_about_clocks(sets, warn, data);
    warn_about_idle(paths, empty, sets, warn, data);
    return true;
}

RecordSet *host_logs_list(const GPtrArray *paths, const char *tshark, HostLogsWarn warn, gpointer data, GError **error)
{
    g_autoptr(HostAlone) alone = host_alone_new(ROOM);
    if (!read_all(paths, tshark, host_alone_first_wanted, host_alone_first, alone, NULL, warn, data, error) ||
        !read_all(paths, tshark, host_alone_second_wanted, host_alone_second, alone, NULL, NULL, NULL, error))
        return NULL;
    RecordSet *set = host_alone_finish(alone);
    const RecordFile *file = g_ptr_array_index(set->files, 0);
    if (file->note)
        warn(data, "%s", file->note);
    return set;
}
