// SPDX-License-Identifier: GPL-2.0-or-later
// Whole files, of whatever kind: from the recognition to the events, and to the records that they tell of alone.

#include "fuzz.h"
#include "join/host-logs.h"
#include "logs/read.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/** libevtx loses a few hundred bytes on a damaged chunk. */
const char *__lsan_default_suppressions(void) __attribute__((visibility("default")));

const char *__lsan_default_suppressions(void)
{
    return "leak:libevtx.so\n";
}

static void take_event(const HostEvent *event, gpointer data)
{
    (void) data;
    const Slice texts[] = {event->host, event->image, event->command_line, event->user,     event->operation,
                           event->item, event->uuid,  event->client,       event->endpoint, event->address};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        fuzz_range((const uint8_t *) texts[i].text, texts[i].len);
    fuzz_require(event->from_port >= -1 && event->from_port <= 65535 && event->kind < HOST_EVENT_KINDS);
}

static void take_warning(gpointer data, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void take_warning(gpointer data, const char *format, ...)
{
    (void) data;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    fuzz_text(text);
}

static void check_records(const char *path)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_ptr_array_add(paths, (gpointer) path);
    g_autoptr(GError) error = NULL;
    const HostLogs logs = {.paths = paths, .tshark = "/nonexistent", .warn = take_warning};
    g_autoptr(RecordSet) set = host_logs_list(&logs, &error);
    fuzz_require(!set == !!error);
    for (guint i = 0; set && i < set->records->len; i++) {
        const Record *r = g_ptr_array_index(set->records, i);
        const char *const texts[] = {r->summary,   r->client.ip,   r->client.host, r->server.host,
                                     r->auth.user, r->auth.domain, r->start_time};
        for (size_t k = 0; k < G_N_ELEMENTS(texts); k++)
            fuzz_text(texts[k]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t pcapng[4] = {0x0a, 0x0d, 0x0d, 0x0a};
    if (size >= sizeof(pcapng) && memcmp(data, pcapng, sizeof(pcapng)) == 0)
        return 0; // tshark reads it
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    fuzz_require(fd >= 0 && write(fd, data, size) == (ssize_t) size);
    char path[64];
    (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    g_autoptr(GError) error = NULL;
    g_auto(HostReadStats) stats = {0};
    bool read = host_read(path, "/nonexistent", HOST_EVENT_ALL, take_event, NULL, &stats, &error);
    fuzz_require(read == !error);
    if (read)
        check_records(path);
    (void) close(fd);
    return 0;
}
