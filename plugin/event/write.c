// SPDX-License-Identifier: GPL-2.0-or-later
#include "event/write.h"

#include <inttypes.h>
#include <string.h>
#include <wsutil/json_dumper.h>

static void write_value(json_dumper *d, const EventMember *member, const void *at);

static void write_items(json_dumper *d, const EventMember *members, const EventList *list)
{
    json_dumper_begin_array(d);
    for (unsigned i = 0; i < list->n; i++) {
        json_dumper_begin_object(d);
        for (const EventMember *m = members; m->path; m++)
            write_value(d, m, (const char *) &list->items[i] + m->offset);
        json_dumper_end_object(d);
    }
    json_dumper_end_array(d);
}

static void write_texts(json_dumper *d, const EventList *list)
{
    json_dumper_begin_array(d);
    for (unsigned i = 0; i < list->n; i++)
        json_dumper_value_string(d, list->items[i].value);
    json_dumper_end_array(d);
}

static bool is_known(const EventMember *member, const void *at)
{
    switch (member->type) {
    case MEMBER_TEXT: return *(const char *const *) at != NULL;
    case MEMBER_NUMBER: return *(const int64_t *) at != EVENT_UNKNOWN;
    case MEMBER_ANSWER: return *(const int *) at != EVENT_UNKNOWN;
    case MEMBER_WORD: return word_text(member->words, *(const unsigned *) at) != NULL;
    case MEMBER_TEXTS:
    case MEMBER_ITEMS: return ((const EventList *) at)->items != NULL;
    }
    return false;
}

/** Nothing at all when it is not known. */
static void write_value(json_dumper *d, const EventMember *member, const void *at)
{
    if (!is_known(member, at))
        return;
    const char *dot = strchr(member->path, '.');
    json_dumper_set_member_name(d, dot ? dot + 1 : member->path);
    switch (member->type) {
    case MEMBER_TEXT: json_dumper_value_string(d, *(const char *const *) at); break;
    case MEMBER_NUMBER: json_dumper_value_anyf(d, "%" PRId64, *(const int64_t *) at); break;
    case MEMBER_ANSWER: json_dumper_value_anyf(d, *(const int *) at ? "true" : "false"); break;
    case MEMBER_WORD: json_dumper_value_string(d, word_text(member->words, *(const unsigned *) at)); break;
    case MEMBER_TEXTS: write_texts(d, at); break;
    case MEMBER_ITEMS: write_items(d, member->items, at); break;
    }
}

/** The object that a member stands in: the part of its path before the dot, with its length; 0 for the event itself. */
static size_t object_name_length(const EventMember *member)
{
    const char *dot = strchr(member->path, '.');
    return dot ? (size_t) (dot - member->path) : 0;
}

void event_write(const Event *event, GString *out)
{
    json_dumper d = {.output_string = out};
    json_dumper_begin_object(&d);
    json_dumper_set_member_name(&d, EVENT_KIND);
    json_dumper_value_string(&d, word_text(&event_words, event->kind));
    size_t n;
    const EventMember *members = event_members(&n);
    const char *open = NULL; // the path of the member that opened an object
    size_t open_length = 0;
    for (size_t i = 0; i < n; i++) {
        const EventMember *member = &members[i];
        const void *at = (const char *) event + member->offset;
        if (!(member->kinds & 1u << event->kind) || !is_known(member, at))
            continue;
        size_t length = object_name_length(member);
        if (open && (length != open_length || strncmp(open, member->path, length) != 0)) {
            json_dumper_end_object(&d);
            open = NULL;
        }
        if (length > 0 && !open) {
            g_autofree char *name = g_strndup(member->path, length);
            json_dumper_set_member_name(&d, name);
            json_dumper_begin_object(&d);
            open = member->path;
            open_length = length;
        }
        write_value(&d, member, at);
    }
    if (open)
        json_dumper_end_object(&d);
    json_dumper_end_object(&d);
    json_dumper_finish(&d);
}
