// SPDX-License-Identifier: GPL-2.0-or-later
// Rules of --allow: what they are for, what they are not, and what is wrong with one.
#include "record/allow.h"

#include <string.h>

/** Two connections of an activity, the second of which has a user, and a callback. */
static RecordSet *make_set(void)
{
    RecordSet *set = g_new0(RecordSet, 1);
    set->texts = texts_new();
    set->records = g_ptr_array_new_with_free_func((GDestroyNotify) record_free);
    for (guint i = 0; i < 3; i++) {
        Record *r = record_new();
        r->activity = 1;
        r->start_time = "2020-08-06T07:56:41.5Z";
        r->client = (RecordEnd){.ip = "192.0.2.5", .host = "WS05", .port = 55000};
        r->server = (RecordEnd){.ip = "2001:db8::6", .host = "WS06", .fqdn = "WS06.example.com", .port = 135};
        if (i == 1) {
            r->auth.domain = "EXAMPLE";
            r->auth.user = "Ann";
            r->auth.user_log = "log:4624";
            Process process = {.role = ROLE_CLIENT, .pid = 1, .image = "C:\\Tools\\Wmic.exe"};
            process.sources = g_array_new(FALSE, FALSE, sizeof(ProcessSource));
            g_array_append_val(r->processes, process);
        }
        if (i == 2) {
            r->callback = true;
            RecordEnd client = r->client;
            r->client = r->server;
            r->server = client;
        }
        g_ptr_array_add(set->records, r);
    }
    return set;
}

static void record_set_clear(RecordSet *set)
{
    g_ptr_array_unref(set->records);
    texts_free(set->texts);
    g_free(set);
}

/** Which of the three records the rules are for: "1.3". */
static void expect(const char *rules, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Allow) allow = allow_parse(rules, strlen(rules), &error);
    g_assert_no_error(error);
    RecordSet *set = make_set();
    allow_apply(allow, set);
    char found[] = "...";
    for (guint i = 0; i < 3; i++) {
        const Record *r = g_ptr_array_index(set->records, i);
        if (r->allowed.rule)
            found[i] = (char) ('1' + i);
    }
    if (strcmp(found, expected) != 0)
        g_error("%s: %s, not %s", rules, found, expected);
    record_set_clear(set);
}

static void test_places(void)
{
    expect("[a]\nclient=192.0.2.5\n", "123");
    expect("[a]\nclient=192.0.2.0/24\n", "123");
    expect("[a]\nclient=192.0.3.0/24; 192.0.2.5", "123");
    expect("[a]\nclient=192.0.2.6\n", "...");
    expect("[a]\nclient=192.0.2.*\n", "123");
    expect("[a]\nclient=ws05\n", "123");
    expect("[a]\nclient=ws0?\n", "123");
    expect("[a]\nclient=ws06\n", "...");
    expect("[a]\nserver=2001:db8::/32\n", "123");
    expect("[a]\nserver=192.0.2.5\n", "...");
    expect("[a]\nserver=*.EXAMPLE.com\n", "123");
    expect("[a]\nserver=*\nclient=ws05", "123");
    expect("[a]\nclient=ws05\nserver=ws07", "...");
    expect("[a]\nclient=ws07\n[b]\nclient=ws05\n", "123");
}

/** A host that calls itself by an address is not at that address. */
static void test_host_that_is_called_like_an_address(void)
{
    static const char rules[] = "[a]\nclient=10.*\n[b]\nclient=10.0.0.1\n";
    g_autoptr(Allow) allow = allow_parse(rules, strlen(rules), NULL);
    RecordSet *set = make_set();
    Record *r = g_ptr_array_index(set->records, 0);
    r->client.host = r->client.fqdn = "10.0.0.1";
    allow_apply(allow, set);
    g_assert_null(r->allowed.rule);
    record_set_clear(set);
}

