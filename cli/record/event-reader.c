// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/event-reader.h"

#include "base/json-scan.h"

#include <string.h>

#define MAX_LISTS 2 ///< that an event of any kind has

/** A list that is being read. */
typedef struct {
    const EventMember *member;
    guint first; ///< index of its first item
} ReadList;

struct EventReader {
    GByteArray *text; ///< the line, with the texts that the event points to
    GArray *items;    ///< EventItem, of all lists of the event
    ReadList lists[MAX_LISTS];
    unsigned n_lists;
    Event blank, event;
    JsonScan scan;
    size_t next;             ///< member that comes next when they stand in the order of the table
    const EventMember *list; ///< whose items are being read; NULL: none
};

EventReader *event_reader_new(void)
{
    EventReader *reader = g_new0(EventReader, 1);
    reader->text = g_byte_array_sized_new(1024);
    reader->items = g_array_sized_new(FALSE, FALSE, sizeof(EventItem), 16);
    reader->blank = event_make(EVENT_NONE);
    return reader;
}

void event_reader_free(EventReader *reader)
{
    g_byte_array_unref(reader->text);
    g_array_unref(reader->items);
    g_free(reader);
}

static bool is_path(const char *path, const char *text, size_t len)
{
    return strncmp(path, text, len) == 0 && path[len] == '\0';
}

/** Objects that a member stands in, the event itself among them. */
static unsigned member_depth(const EventMember *member)
{
    return strchr(member->path, '.') ? 2 : 1;
}

/** The member of the event that has this path. NULL when its kind has none. */
static const EventMember *find_member(EventReader *reader, const JsonValue *value, unsigned depth)
{
    size_t n;
    const EventMember *members = event_members(&n);
    for (size_t i = 0; i < n; i++) {
        const EventMember *member = &members[(reader->next + i) % n];
        if ((member->kinds & 1u << reader->event.kind) && is_path(member->path, value->path, value->path_len)) {
            if (member_depth(member) != depth)
                return NULL;
            reader->next = (reader->next + i + 1) % n;
            return member;
        }
    }
    return NULL;
}

/** The text, terminated where it stands: behind a string comes a quote at least. NULL when the value is none. */
static const char *read_text(const JsonValue *value)
{
    if (value->type != JSON_STRING)
        return NULL;
    Slice text = json_scan_text(value);
    value->text[text.len] = '\0';
    return text.text;
}

static bool is_word(const JsonValue *value, const char *word)
{
    return value->type == JSON_PLAIN && is_path(word, value->text, value->len);
}

static int64_t read_number(const JsonValue *value)
{
    int64_t number = 0;
    for (size_t i = 0; i < value->len; i++) {
        int digit = g_ascii_digit_value(value->text[i]);
        if (value->type != JSON_PLAIN || digit < 0 || number > (EVENT_NUMBER_MAX - digit) / 10)
            return EVENT_UNKNOWN;
        number = number * 10 + digit;
    }
    return value->len > 0 ? number : EVENT_UNKNOWN;
}

/** What is not of the member's type makes it unknown. */
static void read_value(const EventMember *member, const JsonValue *value, void *structure)
{
    void *at = (char *) structure + member->offset;
    switch (member->type) {
    case MEMBER_TEXT: *(const char **) at = read_text(value); break;
    case MEMBER_NUMBER: *(int64_t *) at = read_number(value); break;
    case MEMBER_ANSWER: *(int *) at = is_word(value, "true") ? 1 : is_word(value, "false") ? 0 : EVENT_UNKNOWN; break;
    case MEMBER_WORD: *(unsigned *) at = word_value(member->words, read_text(value)); break;
    case MEMBER_TEXTS:
    case MEMBER_ITEMS: *(EventList *) at = (EventList){0}; break;
    }
}

static EventList *current_list(EventReader *reader)
{
    return (EventList *) ((char *) &reader->event + reader->list->offset);
}

