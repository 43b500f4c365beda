// SPDX-License-Identifier: GPL-2.0-or-later
#include "logs/reader.h"

#include <string.h>

#define MAX_HEAD_LINES 32

G_DEFINE_QUARK(car - host - read - error, host_read_error)

void host_read_stats_clear(HostReadStats *stats)
{
    g_free(stats->note);
    *stats = (HostReadStats){0};
}

void host_reading_give(HostReading *reading, const HostEvent *event)
{
    if (!(reading->wanted & HOST_EVENT_BIT(event->kind)))
        return;
    reading->stats->events++;
    reading->func(event, reading->data);
}

bool host_head_line(Slice *head, guint *count, Slice *line)
{
    if (head->len == 0 || (*count)++ == MAX_HEAD_LINES)
        return false;
    const char *newline = memchr(head->text, '\n', head->len);
    size_t len = newline ? (size_t) (newline - head->text) : head->len;
    *line = (Slice){head->text, len - (len > 0 && head->text[len - 1] == '\r')};
    size_t taken = len + (newline != NULL);
    *head = (Slice){head->text + taken, head->len - taken};
    return true;
}
