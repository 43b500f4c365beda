// SPDX-License-Identifier: GPL-2.0-or-later
// Snapshots of a host's connections: the CSV that Export-Csv makes of Get-NetTCPConnection, and the output of
// netstat -ano (also with -b).

#include "base/number.h"
#include "logs/reader.h"

#include <string.h>

#define MAX_COLUMNS 64

typedef enum {
    LOCAL_ADDRESS,
    LOCAL_PORT,
    REMOTE_ADDRESS,
    REMOTE_PORT,
    OWNING_PROCESS,
    CREATION_TIME,
    PROCESS_NAME,
    PROCESS_PATH,
    COMPUTER,
    COLUMNS
} Column;

static const struct {
    const char *name;
    Column column;
} column_names[] = {
    {"LocalAddress", LOCAL_ADDRESS},   {"LocalPort", LOCAL_PORT},
    {"RemoteAddress", REMOTE_ADDRESS}, {"RemotePort", REMOTE_PORT},
    {"OwningProcess", OWNING_PROCESS}, {"CreationTime", CREATION_TIME},
    {"ProcessName", PROCESS_NAME},     {"Path", PROCESS_PATH},
    {"ProcessPath", PROCESS_PATH},     {"PSComputerName", COMPUTER},
    {"ComputerName", COMPUTER},
};

/** Where in a row the columns stand; -1 when they are not there. */
typedef struct {
    char separator;
    int index[COLUMNS];
} Header;

/** Cuts a row into cells, in place. Returns how many there are, 0 when its quotes do not match. */
static size_t split(char *line, size_t len, char separator, Slice cells[MAX_COLUMNS])
{
    char *at = line, *end = line + len;
    size_t count = 0;
    while (count < MAX_COLUMNS) {
        char *start = at, *to = at;
        if (at < end && *at == '"') {
            start = to = ++at;
            while (at < end && !(*at == '"' && (at + 1 == end || at[1] != '"'))) {
                at += *at == '"'; // two stand for one
                *to++ = *at++;
            }
            if (at++ == end)
                return 0;
        } else {
            while (at < end && *at != separator)
                at++;
            to = at;
        }
        cells[count++] = (Slice){start, (size_t) (to - start)};
        if (at == end)
            return count;
        if (*at++ != separator)
            return 0;
    }
    return 0;
}

static bool read_header(const char *line, size_t len, Header *header)
{
    static const char separators[] = ",;\t";
    if (!slice_find((Slice){line, len}, "LocalAddress"))
        return false;
    for (const char *s = separators; *s; s++) {
        g_autofree char *copy = g_strndup(line, len);
        Slice cells[MAX_COLUMNS];
        size_t count = split(copy, len, *s, cells);
        *header = (Header){.separator = *s};
        memset(header->index, -1, sizeof(header->index));
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < G_N_ELEMENTS(column_names); k++) {
                if (slice_is_any_case(cells[i], column_names[k].name))
                    header->index[column_names[k].column] = (int) i;
            }
        }
        if (header->index[LOCAL_ADDRESS] >= 0 && header->index[REMOTE_ADDRESS] >= 0 && header->index[LOCAL_PORT] >= 0 &&
            header->index[REMOTE_PORT] >= 0 && header->index[OWNING_PROCESS] >= 0)
            return true;
    }
    return false;
}

static HostEvent snapshot_event(const HostReading *reading, int64_t row)
{
    HostEvent event = host_event_init(HOST_CONNECTION, reading->shown, "snapshot");
    event.source.record = row;
    event.snapshot = event.local_first = true;
    return event;
}

/** False when the row is none of a table of connections. Those that listen or are not connected have no peer. */
static bool read_row(const HostReading *reading, const Header *header, char *line, size_t len, int64_t row,
                     HostEvent *event)
{
    Slice cells[MAX_COLUMNS], c[COLUMNS];
    size_t count = split(line, len, header->separator, cells);
    for (int i = 0; i < COLUMNS; i++) {
        bool there = header->index[i] >= 0 && (size_t) header->index[i] < count;
        c[i] = there ? slice_present(cells[header->index[i]]) : SLICE_NONE;
    }
    *event = snapshot_event(reading, row);
    (void) address_parse(c[LOCAL_ADDRESS], &event->from);
    (void) address_parse(c[REMOTE_ADDRESS], &event->to);
    event->from_port = number_parse_port(c[LOCAL_PORT]);
    event->to_port = number_parse_port(c[REMOTE_PORT]);
    event->pid = number_parse(c[OWNING_PROCESS]);
    event->image = c[PROCESS_PATH].text ? c[PROCESS_PATH] : c[PROCESS_NAME];
    event->host = c[COMPUTER];
    WrittenTime time;
    if (time_parse(c[CREATION_TIME], &time)) { // when the connection was made
        event->time = time.time;
        event->precision = time.precision;
        event->zoned = time.zoned;
        event->snapshot = false;
    }
    return c[LOCAL_ADDRESS].text && event->pid >= 0;
}

static bool is_peered(const HostEvent *event)
{
    return address_known(&event->from) && address_known(&event->to) && event->from_port > 0 && event->to_port > 0;
}

