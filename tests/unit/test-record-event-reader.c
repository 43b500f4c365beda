// SPDX-License-Identifier: GPL-2.0-or-later
// What the plugin writes is what is read, for all members of all kinds of events; and what else a line may hold.

#include "event/write.h"
#include "record/event-reader.h"

#include <string.h>

// -- round trip ------------------------------------------------------------------------------------------------------

/** Far longer than anything that is read at once. */
#define LONG_TEXT 100000

static const char *some_text(unsigned seed)
{
    static const char *const texts[] = {
        "plain",
        "",
        "\"quoted\", \\ and \\\" and \\u0041",
        "\x01\x02\b\t\n\v\f\r\x1f\x7f",
        "Ärger € 漢字 \xf0\x9f\x98\x80 \xef\xbf\xbd",
        "},{\"event\":\"done\"}]",
        "</script>\xe2\x80\xa8",
        "\\",
    };
    static char *long_text;
    if (!long_text)
        long_text = g_strnfill(LONG_TEXT, '"');
    seed %= G_N_ELEMENTS(texts) + 1;
    return seed < G_N_ELEMENTS(texts) ? texts[seed] : long_text;
}

static void set_member(const EventMember *member, void *structure, unsigned seed, EventItem *items);

static EventList some_list(const EventMember *member, unsigned seed, EventItem *items, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        items[i] = event_item_make();
        if (member->type == MEMBER_TEXTS)
            items[i].value = some_text(seed + i);
        // Each item is without one of its members.
        for (const EventMember *m = member->items; m && m->path; m++) {
            if ((unsigned) (m - member->items) != i)
                set_member(m, &items[i], seed + i, NULL);
        }
    }
    return (EventList){items, n};
}

static void set_member(const EventMember *member, void *structure, unsigned seed, EventItem *items)
{
    static const int64_t numbers[] = {0, 1, INT64_C(0x80041002), EVENT_NUMBER_MAX};
    void *at = (char *) structure + member->offset;
    switch (member->type) {
    case MEMBER_TEXT: *(const char **) at = some_text(seed); break;
    case MEMBER_NUMBER: *(int64_t *) at = numbers[seed % G_N_ELEMENTS(numbers)]; break;
    case MEMBER_ANSWER: *(int *) at = seed % 2; break;
    case MEMBER_WORD: *(unsigned *) at = 1 + seed % (member->words->n - 1); break;
    case MEMBER_TEXTS:
    case MEMBER_ITEMS: *(EventList *) at = some_list(member, seed, items, seed % 7); break;
    }
}

static void expect_same_member(const EventMember *member, const void *a, const void *b)
{
    const void *x = (const char *) a + member->offset, *y = (const char *) b + member->offset;
    const EventList *p = x, *q = y;
    switch (member->type) {
    case MEMBER_TEXT: g_assert_cmpstr(*(const char *const *) x, ==, *(const char *const *) y); break;
    case MEMBER_NUMBER: g_assert_cmpint(*(const int64_t *) x, ==, *(const int64_t *) y); break;
    case MEMBER_ANSWER: g_assert_cmpint(*(const int *) x, ==, *(const int *) y); break;
    case MEMBER_WORD: g_assert_cmpuint(*(const unsigned *) x, ==, *(const unsigned *) y); break;
    case MEMBER_TEXTS:
    case MEMBER_ITEMS:
        g_assert_true(!p->items == !q->items);
        g_assert_cmpuint(p->n, ==, q->n);
        for (unsigned i = 0; i < p->n; i++) {
            if (member->type == MEMBER_TEXTS)
                g_assert_cmpstr(p->items[i].value, ==, q->items[i].value);
            for (const EventMember *m = member->items; m && m->path; m++)
                expect_same_member(m, &p->items[i], &q->items[i]);
        }
        break;
    }
}

static void expect_same(const Event *a, const Event *b)
{
    size_t n;
    const EventMember *members = event_members(&n);
    g_assert_cmpint(a->kind, ==, b->kind);
    for (size_t i = 0; i < n; i++)
        expect_same_member(&members[i], a, b);
}