static void test_users(void)
{
    expect("[a]\nuser=ann\n", ".2."); // the others are of the same activity, which proves nothing
    expect("[a]\nuser=example\\ann\n", ".2.");
    expect("[a]\nuser=EXAMPLE\\*\n", ".2.");
    expect("[a]\nuser=other\\ann\n", "...");
    expect("[a]\nuser=bob; an?\n", ".2.");
    expect("[a]\nuser=bob\n", "...");
}

/** Whose logon was refused, or not answered, is not proven, nor is who authenticated without any call. */
static void test_users_that_are_not_proven(void)
{
    static const char rules[] = "[a]\nuser=*\n";
    static const Answer answers[] = {ANSWER_NO, ANSWER_UNKNOWN, ANSWER_YES};
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(Allow) allow = allow_parse(rules, strlen(rules), NULL);
        RecordSet *set = make_set();
        Record *first = g_ptr_array_index(set->records, 0), *third = g_ptr_array_index(set->records, 2);
        RecordUser user = {.user = "bob", .calls = 1, .accepted = answers[i]};
        g_array_append_val(first->users, user);
        third->auth.user = "bob";
        allow_apply(allow, set);
        g_assert_true((first->allowed.rule != NULL) == (answers[i] == ANSWER_YES));
        g_assert_null(third->allowed.rule);
        record_set_clear(set);
    }
}

static void add_user(Record *record, const char *name)
{
    RecordUser user = {.user = name, .domain = "EXAMPLE", .calls = 1, .accepted = ANSWER_YES};
    g_array_append_val(record->users, user);
}

/** A rule has to be for each user under whom calls were made, and there may be none that is not known. */
static void test_several_users(void)
{
    static const struct {
        const char *rules;
        guint unnamed_calls;
        bool expected;
    } cases[] = {
        {"[a]\nuser=ann\n", 0, false},
        {"[a]\nuser=bob\n", 0, false},
        {"[a]\nuser=ann\n[b]\nuser=bob\n", 0, false},
        {"[a]\nuser=example\\ann; bob\n", 0, true},
        {"[a]\nuser=*\n", 1, false},
        {"[a]\nclient=*\n", 1, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Allow) allow = allow_parse(cases[i].rules, strlen(cases[i].rules), NULL);
        RecordSet *set = make_set();
        Record *record = g_ptr_array_index(set->records, 1);
        add_user(record, "Ann");
        add_user(record, "bob");
        record->unnamed_calls = cases[i].unnamed_calls;
        allow_apply(allow, set);
        g_assert_true((record->allowed.rule != NULL) == cases[i].expected);
        record_set_clear(set);
    }
}

static void test_processes(void)
{
    expect("[a]\nprocess=wmic.exe\n", ".2.");
    expect("[a]\nprocess=c:\\tools\\*\n", ".2.");
    expect("[a]\nprocess=c:\\windows\\*\n", "...");
}

static void test_until(void)
{
    expect("[a]\nclient=ws05\nuntil=2020-08-06\n", "123");
    expect("[a]\nclient=ws05\nuntil=2020-08-05\n", "...");
    expect("[a]\nclient=ws05\nuntil=2020-08-06T07:56:41.500001Z\n", "123");
    expect("[a]\nclient=ws05\nuntil=2020-08-06T07:56:41.5Z\n", "...");
}

static void test_reason(void)
{
    static const char rules[] =
        "\xef\xbb\xbf# comment\n[One rule]\nclient=ws05\nreason = change 4711: C:\\x \n[b]\nclient=*\n";
    g_autoptr(Allow) allow = allow_parse(rules, strlen(rules), NULL);
    RecordSet *set = make_set();
    allow_apply(allow, set);
    const Record *r = g_ptr_array_index(set->records, 0);
    g_assert_cmpstr(r->allowed.rule, ==, "One rule");
    g_assert_cmpstr(r->allowed.reason, ==, "change 4711: C:\\x");
    record_set_clear(set);
}

