// SPDX-License-Identifier: GPL-2.0-or-later
// For people: a line a thing that was done, as it is done. Everything in it went through text_escape().

#include "record/actions.h"
#include "base/text-escape.h"
#include "join/summary.h"
#include "output/people.h"
#include "record/basis.h"
#include "record/summary.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

#define INDENT 4u

static const RecordEnd *client_of(const Record *r)
{
    return r->callback ? &r->server : &r->client;
}

/** "2020-08-06 08:00:00 UTC  WS05 (192.0.2.5) → WS06 (192.0.2.6)  EXAMPLE\user  process 7240". Owned by the caller. */
static char *who_text(const Out *out, const Record *r, const char *time)
{
    GString *s = g_string_new(NULL);
    g_autofree char *hosts = people_hosts(out, client_of(r), r->callback ? &r->client : &r->server);
    if (time && strlen(time) >= strlen("2020-08-06T07:56:41"))
        g_string_append_printf(s, "%.10s %.8s UTC  ", time, time + 11);
    g_string_append(s, hosts);
    g_autofree char *users = record_text_users(r);
    if (users)
        g_string_append_printf(s, "  %s%s", users, basis_note(auth_basis(&r->auth)));
    const Process *process = record_process(r, ROLE_CLIENT);
    if (process && (process->pid != NUMBER_UNKNOWN || process->image)) {
        g_autofree char *name = host_summary_process(process);
        g_string_append_printf(s, "  process %s%s", name, basis_note(process_basis(process)));
    }
    if (r->confidence < CONFIDENCE_WMI)
        g_string_append_printf(s, "  %s", confidence_name(r->confidence));
    if (r->allowed.rule)
        g_string_append(s, "  allowed");
    return g_string_free(s, FALSE);
}

static void put_line(Out *out, const Record *r, const char *time, const char *what, const char *colour)
{
    g_autofree char *raw = who_text(out, r, time);
    g_autofree char *who = text_escape(raw, out->style.ascii);
    g_autofree char *text = text_escape(what, out->style.ascii);
    size_t column = people_put(out, who, 0, INDENT, r->allowed.rule ? PEOPLE_DIM : NULL), width = people_width(out);
    if (width && column + 2 + text_width(text) > width) {
        (void) putc('\n', out->stream);
        people_blanks(out->stream, INDENT);
        column = INDENT;
    } else {
        people_blanks(out->stream, 2);
        column += 2;
    }
    people_put(out, text, column, INDENT, colour);
    (void) putc('\n', out->stream);
}

/** Tells of one call. */
static void actions_call(Out *out, const Record *r, const RecordCall *call)
{
    if (!action_is_call(call))
        return;
    g_autoptr(GHashTable) none = g_hash_table_new(NULL, NULL); // what came of operations is asked for later
    g_autofree char *text = summary_phrase(r, call, none);
    g_autofree char *what = g_strdup_printf("%s  (frame %" PRId64 "%s)", text, frame_number(call->frame),
                                            call->outcome == OUTCOME_NO_ANSWER ? ", no answer seen" : "");
    put_line(out, r, call->time, what, people_colour(summary_weight(call), call->outcome));
}

/** Of a connection none of whose calls is an action, what says most of it. */
static void put_connection(Out *out, const Record *r)
{
    for (guint i = 0; i < r->calls->len; i++) {
        if (action_is_call(&g_array_index(r->calls, RecordCall, i)))
            return;
    }
    put_line(out, r, r->start_time, r->summary ? r->summary : "connected", NULL);
}

static void actions_record(Out *out, const RecordSet *set, const Record *r)
{
    (void) set;
    for (guint i = 0; !out->style.live && i < r->calls->len; i++)
        actions_call(out, r, &g_array_index(r->calls, RecordCall, i));
    put_connection(out, r);
}

const OutFormat out_format_actions = {
    .name = "actions",
    .summary = "a line a thing that was done, as it is done, for people",
    .live = OUT_LIVE_CALLS,
    .record = actions_record,
    .call = actions_call,
};
