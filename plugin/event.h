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
 * | bind-ack     | conn, frame, bind_frame, results [{id, uuid, result}]; result "accepted", "rejected" or "negotiated" |
 * | evidence     | conn, frame, kind (as `car.wmi_rpc.evidence`), confidence |
 * | auth         | conn, frame, auth, spn, realm, user, domain, workstation, user_source, user_frame |
 * | call         | conn, frame, time, call, interface, uuid, interface_source ("bind", "ipid", "structure"), opnum, method,
 * |              | stage, object (IPID), server_pid, namespace, origin (call that handed out the object), auth, sealed,
 * |              | decrypted (bool), command_length (estimate) |
 * | fragment     | conn, frame, call, of ("request" or "response"): a further PDU of the same call |
 * | response     | conn, frame, call, sealed, fault, decrypted (bool) |
 * | details      | conn, frame, call, query, query_language, object_path, class, wmi_method, command_line,
 * |              | properties [{name, value}]; a request that can be read |
 * | login        | conn, frame, call, namespace, locale; a NTLMLogin or OpenNamespace request that can be read |
 * | client       | conn, frame, call, host, fqdn, pid, process_start, source ("SetClientInfo", "SetClientInfoEx") |
 * | outcome      | conn, frame, call, status, status_name, operation_status, operation_status_name, text, properties;
 * |              | a response that can be read, or a fault |
 * | undecodable  | conn, frame, call, of, reason; a message in clear or decrypted of which the structure does not hold |
 * | technique    | conn, frame, call, technique |
 * | hint         | conn, frame, call, text; client family |
 * | activation   | conn, frame, call, clsid, server_name, iids [] |
 * | activated    | conn, frame, call, request_frame, oxid, bindings ["host[port]"], status |
 * | state        | conn, frame, closed (bool), activity, confidence, activation_frame, activation_conn, callback (bool),
 * |              | first_frame, last_frame, frames, parts [{first, last, frames}] when it came in on several interfaces,
 * |              | bytes_client, bytes_server, start_time, end_time; as they are up to here: behind the lines of a frame
 * |              | that changed confidence, activity or activation, and when the connection is closed |
 * | end          | the same without frame, after the last packet; with -2, a state tells as much |
 * | done         | none; last line: the capture was processed to its end, or to where it is damaged |
 *
 * "auth" is {type, level}: type "ntlm", "kerberos", "spnego", "netlogon", "schannel", "none" or a number as text; level
 * "none", "connect", "call", "packet", "integrity", "privacy".
 */
#ifndef CAR_PLUGIN_EVENT_H
#define CAR_PLUGIN_EVENT_H

/** Offers the statistic to tshark; it listens to the tap "car", which carries the PduResults of a frame. */
void car_event_register(void);

#endif
