// SPDX-License-Identifier: GPL-2.0-or-later
#include "frame.h"

#include "adopt.h"
#include "compat.h"

#include <epan/conversation.h>
#include <wiretap/wtap.h>

static int proto_car;
static int hf_flags, hf_len; ///< core's, of TCP

void frame_register(int proto)
{
    proto_car = proto;
}

Endpoint frame_endpoint(const address *a, uint32_t port)
{
    Endpoint e = {.port = (uint16_t) port};
    if (a->type == AT_IPv4) {
        memset(e.ip + 10, 0xff, 2);
        memcpy(e.ip + 12, a->data, 4);
    } else if (a->type == AT_IPv6) {
        memcpy(e.ip, a->data, 16);
    }
    return e;
}

int frame_sender(const Conversation *c, const packet_info *pinfo)
{
    if (c->side[0].port != c->side[1].port)
        return c->side[0].port == pinfo->srcport ? 0 : 1;
    const Endpoint from = frame_endpoint(&pinfo->src, pinfo->srcport);
    return memcmp(from.ip, c->side[0].ip, sizeof(from.ip)) == 0 ? 0 : 1;
}

/** The TCP conversation of a frame, or NULL for a frame of anything else, such as an ICMP error that quotes TCP. */
static conversation_t *tcp_conversation(packet_info *pinfo)
{
    if (pinfo->ptype != PT_TCP || (pinfo->src.type != AT_IPv4 && pinfo->src.type != AT_IPv6) ||
        proto_is_frame_protocol(pinfo->layers, "icmp") || proto_is_frame_protocol(pinfo->layers, "icmpv6"))
        return NULL;
    return find_conversation_pinfo(pinfo, 0);
}

Conversation *frame_conversation(packet_info *pinfo)
{
    conversation_t *tcp = tcp_conversation(pinfo);
    return tcp ? conversation_get_proto_data(tcp, proto_car) : NULL;
}

void frame_want(GArray *wanted)
{
    hf_flags = proto_registrar_get_id_byname("tcp.flags");
    hf_len = proto_registrar_get_id_byname("tcp.len");
    g_array_append_val(wanted, hf_flags);
    g_array_append_val(wanted, hf_len);
}

/** The field of the innermost TCP segment in the frame; 0 when there is none. */
static uint32_t tcp_uint(proto_tree *tree, int hf)
{
    const GPtrArray *found = tree ? proto_get_finfo_ptr_array(tree, hf) : NULL;
    return found && found->len > 0 ? field_uint(g_ptr_array_index(found, found->len - 1)) : 0;
}

Conversation *frame_count(packet_info *pinfo, proto_tree *tree)
{
    conversation_t *tcp = tcp_conversation(pinfo);
    if (!tcp)
        return NULL;
    Conversation *c = conversation_get_proto_data(tcp, proto_car);
    if (!c) {
        const Endpoint from = frame_endpoint(&pinfo->src, pinfo->srcport);
        const Endpoint to = frame_endpoint(&pinfo->dst, pinfo->destport);
        c = conversation_make(wmem_file_scope(), &from, &to);
        conversation_add_proto_data(tcp, proto_car, c);
        adopt_watch(tcp, pinfo);
    }
    const wtap_rec *rec = pinfo->rec;
    bool has_id = rec->rec_type == REC_TYPE_PACKET && rec->presence_flags & WTAP_HAS_INTERFACE_ID;
    const Frame frame = {
        .number = pinfo->num,
        .time = pinfo->abs_ts,
        .time_digits = rec->tsprec,
        .interface_id = has_id ? rec->rec_header.packet_header.interface_id : 0,
        .length = pinfo->fd->pkt_len,
        .side = frame_sender(c, pinfo),
        .flags = tcp_uint(tree, hf_flags),
        .payload = tcp_uint(tree, hf_len) > 0,
    };
    conversation_count(c, wmem_file_scope(), &frame);
    return c;
}