/** Every kind with all of its members, and without each of them. */
static void test_round_trip(void)
{
    size_t n;
    const EventMember *members = event_members(&n);
    g_autoptr(EventReader) reader = event_reader_new();
    g_autoptr(GString) line = g_string_new(NULL);
    static EventItem items[128][8]; // of each member
    g_assert_cmpuint(n, <=, G_N_ELEMENTS(items));
    for (EventKind kind = EVENT_NONE + 1; kind < N_EVENT_KINDS; kind++) {
        for (unsigned seed = 0; seed < 9; seed++) {
            for (size_t absent = 0; absent <= n; absent++) {
                if (absent < n && !(members[absent].kinds & 1u << kind))
                    continue;
                Event written = event_make(kind);
                for (unsigned i = 0; i < n; i++) {
                    if (i != absent && members[i].kinds & 1u << kind)
                        set_member(&members[i], &written, seed + i, items[i]);
                }
                g_string_truncate(line, 0);
                event_write(&written, line);
                g_assert_cmpint(line->str[line->len - 1], ==, '\n');
                const Event *read = event_reader_read(reader, line->str, line->len - 1);
                g_assert_nonnull(read);
                expect_same(&written, read);
            }
        }
    }
}

/** Every word of every vocabulary. */
static void test_words(void)
{
    size_t n;
    const EventMember *members = event_members(&n);
    g_autoptr(EventReader) reader = event_reader_new();
    for (size_t i = 0; i < n; i++) {
        for (unsigned word = 1; members[i].type == MEMBER_WORD && word < members[i].words->n; word++) {
            Event written = event_make((EventKind) g_bit_nth_lsf(members[i].kinds, -1));
            *(unsigned *) (void *) ((char *) &written + members[i].offset) = word;
            g_autoptr(GString) line = g_string_new(NULL);
            event_write(&written, line);
            expect_same(&written, event_reader_read(reader, line->str, line->len - 1));
        }
    }
}

// -- other lines -----------------------------------------------------------------------------------------------------

static const Event *read_line(EventReader *reader, const char *line)
{
    return event_reader_read(reader, line, strlen(line));
}

static void test_no_events(void)
{
    static const char *const lines[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"event\":7}",
        "{\"event\":[\"call\"]}",
        "{\"event\":{\"event\":\"call\"}}",
        "{\"x\":{\"event\":\"call\"}}",
        "{\"event\":\"call\"",
        "{\"event\":\"call\"} x",
        "{\"event\":\"call\",}",
        "{\"event\":\"call\",\"time\":\"\xff\"}",
        "{\"event\":\"bind\",\"contexts\":[[[[[[[[[[[[]]]]]]]]]]]]}",
    };
    g_autoptr(EventReader) reader = event_reader_new();
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_null(read_line(reader, lines[i]));
    g_assert_null(event_reader_read(reader, "{\"event\":\"done\"}\0", 17));
}

static void test_kind(void)
{
    g_autoptr(EventReader) reader = event_reader_new();
    g_assert_cmpint(read_line(reader, "{\"event\":\"novel\",\"conn\":1}")->kind, ==, EVENT_NONE);
    const Event *last = read_line(reader, "{\"conn\":3,\"x\":[{}],\"event\":\"state\"}");
    g_assert_cmpint(last->kind, ==, EVENT_STATE);
    g_assert_cmpint(last->conn, ==, 3);
}

/** What is not of its type or in its place is unknown; what the kind does not have is passed over. */
static void test_other_types(void)
{
    static const char *const lines[] = {
        "{\"event\":\"call\",\"call\":\"7\",\"frame\":true,\"stage\":4,\"sealed\":\"true\",\"method\":null}",
        "{\"event\":\"call\",\"call\":-7,\"frame\":1e3,\"opnum\":4.0,\"origin\":281474976710656,\"sealed\":1}",
        "{\"event\":\"call\",\"call\":[7],\"frame\":{\"frame\":7},\"stage\":\"novel\",\"method\":[\"a\"]}",
        "{\"event\":\"call\",\"auth.type\":\"ntlm\",\"auth\":[{\"type\":\"ntlm\"}]}",
        "{\"event\":\"call\",\"auth\":{\"type\":{\"type\":\"ntlm\"}}}",
        "{\"event\":\"call\",\"query\":\"of another kind\",\"x\":{\"call\":7},\"x\":[7]}",
        "{\"event\":\"call\",\"call\":7,\"method\":\"a\",\"call\":{},\"method\":[]}",
    };
    const Event nothing = event_make(EVENT_CALL);
    g_autoptr(EventReader) reader = event_reader_new();
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        expect_same(&nothing, read_line(reader, lines[i]));
}

