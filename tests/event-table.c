// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: which members the events have, a line each: kind, member, type, and the words that it may be.

#include "event/event.h"

#include <stdio.h>

static const char *type_name(const EventMember *member)
{
    switch (member->type) {
    case MEMBER_NUMBER: return "number";
    case MEMBER_ANSWER: return "answer";
    case MEMBER_WORD: return "word";
    default: return "text";
    }
}

static void print_member(const char *kind, const char *list, const EventMember *member)
{
    (void) printf("%s\t%s%s%s\t%s\t", kind, list, member->path, member->type == MEMBER_TEXTS ? "[]" : "",
                  type_name(member));
    for (unsigned i = 1; member->type == MEMBER_WORD && i < member->words->n; i++)
        (void) printf("%s%s", i > 1 ? " " : "", word_text(member->words, i));
    (void) putchar('\n');
}

int main(void)
{
    size_t n;
    const EventMember *members = event_members(&n);
    for (EventKind kind = EVENT_NONE + 1; kind < N_EVENT_KINDS; kind++) {
        const char *name = word_text(&event_words, kind);
        (void) printf("%s\n", name);
        for (size_t i = 0; i < n; i++) {
            if (!(members[i].kinds & 1u << kind))
                continue;
            if (members[i].type != MEMBER_ITEMS)
                print_member(name, "", &members[i]);
            for (const EventMember *m = members[i].items; m && m->path; m++) {
                char list[64];
                (void) snprintf(list, sizeof(list), "%s[].", members[i].path);
                print_member(name, list, m);
            }
        }
    }
    return 0;
}
