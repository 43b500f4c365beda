// SPDX-License-Identifier: GPL-2.0-or-later
#include "event-tap.h"

#include "compat.h"
#include "frame.h"
#include "judge/announce.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/epan.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>

#include <stdio.h>

typedef struct {
    Announcer *announcer;
    GString *lines; ///< not printed yet
} Listener;

/** Sees the ends of connections. */
typedef struct {
    Listener *listener;
} TcpListener;

static tap_packet_status print_lines(Listener *l)
{
    if (l->lines->len == 0)
        return TAP_PACKET_DONT_REDRAW;
    (void) fwrite(l->lines->str, 1, l->lines->len, stdout);
    fflush(stdout); // whoever follows a live capture waits for it
    g_string_truncate(l->lines, 0);
    return TAP_PACKET_REDRAW;
}

static tap_packet_status take_frame(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *results,
                                    tap_flags_t flags _U_)
{
    Listener *l = data;
    announce_pdus(l->announcer, results);
    return print_lines(l);
}

static tap_packet_status take_tcp(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *header,
                                  tap_flags_t flags _U_)
{
    const TcpListener *l = data;
    const struct tcpheader *tcp = header;
    if (tcp->th_sport != pinfo->srcport || tcp->th_dport != pinfo->destport) // that of a tunnel
        return TAP_PACKET_DONT_REDRAW;
    Conversation *c = frame_conversation(pinfo);
    if (!c)
        return TAP_PACKET_DONT_REDRAW;
    const TcpEnd end = {
        .frame = pinfo->num,
        .side = frame_sender(c, pinfo),
        .fin = tcp->th_flags & TH_FIN,
        .reset = tcp->th_flags & TH_RST,
    };
    announce_tcp(l->listener->announcer, c, &end);
    return print_lines(l->listener);
}

static void finish(void *data)
{
    Listener *l = data;
    while (announce_end(l->announcer))
        (void) print_lines(l);
    announce_done(l->announcer);
    (void) print_lines(l);
}

static void listener_reset(void *data)
{
    announcer_reset(((Listener *) data)->announcer);
}

static void listener_free(void *data)
{
    Listener *l = data;
    announcer_free(l->announcer);
    g_string_free(l->lines, TRUE);
    g_free(l);
}

static STAT_TAP_INIT_RESULT listener_start(const char *arguments _U_, void *data _U_)
{
    Listener *l = g_new0(Listener, 1);
    l->lines = g_string_new(NULL);
    l->announcer = announcer_new(l->lines);
    GString *error =
        register_tap_listener("car", l, NULL, TL_REQUIRES_NOTHING, listener_reset, take_frame, finish, listener_free);
    if (error) {
        listener_free(l);
    } else {
        TcpListener *tcp = g_new0(TcpListener, 1);
        tcp->listener = l;
        error = register_tap_listener("tcp", tcp, NULL, TL_REQUIRES_NOTHING, NULL, take_tcp, NULL, g_free);
    }
    if (error) {
        fprintf(stderr, "car,events: %s\n", error->str);
        g_string_free(error, TRUE);
        STAT_TAP_INIT_RETURN(FALSE);
    }
    announce_begin(l->announcer, CAR_VERSION, epan_get_version());
    (void) print_lines(l);
    STAT_TAP_INIT_RETURN(TRUE);
}

void event_tap_register(void)
{
    static stat_tap_ui ui = {REGISTER_STAT_GROUP_GENERIC, NULL, "car,events", listener_start, 0, NULL};
    register_stat_tap_ui(&ui, NULL);
}
