// SPDX-License-Identifier: GPL-2.0-or-later
// dce_rpc.log as Zeek writes it, one line a call. Its reader takes `\t` between fields and "-" for what is not known; bytes
// that would end a field are written as \xHH.

#include "base/text-escape.h"
#include "base/time.h"
#include "output/format.h"
#include "record/text.h"

#include <inttypes.h>

static void zeek_begin(Out *out)
{
    if (!out->style.goes_on)
        (void) fputs(
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdce_rpc\n"
            "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\trtt\tnamed_pipe\tendpoint\toperation\n"
            "#types\ttime\tstring\taddr\tport\taddr\tport\tinterval\tstring\tstring\tstring\n",
            out->stream);
}

static void put_text(FILE *stream, const char *text)
{
    (void) putc('\t', stream);
    if (!text || !*text)
        (void) putc('-', stream);
    for (const char *p = text ? text : "", *next; *p; p = next) {
        next = g_utf8_next_char(p);
        bool plain = *p != '\\' && text_is_printable(g_utf8_get_char(p));
        for (; p < next; p++)
            (void) fprintf(stream, plain ? "%c" : "\\x%02x", (guchar) *p);
    }
}

static void put_port(FILE *stream, int64_t port)
{
    (void) fprintf(stream, "\t%" PRId64, port == NUMBER_UNKNOWN ? 0 : port);
}

static void put_seconds(FILE *stream, int64_t time)
{
    (void) fprintf(stream, "%" PRId64 ".%06" PRId64, time / TIME_SECOND, time % TIME_SECOND / TIME_MICROSECOND);
}

static void zeek_record(Out *out, const RecordSet *set, const Record *r)
{
    (void) set;
    g_autofree char *uid = record_text_id(r);
    for (guint i = 0; i < r->calls->len; i++) {
        const RecordCall *call = &g_array_index(r->calls, RecordCall, i);
        int64_t time = time_parse_utc(call->time);
        if (time == NUMBER_UNKNOWN || !r->client.ip || !r->server.ip)
            continue;
        put_seconds(out->stream, time);
        put_text(out->stream, uid);
        put_text(out->stream, r->client.ip);
        put_port(out->stream, r->client.port);
        put_text(out->stream, r->server.ip);
        put_port(out->stream, r->server.port);
        put_text(out->stream, NULL); // rtt: the answer's time is not kept
        g_autofree char *port = r->server.port == NUMBER_UNKNOWN ? NULL : g_strdup_printf("%" PRId64, r->server.port);
        put_text(out->stream, port); // over TCP, Zeek puts the port where a pipe's name would be
        put_text(out->stream, call->interface);
        g_autofree char *opnum =
            call->opnum == NUMBER_UNKNOWN ? NULL : g_strdup_printf("unknown-%" PRId64, call->opnum);
        put_text(out->stream, call->method ? call->method : opnum);
        (void) putc('\n', out->stream);
    }
}

const OutFormat out_format_zeek = {
    .name = "dce_rpc.log",
    .summary = "one line a call, as Zeek's log of that name",
    .live = OUT_LIVE_ENDS,
    .begin = zeek_begin,
    .record = zeek_record,
};
