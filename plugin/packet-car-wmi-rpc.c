// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Protocol "car": MITRE's analytic CAR-2014-11-007 (Remote WMI over RPC) as display-filter fields.
 *
 * A postdissector. On the first pass it takes the DCE/RPC PDUs that core found in the frame, whatever carried and
 * reassembled them, and hands their bytes to the judge (judge/judge.h). What the tracker says hangs on the frame, and is
 * shown from there on every pass: Wireshark primes wanted fields on the first pass only.
 */
#include "adopt.h"
#include "compat.h"
#include "event-tap.h"
#include "frame.h"
#include "info-column.h"
#include "judge/judge.h"
#include "show.h"
#include "statistics.h"

#include <epan/prefs.h>
#include <epan/proto_data.h>
#include <epan/tap.h>

#define KERBEROS_PORT 88

static int proto_car;
static int hf_core_version; ///< dcerpc.ver: stands at the start of each DCE/RPC PDU
static int hf_core_as_rep;  ///< kerberos.as_rep_element: covers the message
static int hf_core_tgs_rep; ///< kerberos.tgs_rep_element
static int car_tap;
static int min_confidence = CONFIDENCE_WMI;
static WsBool info_column = TRUE;
static Tracker *tracker; ///< of the capture file that is open

/** The next stub that core decrypted in this frame, in the order of the PDUs; NULL when there is none left. */
static tvbuff_t *next_decrypted(GSList **sources)
{
    while (*sources) {
        const struct data_source *source = (*sources)->data;
        *sources = (*sources)->next;
        if (is_decrypted_stub(source))
            return get_data_source_tvb(source);
    }
    return NULL;
}

/** Takes the PDUs of a frame that is seen for the first time. */
static PduResult *take_pdus(packet_info *pinfo, proto_tree *tree, Conversation *c)
{
    PduResult *first = NULL, **next = &first;
    GPtrArray *versions = tree ? proto_get_finfo_ptr_array(tree, hf_core_version) : NULL;
    if (!versions || versions->len == 0)
        return NULL;
    GSList *sources = pinfo->data_src;
    tvbuff_t *plain = next_decrypted(&sources);
    for (guint i = 0; i < versions->len; i++) {
        const field_info *version = g_ptr_array_index(versions, i);
        int len = tvb_captured_length_remaining(version->ds_tvb, version->start);
        if (len <= 0)
            continue;
        PduBytes bytes = {
            .frame = pinfo->num,
            .side = frame_sender(c, pinfo),
            .data = tvb_get_ptr(version->ds_tvb, version->start, len),
            .len = (size_t) len,
        };
        if (plain && tracker_fits_decrypted(&bytes, tvb_captured_length(plain))) {
            bytes.plain_len = tvb_captured_length(plain);
            bytes.plain = tvb_get_ptr(plain, 0, (int) bytes.plain_len);
            plain = next_decrypted(&sources);
        }
        *next = tracker_pdu(tracker, c, &bytes);
        if (*next)
            next = &(*next)->next;
    }
    return first;
}

/** Takes the tickets that a key distribution centre hands out. */
static void take_kdc_replies(const packet_info *pinfo, proto_tree *tree, int hf)
{
    GPtrArray *replies = tree && hf > 0 ? proto_get_finfo_ptr_array(tree, hf) : NULL;
    if (!replies || pinfo->srcport != KERBEROS_PORT)
        return;
    const Endpoint client = frame_endpoint(&pinfo->dst, pinfo->destport);
    for (guint i = 0; i < replies->len; i++) {
        const field_info *reply = g_ptr_array_index(replies, i);
        int len = MIN(reply->length, tvb_captured_length_remaining(reply->ds_tvb, reply->start));
        if (len > 0)
            tracker_kdc_reply(tracker, pinfo->num, &pinfo->abs_ts, client.ip,
                              tvb_get_ptr(reply->ds_tvb, reply->start, len), (size_t) len);
    }
}