static void test_errors(void)
{
    static const struct {
        const char *rules, *expected;
    } cases[] = {
        {"client=1\n", "group"},
        {"[a]\n", "[a]: a rule needs"},
        {"[a]\nreason=x\n", "[a]: a rule needs"},
        {"[a]\nclient=\n", "[a]: client has no value"},
        {"[a]\nclient=;\n", "[a]: client has no value"},
        {"[a]\nclient=192.0.2.1/24\n", "192.0.2.1/24 is no network"},
        {"[a]\nclient=ws/6\n", "ws/6 is no network"},
        {"[a]\nhost=ws05\n", "no key host"},
        {"[a]\nclient=x\nuntil=tomorrow\n", "until: tomorrow"},
        {"[a]\nclient=x\nuntil=2020-02-31\n", "until: 2020-02-31"},
        {"[a]\nclient=x\n[a]\nserver=y\n", "[a] stands twice"},
        {"[a]\nclient=x\nclient =y\n", "[a]client stands twice"},
        {"[a]\nclient=\xff\n", "UTF-8"},
        {"nonsense", "nonsense"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Allow) allow = allow_parse(cases[i].rules, strlen(cases[i].rules), &error);
        g_assert_null(allow);
        g_assert_nonnull(error);
        if (!strstr(error->message, cases[i].expected))
            g_error("%s: %s", cases[i].rules, error->message);
    }
}

static void add_process(Record *record, const char *image, const char *connection)
{
    Process process = process_init(ROLE_CLIENT, 700);
    process.image = image;
    process.inferred = connection != NULL;
    const ProcessSource source = {.kind = "wire:test", .frame = 5, .connection = connection};
    g_array_append_val(process.sources, source);
    g_array_append_val(record->processes, process);
}

/** What is inferred silences nothing unless the connection that it is inferred from is there and is allowed by its own process. */
static void test_inferred(void)
{
    enum { CARRIED, NO_ORIGIN, OTHER_ORIGIN, OTHER_ACTIVITY, INFERRED_ORIGIN, CANDIDATES, N_CASES };
    for (int form = CARRIED; form < N_CASES; form++) {
        g_autoptr(RecordSet) set = record_set_new(NULL);
        Record *origin = record_new(), *other = record_new();
        origin->filter = form == NO_ORIGIN ? "tcp.port==1" : "tcp.port==2";
        origin->activity = 1;
        other->filter = "tcp.port==3";
        other->activity = form == OTHER_ACTIVITY ? 2 : 1;
        add_process(origin, form == OTHER_ORIGIN ? "C:\\evil.exe" : "C:\\agent.exe",
                    form == INFERRED_ORIGIN ? "x" : NULL);
        add_process(other, "C:\\agent.exe", "tcp.port==2");
        if (form == CANDIDATES)
            add_process(other, "C:\\agent.exe", "tcp.port==2");
        g_ptr_array_add(set->records, origin);
        g_ptr_array_add(set->records, other);
        static const char rules[] = "[a]\nprocess=agent.exe\n";
        g_autoptr(Allow) allow = allow_parse(rules, strlen(rules), NULL);
        allow_apply(allow, set);
        g_test_message("case %d", form);
        g_assert_true(!origin->allowed.rule == (form == OTHER_ORIGIN || form == INFERRED_ORIGIN));
        g_assert_true(!other->allowed.rule == (form != CARRIED));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/allow/places", test_places);
    g_test_add_func("/cli/allow/host-like-address", test_host_that_is_called_like_an_address);
    g_test_add_func("/cli/allow/users", test_users);
    g_test_add_func("/record/allow/users-that-are-not-proven", test_users_that_are_not_proven);
    g_test_add_func("/cli/allow/several-users", test_several_users);
    g_test_add_func("/cli/allow/processes", test_processes);
    g_test_add_func("/cli/allow/until", test_until);
    g_test_add_func("/cli/allow/reason", test_reason);
    g_test_add_func("/cli/allow/errors", test_errors);
    g_test_add_func("/cli/allow/inferred", test_inferred);
    return g_test_run();
}
