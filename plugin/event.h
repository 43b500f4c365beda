// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * `tshark -q -z car,events`: the plugin's evidence for programs, one JSON object a line on standard output.
 *
 * Each line has "event"; numbers are JSON numbers, an unknown member is absent. "frame" is the frame in which the thing
 * stands. "conn" numbers the TCP conversations of this run (from 1) and ties the lines together; "call" numbers calls.
 * Times are RFC 3339 UTC strings. Lines of one conversation come in frame order; the lines of a conversation start when
 * it gives its first evidence, and then begin with what had been seen of it before.
 *
 * | event        | members beside "event" |
 * |--------------|------------------------|
 * | begin        | format (1), plugin (version), wireshark (version); printed once the capture was opened |
 * | conn         | conn, frame, client {ip, port}, server {ip, port} (RPC roles), start_time, first_frame |
 * | bind         | conn, frame, alter (bool), contexts [{id, uuid, version, interface, transfer}], auth |
 * | bind-ack     | conn, frame, bind_frame, results [{id, uuid, result}], accepted as result "accepted"; others:
 * "rejected", "negotiated" | | evidence     | conn, frame, kind (reference of `car.wmi_rpc.evidence`), confidence | |
 * auth         | conn, frame, auth, spn, realm, user, domain, workstation, user_source | | call         | conn, frame,
 * call, interface, uuid, interface_source ("bind", "ipid", "structure"), opnum, method, stage, object (IPID), auth,
 * sealed (bool) | | fragment     | conn, frame, call, of ("request" or "response"): a further PDU of the same call | |
 * response     | conn, frame, call, sealed, fault (bool), status, status_name | | activation   | conn, frame, call,
 * clsid, server_name, iids [] | | activated    | conn, frame, request_frame, oxid, bindings ["host[port]"], status | |
 * end          | conn, activity, confidence, activation_frame, activation_conn, callback (bool), first_frame,
 * last_frame, frames, bytes_client, bytes_server, start_time, end_time; once a conversation, after the last packet | |
 * done         | frames; last line: the whole capture was processed |
 *
 * "auth" is {type, level}: type "ntlm", "kerberos", "spnego", "netlogon", "schannel", "none" or a number as text; level
 * "none", "connect", "call", "packet", "integrity", "privacy".
 */
#ifndef CAR_EVENT_H
#define CAR_EVENT_H

/** Offers the statistic to tshark; it listens to the tap "car", which carries the PduResults of a frame. */
void car_event_register(void);

#endif
