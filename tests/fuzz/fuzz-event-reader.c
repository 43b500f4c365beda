// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of events: any text, through the reader into records.
#include "fuzz.h"
#include "record/event-reader.h"
#include "record/fold.h"

#include <string.h>

#define LIMIT ((size_t) 1 << 20)

static void check_members(const EventMember *members, size_t n, uint32_t kind, const void *structure)
{
    for (size_t i = 0; i < n; i++) {
        const EventMember *m = &members[i];
        const void *at = (const char *) structure + m->offset;
        if (kind && !(m->kinds & kind))
            continue;
        switch (m->type) {
        case MEMBER_TEXT: fuzz_text(*(const char *const *) at); break;
        case MEMBER_NUMBER:
            fuzz_require(*(const int64_t *) at >= EVENT_UNKNOWN && *(const int64_t *) at <= EVENT_NUMBER_MAX);
            break;
        case MEMBER_ANSWER: fuzz_require(*(const int *) at >= EVENT_UNKNOWN && *(const int *) at <= 1); break;
        case MEMBER_WORD: fuzz_require(*(const unsigned *) at < m->words->n); break;
        case MEMBER_TEXTS:
        case MEMBER_ITEMS:
            fuzz_require(((const EventList *) at)->n <= EVENT_LIST_MAX);
            for (unsigned k = 0; k < ((const EventList *) at)->n; k++) {
                const EventItem *item = &((const EventList *) at)->items[k];
                size_t n_items = 0;
                while (m->items && m->items[n_items].path)
                    n_items++;
                check_members(m->items, n_items, 0, item);
                if (m->type == MEMBER_TEXTS)
                    fuzz_text(item->value);
            }
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(EventReader) reader = event_reader_new();
    g_autoptr(EventFold) fold = event_fold_new(LIMIT);
    size_t n;
    const EventMember *members = event_members(&n);
    for (const uint8_t *line = data, *end = data + size; line < end;) {
        const uint8_t *newline = memchr(line, '\n', (size_t) (end - line));
        size_t len = (size_t) ((newline ? newline : end) - line);
        const Event *e = event_reader_read(reader, (const char *) line, len);
        if (e)
            check_members(members, n, 1u << e->kind, e);
        event_fold_line(fold, (const char *) line, len);
        line += len + 1;
    }
    g_autoptr(GArray) conversations = event_fold_conversations(fold);
    for (guint i = 0; i < MIN(conversations->len, 4u); i++) {
        RecordSet *seen = event_fold_view(fold, g_array_index(conversations, int64_t, i));
        g_clear_pointer(&seen, record_set_free);
    }
    record_set_free(event_fold_finish(fold));
    return 0;
}