/** What the PDUs of a frame showed: found on the first pass, kept for the others. */
static PduResult *frame_results(packet_info *pinfo, proto_tree *tree, Conversation *c)
{
    if (PINFO_FD_VISITED(pinfo))
        return p_get_proto_data(wmem_file_scope(), pinfo, proto_car, 0);
    PduResult *results = take_pdus(pinfo, tree, c);
    if (results)
        p_add_proto_data(wmem_file_scope(), pinfo, proto_car, 0, results);
    return results;
}

static int dissect_car(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    bool first_pass = !PINFO_FD_VISITED(pinfo);
    if (first_pass) {
        take_kdc_replies(pinfo, tree, hf_core_as_rep);
        take_kdc_replies(pinfo, tree, hf_core_tgs_rep);
    }
    Conversation *c = first_pass ? frame_count(pinfo, tree) : frame_conversation(pinfo);
    if (!c)
        return 0;
    PduResult *results = frame_results(pinfo, tree, c);
    if (results)
        tap_queue_packet(car_tap, pinfo, results);
    if (c->confidence == CONFIDENCE_NONE && !show_is_lookup(c, results))
        return 0;
    if (info_column)
        info_column_add(pinfo, results);
    if (tree)
        show_frame(tvb, pinfo, tree, c, results, (Confidence) min_confidence);
    return (int) tvb_captured_length(tvb);
}

/** What Wireshark's "Conversation Filter" selects: all connections of the packet's activity; 0 for other packets. */
static uint32_t packet_activity(packet_info *pinfo)
{
    Conversation *c = frame_conversation(pinfo);
    return c ? conversation_activity(c) : 0;
}

static WsBool has_activity(CONVERSATION_FILTER_PARAMETERS)
{
    return packet_activity(pinfo) != 0;
}

static char *activity_filter(CONVERSATION_FILTER_PARAMETERS)
{
    return g_strdup_printf("car.wmi_rpc.activity == %u", packet_activity(pinfo));
}

static void file_opened(void)
{
    tracker = tracker_new(wmem_file_scope());
}

static void register_preferences(void)
{
    static const enum_val_t confidences[] = {
        {"wmi", "wmi: remote WMI for certain", CONFIDENCE_WMI},
        {"dcom", "dcom: any DCOM as well", CONFIDENCE_DCOM},
        {"rpcss", "rpcss: the analytic's estimate as well", CONFIDENCE_RPCSS},
        {NULL, NULL, 0},
    };
    module_t *module = prefs_register_protocol(proto_car, NULL);
    prefs_register_enum_preference(module, "wmi_rpc.min_confidence", "Least confidence of car.wmi_rpc",
                                   "car.wmi_rpc is set on conversations judged with at least this confidence",
                                   &min_confidence, confidences, FALSE);
    prefs_register_bool_preference(module, "wmi_rpc.info_column", "Name methods in the Info column",
                                   "The Info column names interfaces and methods where Wireshark itself shows only "
                                   "their UUIDs and operation numbers",
                                   &info_column);
}

void car_register_protocol(void);
void car_register_handoff(void);

void car_register_protocol(void)
{
    proto_car = proto_register_protocol("MITRE CAR analytics", "CAR", "car");
    frame_register(proto_car);
    show_register(proto_car);
    register_preferences();
    CONVERSATION_FILTER_REGISTER("car", "CAR WMI activity", has_activity, activity_filter);
    car_tap = register_tap("car");
    register_init_routine(file_opened);
    event_tap_register();
    statistics_tree_register(&min_confidence);
    statistics_activities_register(&min_confidence);
}

void car_register_handoff(void)
{
    hf_core_version = proto_registrar_get_id_byname("dcerpc.ver");
    if (hf_core_version <= 0)
        return;
    dissector_handle_t handle = create_dissector_handle(dissect_car, proto_car);
    hf_core_as_rep = proto_registrar_get_id_byname("kerberos.as_rep_element");
    hf_core_tgs_rep = proto_registrar_get_id_byname("kerberos.tgs_rep_element");
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_val(wanted, hf_core_version);
    if (hf_core_as_rep > 0)
        g_array_append_val(wanted, hf_core_as_rep);
    if (hf_core_tgs_rep > 0)
        g_array_append_val(wanted, hf_core_tgs_rep);
    frame_want(wanted);
    register_postdissector(handle);
    set_postdissector_wanted_hfids(handle, wanted);
    adopt_register();
}
