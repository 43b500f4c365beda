// SPDX-License-Identifier: GPL-2.0-or-later
// How fast a log of JSON lines is joined to connections, and in how much memory: bench-host-join [MEBIBYTES [FILE]].
// Without FILE it writes a log of its own first, in which few lines matter, as in real ones: most are Sysmon's accesses
// to processes and loaded modules; a tenth are connections, of which a few are those of the records.

#include "join/host-logs.h"

#include <gio/gio.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define CONNECTIONS 1000
#define START INT64_C(1596700000) ///< seconds since 1970: 2020-08-06 07:46:40 UTC

static char *make_time(int64_t second)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(START + second);
    return g_date_time_format(time, "%Y-%m-%d %H:%M:%S");
}

static void write_head(FILE *out, const char *channel, const char *provider, int id, int64_t number, int64_t second)
{
    g_autofree char *time = make_time(second);
    (void) fprintf(out,
                   "{\"@timestamp\":\"%.10sT%.8s.500Z\",\"EventTime\":\"%s\",\"EventReceivedTime\":\"%s\",\"Hostname\":"
                   "\"WS06.example.com\",\"Channel\":\"%s\",\"SourceName\":\"%s\",\"Keywords\":-9223372036854775808,"
                   "\"EventID\":%d,\"RecordNumber\":%" PRId64 ",\"ExecutionProcessID\":3284",
                   time, time + 11, time, time, channel, provider, id, number);
}

static void write_sysmon(FILE *out, int id, int64_t number, int64_t second)
{
    static const char frame[] =
        "C:\\\\Windows\\\\SYSTEM32\\\\ntdll.dll+9c534|C:\\\\Windows\\\\System32\\\\KERNEL32.DLL+17bd4|";
    write_head(out, "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", id, number, second);
    (void) fputs(",\"Message\":\"Process accessed:\\r\\nRuleName: -\\r\\nCallTrace: ", out);
    for (int i = 0; i < 8; i++)
        (void) fputs(frame, out);
    (void) fputs("\",\"CallTrace\":\"", out);
    for (int i = 0; i < 8; i++)
        (void) fputs(frame, out);
    (void) fprintf(out,
                   "\",\"SourceProcessId\":\"908\",\"TargetImage\":\"C:\\\\Windows\\\\System32\\\\svchost.exe\"}\n");
}

static void write_connection(FILE *out, int64_t number, int64_t second, unsigned port)
{
    write_head(out, "Security", "Microsoft-Windows-Security-Auditing", 5156, number, second);
    (void) fprintf(
        out,
        ",\"Message\":\"The Windows Filtering Platform has permitted a connection.\\r\\n\\r\\nApplication "
        "Information:\\r\\n\\tProcess ID:\\t\\t2688\\r\\n\",\"ProcessId\":\"2688\",\"Application\":\"\\\\device"
        "\\\\harddiskvolume2\\\\windows\\\\system32\\\\svchost.exe\",\"Direction\":\"%%%%14592\","
        "\"SourceAddress\":\"192.0.2.5\",\"SourcePort\":\"%u\",\"DestAddress\":\"192.0.2.6\",\"DestPort\":"
        "\"49670\",\"Protocol\":\"6\"}\n",
        port);
}

static void write_process(FILE *out, int64_t number, int64_t second, int64_t pid)
{
    write_head(out, "Security", "Microsoft-Windows-Security-Auditing", 4688, number, second);
    (void) fprintf(out,
                   ",\"NewProcessId\":\"0x%" G_GINT64_MODIFIER
                   "x\",\"NewProcessName\":\"C:\\\\Windows\\\\System32\\\\cmd."
                   "exe\",\"ProcessId\":\"0x2a8\",\"ParentProcessName\":\"C:\\\\Windows\\\\explorer.exe\","
                   "\"SubjectUserName\":\"user\",\"SubjectLogonId\":\"0x3e7\",\"CommandLine\":\"cmd.exe /c dir\"}\n",
                   pid);
}

static void write_log(const char *path, size_t size)
{
    FILE *out = fopen(path, "w");
    if (!out) {
        perror(path);
        exit(2);
    }
    for (int64_t i = 0; (size_t) ftello(out) < size; i++) {
        int64_t second = i / 500 % 3600;
        switch (i % 20) {
        case 7:
        case 13:
            write_connection(out, i, second, (unsigned) (i % 16000 == 7 ? 50000 + i / 16000 % CONNECTIONS : 20000));
            break;
        case 17: write_process(out, i, second, 4 * (i % 4096)); break;
        default: write_sysmon(out, i % 3 ? 10 : 7, i, second); break;
        }
    }
    (void) fclose(out);
}

static RecordSet *make_set(void)
{
    RecordSet *set = record_set_new(NULL);
    record_set_add_file(set, "bench.pcapng", NULL);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        Record *record = record_new();
        record->confidence = CONFIDENCE_WMI;
        record->client = (RecordEnd){.ip = "192.0.2.5", .port = 50000 + (int64_t) i, .host = "WS05"};
        record->server = (RecordEnd){.ip = "192.0.2.6", .port = 49670, .host = "WS06"};
        record->start_time = "2020-08-06T07:46:40Z";
        record->end_time = "2020-08-06T08:46:40Z";
        g_ptr_array_add(set->records, record);
    }
    return set;
}

static void warn(gpointer data, const char *format, ...)
{
    (void) data;
    va_list args;
    va_start(args, format);
    (void) vfprintf(stderr, format, args);
    (void) fputc('\n', stderr);
    va_end(args);
}

static guint count_found(const RecordSet *set)
{
    guint found = 0;
    for (guint i = 0; i < set->records->len; i++)
        found += ((const Record *) g_ptr_array_index(set->records, i))->processes->len > 0;
    return found;
}

int main(int argc, char **argv)
{
    size_t size = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1024) << 20;
    g_autofree char *own = argc > 2 ? NULL : g_build_filename(g_get_tmp_dir(), "car-wmi-bench.json", NULL);
    if (own)
        write_log(own, size);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_ptr_array_add(paths, own ? own : argv[2]);
    g_autoptr(GPtrArray) sets = g_ptr_array_new_with_free_func((GDestroyNotify) record_set_free);
    g_ptr_array_add(sets, make_set());
    g_autoptr(GError) error = NULL;

    const HostLogs logs = {.paths = paths, .tshark = "tshark", .warn = warn};
    int64_t begin = g_get_monotonic_time();
    bool joined = host_logs_join(&logs, sets, &error);
    double seconds = (double) (g_get_monotonic_time() - begin) / 1e6;

    g_autoptr(GFile) file = g_file_new_for_path(g_ptr_array_index(paths, 0));
    g_autoptr(GFileInfo) info = g_file_query_info(file, G_FILE_ATTRIBUTE_STANDARD_SIZE, 0, NULL, NULL);
    double bytes = info ? (double) g_file_info_get_size(info) : 0;
    struct rusage usage;
    (void) getrusage(RUSAGE_SELF, &usage);
    if (own)
        (void) unlink(own);
    if (!joined) {
        (void) fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    (void) printf(
        "%.0f MB in %.2f s: %.0f MB/s (two readings), %.2f s of CPU time, %ld MB of memory, %u of %d connections "
        "found\n",
        bytes / 1e6, seconds, bytes / 1e6 / seconds,
        (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
            (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
        usage.ru_maxrss / 1024, count_found(g_ptr_array_index(sets, 0)), CONNECTIONS);
    return 0;
}