static void begin_list(EventReader *reader, const EventMember *member)
{
    unsigned i = 0;
    while (i < reader->n_lists && reader->lists[i].member != member)
        i++;
    g_assert(i < MAX_LISTS);
    reader->lists[i] = (ReadList){member, reader->items->len};
    reader->n_lists = MAX(reader->n_lists, i + 1);
    reader->list = member;
    *current_list(reader) = (EventList){(const EventItem *) (void *) reader->items->data, 0};
}

/** Without `text` for an object, whose members are still to come. */
static void add_item(EventReader *reader, const char *text)
{
    EventList *list = current_list(reader);
    if (list->n == EVENT_LIST_MAX) {
        reader->list = NULL;
        return;
    }
    EventItem item = event_item_make();
    item.value = text;
    g_array_append_val(reader->items, item);
    list->n++;
}

/** A value in the list's newest object. */
static void read_item_member(EventReader *reader, const JsonValue *value)
{
    EventItem *item = &g_array_index(reader->items, EventItem, reader->items->len - 1);
    size_t outer = MIN(strlen(reader->list->path) + 1, value->path_len);
    for (const EventMember *member = reader->list->items; member->path; member++) {
        if (is_path(member->path, value->path + outer, value->path_len - outer))
            read_value(member, value, item);
    }
}

static void read_member(EventReader *reader, const JsonValue *value, unsigned depth)
{
    const EventMember *member = find_member(reader, value, depth);
    if (member && value->type == JSON_ARRAY && (member->type == MEMBER_TEXTS || member->type == MEMBER_ITEMS))
        begin_list(reader, member);
    else if (member)
        read_value(member, value, &reader->event);
}

static void take_value(EventReader *reader, const JsonValue *value)
{
    const bool *array = reader->scan.array;
    bool begins = value->type == JSON_OBJECT || value->type == JSON_ARRAY;
    unsigned depth = reader->scan.depth - (begins ? 1 : 0); // of its place
    if (depth == 1)
        reader->list = NULL;
    EventMemberType list = reader->list ? reader->list->type : MEMBER_TEXT;
    if (depth == 1 || (depth == 2 && !array[1]))
        read_member(reader, value, depth);
    else if (depth == 2 && ((list == MEMBER_ITEMS && value->type == JSON_OBJECT) ||
                            (list == MEMBER_TEXTS && value->type == JSON_STRING)))
        add_item(reader, read_text(value));
    else if (depth == 3 && list == MEMBER_ITEMS && !array[2])
        read_item_member(reader, value);
}

static void begin_line(EventReader *reader, const char *line, size_t len)
{
    g_byte_array_set_size(reader->text, 0);
    g_byte_array_append(reader->text, (const guint8 *) line, (guint) len);
    json_scan_init(&reader->scan, (char *) reader->text->data, len);
    reader->scan.openings = true;
}

/** Finds the kind, which comes first as a rule. False when the line names none. */
static bool read_kind(EventReader *reader)
{
    JsonValue value;
    while (json_scan_next(&reader->scan, &value)) {
        if (reader->scan.depth != 1 || !is_path(EVENT_KIND, value.path, value.path_len) || value.type != JSON_STRING)
            continue;
        reader->event.kind = word_value(&event_words, read_text(&value));
        return true;
    }
    return false;
}

const Event *event_reader_read(EventReader *reader, const char *line, size_t len)
{
    if (len > G_MAXINT32 || !g_utf8_validate(line, (gssize) len, NULL))
        return NULL;
    reader->event = reader->blank;
    begin_line(reader, line, len);
    if (!read_kind(reader))
        return NULL;
    begin_line(reader, line, len);
    reader->list = NULL;
    reader->n_lists = 0;
    reader->next = 0;
    g_array_set_size(reader->items, 0);
    JsonValue value;
    while (json_scan_next(&reader->scan, &value))
        take_value(reader, &value);
    // Only now, as the items moved while there came more.
    for (unsigned i = 0; i < reader->n_lists; i++) {
        reader->list = reader->lists[i].member;
        if (current_list(reader)->items) // no other value came after it
            current_list(reader)->items = &g_array_index(reader->items, EventItem, reader->lists[i].first);
    }
    return reader->scan.failed ? NULL : &reader->event;
}