// netstat.

/** Splits "192.0.2.5:135" or "[fe80::1%5]:135". */
static bool read_endpoint(Slice text, Address *address, int64_t *port_number)
{
    const char *colon = text.text ? memrchr(text.text, ':', text.len) : NULL;
    if (!colon)
        return false;
    size_t len = (size_t) (colon - text.text);
    *port_number = number_parse_port((Slice){colon + 1, text.len - len - 1});
    (void) address_parse((Slice){text.text, len}, address);
    return true;
}

/** Takes the next word of a line. Absent at its end. */
static Slice take_word(const char **at, const char *end)
{
    while (*at < end && g_ascii_isspace(**at))
        (*at)++;
    const char *start = *at;
    while (*at < end && !g_ascii_isspace(**at))
        (*at)++;
    return slice_present((Slice){start, (size_t) (*at - start)});
}

/** "  TCP    192.0.2.5:55005    192.0.2.6:49670    ESTABLISHED    7240" */
static bool read_netstat(const char *line, size_t len, HostEvent *event)
{
    const char *at = line, *end = line + len;
    Slice protocol = take_word(&at, end), local = take_word(&at, end), remote = take_word(&at, end);
    if (!slice_is_any_case(protocol, "TCP") || !read_endpoint(local, &event->from, &event->from_port) ||
        !read_endpoint(remote, &event->to, &event->to_port))
        return false;
    Slice word, last = SLICE_NONE;
    while ((word = take_word(&at, end)).text)
        last = word;
    event->pid = number_parse(last);
    return event->pid >= 0;
}

/** With -b the line below names the program: " [svchost.exe]". */
static Slice read_program(const char *line, size_t len)
{
    const char *at = line, *end = line + len;
    Slice word = take_word(&at, end);
    bool program = word.text && word.len > 2 && word.text[0] == '[' && word.text[word.len - 1] == ']';
    return program ? (Slice){word.text + 1, word.len - 2} : SLICE_NONE;
}

/** With -b the line between may name a service that the program hosts: "  Winmgmt". Copied, "" when the line is something else. */
static void read_service(const char *line, size_t len, char *service, size_t size)
{
    const char *at = line, *end = line + len;
    Slice word = take_word(&at, end), more = take_word(&at, end);
    bool is = word.text && !more.text && word.text[0] != '[' && word.len < size;
    (void) g_strlcpy(service, is ? word.text : "", is ? word.len + 1 : 1);
}

static bool recognise_csv(const char *text, size_t len)
{
    Slice head = {text, len}, line;
    Header header;
    HostEvent event = {0};
    for (guint count = 0; host_head_line(&head, &count, &line);) {
        if (read_header(line.text, line.len, &header) || read_netstat(line.text, line.len, &event))
            return true;
    }
    return false;
}

/** What was read so far. */
typedef struct {
    HostReading *reading;
    bool table; ///< rows are those of `header`; else of netstat
    Header header;
    HostEvent waiting; ///< of netstat: the lines below it may name a service and the program
    char service[64];
    bool any_waiting;
} Snapshot;

static void give_waiting(Snapshot *s)
{
    s->waiting.service = s->service[0] ? slice(s->service) : SLICE_NONE;
    if (s->any_waiting)
        host_reading_give(s->reading, &s->waiting);
    s->any_waiting = false;
    s->service[0] = '\0';
}

static void take_table_row(Snapshot *s, char *line, size_t len, int64_t row)
{
    HostEvent event;
    if (!read_row(s->reading, &s->header, line, len, row, &event))
        s->reading->stats->damaged++;
    else if (is_peered(&event))
        host_reading_give(s->reading, &event);
}

static void take_netstat_line(Snapshot *s, const char *line, size_t len, int64_t row)
{
    HostEvent event = snapshot_event(s->reading, row);
    Slice program = read_program(line, len);
    if (program.text && s->any_waiting) {
        s->waiting.image = program;
        give_waiting(s);
    } else if (read_netstat(line, len, &event)) {
        give_waiting(s);
        s->waiting = event;
        s->any_waiting = is_peered(&event);
    } else if (s->any_waiting) {
        read_service(line, len, s->service, sizeof(s->service));
    }
}

static bool read_csv(HostReading *reading, GError **error)
{
    (void) error;
    char *line;
    size_t len;
    Snapshot s = {.reading = reading};
    HostLine status;
    for (int64_t row = 1; (status = host_input_line(reading->input, &line, &len)) != HOST_LINE_END; row++) {
        Header header;
        if (status == HOST_LINE_TOO_LONG) {
            reading->stats->damaged++;
        } else if (read_header(line, len, &header)) { // several tables may follow each other in one file
            s.table = true;
            s.header = header;
        } else if (s.table && len > 0) {
            take_table_row(&s, line, len, row);
        } else {
            take_netstat_line(&s, line, len, row);
        }
    }
    give_waiting(&s);
    return true;
}

const HostReader host_reader_csv = {
    .name = "snapshot of connections",
    .expected = "a snapshot of connections (Get-NetTCPConnection | Export-Csv, netstat -ano)",
    .recognise = recognise_csv,
    .read = read_csv,
};
