// SPDX-License-Identifier: GPL-2.0-or-later
#include "adopt.h"

#include "wire/pdu.h"

static heur_dtbl_entry_t *heuristic; ///< core's, for DCE/RPC over TCP
static dissector_handle_t watcher;   ///< of a conversation that has carried no payload yet
static dissector_handle_t adopted;   ///< of one that began with a Bind

/** Core's heuristic rather than its dissector, which takes what comes after a lost segment for a header. */
static int dissect_adopted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    bool taken = heuristic->enabled && heuristic->dissector(tvb, pinfo, tree, data);
    return taken ? (int) tvb_captured_length(tvb) : 0;
}

/** Decides about a conversation by its first payload. On later passes, core finds what was decided. */
static int dissect_first(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    conversation_t *tcp = find_conversation_pinfo(pinfo, 0);
    if (!tcp)
        return 0;
    size_t len = tvb_captured_length(tvb);
    const uint8_t *bytes = len > 0 ? tvb_get_ptr(tvb, 0, (int) len) : NULL;
    if (bytes && pinfo->saved_can_desegment && pdu_may_be_first(bytes, len)) {
        pinfo->can_desegment = pinfo->saved_can_desegment; // as TCP offers it to those that it calls itself
        pinfo->desegment_offset = 0;
        pinfo->desegment_len = DESEGMENT_ONE_MORE_SEGMENT;
        return (int) len;
    }
    bool is = bytes && pdu_is_first(bytes, len);
    conversation_set_dissector(tcp, is ? adopted : NULL);
    if (!is)
        return 0;
    pinfo->can_desegment = pinfo->saved_can_desegment;
    return call_dissector_only(adopted, tvb, pinfo, tree, data);
}

void adopt_watch(conversation_t *tcp, const packet_info *pinfo)
{
    // Another protocol may have announced the conversation, such as FTP its data.
    if (heuristic && !conversation_get_dissector(tcp, pinfo->num))
        conversation_set_dissector(tcp, watcher);
}

void adopt_register(void)
{
    heuristic = find_heur_dissector_by_unique_short_name("dcerpc_tcp");
    watcher = create_dissector_handle(dissect_first, -1); // no layer of its own
    // It has a name because core writes that into exported PDUs.
    adopted = register_dissector("car.dcerpc", dissect_adopted, proto_get_id_by_filter_name("dcerpc"));
}
