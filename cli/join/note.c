// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/note.h"

#include <string.h>

#define MAX_SOURCES 16    ///< a process
#define MAX_PROCESSES 256 ///< a record, beside those that the wire tells
#define SAME_START (3 * TIME_SECOND)

LogSource host_note_source(const HostEvent *event, Texts *texts, const char *reason)
{
    g_autofree char *kind = g_strconcat("log:", event->source.log, NULL);
    return (LogSource){
        .kind = texts_keep(texts, kind),
        .file = texts_keep(texts, event->source.file),
        .event_id = event->source.id,
        .record = event->source.record,
        .reason = texts_keep(texts, reason),
    };
}

/** DOMAIN\user, or what of it is known; NULL when nothing is. */
static const char *make_user(const HostEvent *event, Texts *texts)
{
    if (!event->user.text || !event->domain.text || memchr(event->user.text, '\\', event->user.len))
        return texts_keep_slice(texts, event->user);
    g_autofree char *user = g_strdup_printf("%.*s\\%.*s", (int) event->domain.len, event->domain.text,
                                            (int) event->user.len, event->user.text);
    return texts_keep_slice(texts, slice(user));
}

HostFacts *host_note_facts(Record *record)
{
    if (!record->host)
        record->host = host_facts_new();
    return record->host;
}

HostProcessNote host_note_of(const HostEvent *event, ProcessRole role, Texts *texts)
{
    return (HostProcessNote){
        .role = role,
        .pid = event->pid,
        .image = event->image,
        .command_line = event->command_line,
        .parent_image = event->parent_image,
        .service = event->service,
        .parent_pid = event->parent_pid,
        .start = event->process_start,
        .user = make_user(event, texts),
    };
}

static bool same_image(const char *known, Slice image)
{
    return !known || !image.text || slice_same_base(slice(known), image);
}

static bool same_start(const char *known, int64_t start)
{
    WrittenTime time;
    if (!known || start == NUMBER_UNKNOWN || !time_parse(slice(known), &time))
        return true;
    return ABS(time.time - start) <= SAME_START;
}

/** Without a process id on one side, the other members must say it is the same. */
static bool same_process(const Process *process, const HostProcessNote *note)
{
    if (process->role != note->role || !same_image(process->image, note->image) ||
        !same_start(process->start_time, note->start))
        return false;
    if (process->pid != NUMBER_UNKNOWN && note->pid >= 0)
        return process->pid == note->pid;
    if (process->inferred) // whose connection it is, the log may know better
        return false;
    bool spawned = note->role == ROLE_SPAWNED; // there may be several; a connection's end is one
    return !spawned || (process->image && note->image.text && process->start_time && note->start != NUMBER_UNKNOWN);
}

/** \device\harddiskvolume2\… is what is taken for want of a path with a drive. */
static bool better_image(const char *known, Slice image)
{
    return image.text &&
           (!known || (g_ascii_strncasecmp(known, "\\device\\", 8) == 0 && image.len > 1 && image.text[1] == ':'));
}

void host_note_add_source(Process *process, LogSource source)
{
    if (!process->log_sources)
        process->log_sources = g_array_new(FALSE, FALSE, sizeof(LogSource));
    for (guint i = 0; i < process->log_sources->len; i++) {
        const LogSource *known = &g_array_index(process->log_sources, LogSource, i);
        if (known->event_id == source.event_id && known->record == source.record &&
            g_strcmp0(known->file, source.file) == 0)
            return;
    }
    if (process->log_sources->len < MAX_SOURCES)
        g_array_append_val(process->log_sources, source);
}

static void complete(Process *process, Texts *texts, const HostProcessNote *note)
{
    if (process->pid == NUMBER_UNKNOWN)
        process->pid = note->pid;
    if (better_image(process->image, note->image))
        process->image = texts_keep_slice(texts, note->image);
    if (!process->command_line)
        process->command_line = texts_keep_slice(texts, note->command_line);
    if (!process->service)
        process->service = texts_keep_slice(texts, note->service);
    if (!process->parent_image)
        process->parent_image = texts_keep_slice(texts, note->parent_image);
    if (process->parent_pid == NUMBER_UNKNOWN && note->parent_pid > 0)
        process->parent_pid = note->parent_pid;
    if (!process->user)
        process->user = note->user;
    if (!process->start_time && note->start != NUMBER_UNKNOWN) {
        g_autofree char *start = time_text(note->start);
        process->start_time = texts_keep_slice(texts, slice(start));
    }
}

guint host_note_process(Record *record, Texts *texts, const HostProcessNote *note, LogSource source)
{
    guint i = 0;
    while (i < record->processes->len && !same_process(&g_array_index(record->processes, Process, i), note))
        i++;
    if (i == record->processes->len) {
        if (i >= MAX_PROCESSES)
            return G_MAXUINT;
        Process fresh = process_init(note->role, NUMBER_UNKNOWN);
        g_array_append_val(record->processes, fresh);
    }
    Process *process = &g_array_index(record->processes, Process, i);
    complete(process, texts, note);
    host_note_add_source(process, source);
    return i;
}
