// SPDX-License-Identifier: GPL-2.0-or-later
// A capture taken on a host, which names the processes of its packets: in comments "PID=n", as etl2pcapng writes them,
// or in the process information of macOS, which tshark shows from 4.6 on. tshark reads it.

#include "base/hash.h"
#include "base/number.h"
#include "logs/reader.h"
#include "tshark/tshark.h"

#include <inttypes.h>
#include <string.h>

#define MAX_SEEN 65536 ///< ends of connections that are remembered, so that each is given once

enum { TIME, SRC4, SRC6, DST4, DST6, SRC_PORT, DST_PORT, DIRECTION, NUMBER, NAME, PID, COMMENT, CELLS };

typedef struct {
    HostReading *reading;
    bool darwin;      ///< the process information of macOS is among the cells
    GHashTable *seen; ///< addresses, ports and process id as text
} Packets;

static bool recognise_pcapng(const char *head, size_t len)
{
    return len >= 12 && memcmp(head, "\x0a\x0d\x0d\x0a", 4) == 0 &&
           (memcmp(head + 8, "\x4d\x3c\x2b\x1a", 4) == 0 || memcmp(head + 8, "\x1a\x2b\x3c\x4d", 4) == 0);
}

static bool split(const char *line, size_t len, bool darwin, Slice cells[CELLS])
{
    const char *at = line, *end = line + len;
    for (int i = 0; i < CELLS; i++) {
        cells[i] = SLICE_NONE;
        if (!darwin && (i == NAME || i == PID))
            continue;
        const char *tab = i + 1 < CELLS ? memchr(at, '\t', (size_t) (end - at)) : end;
        if (!tab)
            return false;
        cells[i] = slice_present((Slice){at, (size_t) (tab - at)});
        at = tab + 1;
    }
    return true;
}

/** The number in a comment "PID=7240". */
static int64_t read_comment(Slice comment)
{
    const char *found = slice_find(comment, "PID=");
    if (!found)
        return NUMBER_UNKNOWN;
    const char *start = found + strlen("PID="), *end = comment.text + comment.len, *at = start;
    while (at < end && g_ascii_isdigit(*at))
        at++;
    return number_parse((Slice){start, (size_t) (at - start)});
}

/** Gives each end of a connection with its process once. */
static void give_once(Packets *packets, HostEvent *event)
{
    g_autofree char *from = address_text(&event->from);
    g_autofree char *to = address_text(&event->to);
    char *key = g_strdup_printf("%s %" PRId64 " %s %" PRId64 " %" G_GINT64_FORMAT, from, event->from_port, to,
                                event->to_port, event->pid);
    if (g_hash_table_size(packets->seen) >= MAX_SEEN)
        g_hash_table_remove_all(packets->seen);
    if (g_hash_table_add(packets->seen, key))
        host_reading_give(packets->reading, event);
}

static void take_line(const char *line, size_t len, gpointer data)
{
    Packets *packets = data;
    Slice cells[CELLS];
    if (!split(line, len, packets->darwin, cells)) {
        packets->reading->stats->damaged++;
        return;
    }
    bool outbound = number_parse(cells[DIRECTION]) == 2;
    int64_t pid = number_parse(cells[PID]);
    if (pid < 0) {
        // A packet that comes in is handled in whatever process runs just then: its comment says nothing.
        pid = outbound ? read_comment(cells[COMMENT]) : NUMBER_UNKNOWN;
    }
    if (pid < 0 || !cells[DIRECTION].text)
        return;
    HostEvent event = host_event_init(HOST_CONNECTION, packets->reading->shown, "packets");
    event.source.record = number_parse(cells[NUMBER]);
    event.time = time_from_epoch(cells[TIME]);
    event.zoned = event.snapshot = event.local_first = true;
    event.pid = pid;
    event.image = cells[NAME];
    Address src, dst;
    if (!address_parse(cells[SRC4].text ? cells[SRC4] : cells[SRC6], &src) ||
        !address_parse(cells[DST4].text ? cells[DST4] : cells[DST6], &dst))
        return;
    int64_t src_port = number_parse(cells[SRC_PORT]), dst_port = number_parse(cells[DST_PORT]);
    event.from = outbound ? src : dst;
    event.to = outbound ? dst : src;
    event.from_port = outbound ? src_port : dst_port;
    event.to_port = outbound ? dst_port : src_port;
    give_once(packets, &event);
}

/** Whether this tshark shows the process information that macOS leaves. */
static bool knows_process_information(const char *tshark)
{
    g_autofree char *version = tshark_version(tshark, NULL);
    uint64_t major = version ? g_ascii_strtoull(version, NULL, 10) : 0;
    const char *dot = version ? strchr(version, '.') : NULL;
    uint64_t minor = dot ? g_ascii_strtoull(dot + 1, NULL, 10) : 0;
    return major > 4 || (major == 4 && minor >= 6);
}

static bool read_pcapng(HostReading *reading, GError **error)
{
    if (!(reading->wanted & HOST_EVENT_BIT(HOST_CONNECTION)))
        return true;
    bool darwin = knows_process_information(reading->tshark);
    const char *filter = darwin ? "tcp && (frame.comment contains \"PID=\" || frame.darwin.process_info.pid)"
                                : "tcp && frame.comment contains \"PID=\"";
    static const char *const fields[CELLS] = {
        [TIME] = "frame.time_epoch",
        [SRC4] = "ip.src",
        [SRC6] = "ipv6.src",
        [DST4] = "ip.dst",
        [DST6] = "ipv6.dst",
        [SRC_PORT] = "tcp.srcport",
        [DST_PORT] = "tcp.dstport",
        [DIRECTION] = "frame.packet_flags_direction",
        [NUMBER] = "frame.number",
        [NAME] = "frame.darwin.process_info.pname",
        [PID] = "frame.darwin.process_info.pid",
        [COMMENT] = "frame.comment",
    };
    const char *const begin[] = {reading->tshark, "-n", "-r",     reading->path, "-Y",
                                 filter,          "-T", "fields", "-E",          "occurrence=f"};
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(begin); i++)
        g_ptr_array_add(argv, (gpointer) begin[i]);
    for (int i = 0; i < CELLS; i++) {
        if (!darwin && (i == NAME || i == PID))
            continue;
        g_ptr_array_add(argv, (gpointer) "-e");
        g_ptr_array_add(argv, (gpointer) fields[i]);
    }
    g_ptr_array_add(argv, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    Packets packets = {reading, darwin, seen};
    g_auto(TsharkEnd) end = {.status = -1};
    const TsharkJob job = {.argv = (const char *const *) argv->pdata,
                           .flags = TSHARK_CONFINED,
                           .input = -1,
                           .file = -1,
                           .on_line = take_line,
                           .data = &packets};
    if (!tshark_run(&job, &end, error))
        return false;
    if (end.status != 0)
        reading->stats->note = tshark_explain(&end, reading->path);
    return true;
}

const HostReader host_reader_pcapng = {
    .name = "capture with process ids",
    .expected = "a pcapng with process ids (etl2pcapng, macOS)",
    .recognise = recognise_pcapng,
    .read = read_pcapng,
};