/** Of several members of one name the last counts. */
static void test_twice(void)
{
    g_autoptr(EventReader) reader = event_reader_new();
    const Event *e =
        read_line(reader, "{\"event\":\"details\",\"call\":1,\"properties\":[{\"name\":\"a\"},{\"name\":\"b\"}],"
                          "\"call\":2,\"properties\":[{\"name\":\"c\",\"name\":\"d\"}]}");
    g_assert_cmpint(e->call, ==, 2);
    g_assert_cmpuint(e->properties.n, ==, 1);
    g_assert_cmpstr(e->properties.items[0].name, ==, "d");
    e = read_line(reader, "{\"event\":\"details\",\"properties\":[{}],\"properties\":7}");
    g_assert_null(e->properties.items);
}

static void test_lists(void)
{
    g_autoptr(EventReader) reader = event_reader_new();
    const Event *e =
        read_line(reader, "{\"event\":\"bind\",\"contexts\":[7,null,\"x\",[{\"uuid\":\"no\"}],{\"uuid\":5},{},"
                          "{\"x\":{\"uuid\":\"no\"},\"x.uuid\":\"no\",\"y\":[{\"uuid\":\"no\"}]}],"
                          "\"x\":[{\"uuid\":\"no\"}],\"frame\":9}");
    g_assert_cmpuint(e->contexts.n, ==, 3);
    for (unsigned i = 0; i < e->contexts.n; i++)
        g_assert_null(e->contexts.items[i].uuid);
    g_assert_cmpint(e->frame, ==, 9);
    e = read_line(reader, "{\"event\":\"activated\",\"bindings\":[7,\"a\",{\"value\":\"no\"},[\"no\"],\"\"]}");
    g_assert_cmpuint(e->bindings.n, ==, 2);
    g_assert_cmpstr(e->bindings.items[0].value, ==, "a");
    g_assert_cmpstr(e->bindings.items[1].value, ==, "");
}

/** `open` and `close` stand around each item. */
static GString *long_line(const char *start, const char *open, const char *close)
{
    GString *line = g_string_new(start);
    for (unsigned i = 0; i < EVENT_LIST_MAX + 3; i++)
        g_string_append_printf(line, "%s%s\"%u\"%s", i ? "," : "", open, i, close);
    g_string_append(line, "],\"call\":5}");
    return line;
}

static void test_bounded_lists(void)
{
    g_autoptr(EventReader) reader = event_reader_new();
    g_autoptr(GString) texts = long_line("{\"event\":\"activation\",\"iids\":[", "", "");
    g_autoptr(GString) objects = long_line("{\"event\":\"details\",\"properties\":[", "{\"value\":", "}");
    const GString *const lines[] = {texts, objects};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        const Event *e = event_reader_read(reader, lines[i]->str, lines[i]->len);
        const EventList *list = lines[i] == texts ? &e->iids : &e->properties;
        g_assert_cmpuint(list->n, ==, EVENT_LIST_MAX);
        g_assert_cmpstr(list->items[EVENT_LIST_MAX - 1].value, ==, "4095");
        g_assert_cmpint(e->call, ==, 5);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/event-reader/round-trip", test_round_trip);
    g_test_add_func("/cli/event-reader/words", test_words);
    g_test_add_func("/cli/event-reader/no-events", test_no_events);
    g_test_add_func("/cli/event-reader/kind", test_kind);
    g_test_add_func("/cli/event-reader/other-types", test_other_types);
    g_test_add_func("/cli/event-reader/twice", test_twice);
    g_test_add_func("/cli/event-reader/lists", test_lists);
    g_test_add_func("/cli/event-reader/bounded-lists", test_bounded_lists);
    return g_test_run();
}
