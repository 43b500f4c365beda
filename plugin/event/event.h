// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The seam between plugin and programs: what the judge found, one event at a time, as `tshark -q -z car,events` prints it, one
 * JSON object a line.
 *
 * Names of events and members stand in event.c, once: writer and readers both go by event_members().
 *
 * "frame" is the frame in which the thing stands. "conn" numbers the TCP conversations of this run (from 1) and ties the
 * events together; "call" numbers calls, over all conversations. An unknown member is absent. Times are RFC 3339 UTC.
 * Events of one conversation come in frame order; they start when it gives its first evidence, and then begin with what had
 * been seen of it before. What each member means is described in car-wmi-events(5).
 */
#ifndef CAR_EVENT_EVENT_H
#define CAR_EVENT_EVENT_H

#include "names/techniques.h"
#include "names/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_FORMAT 2                            ///< the version of what is described here
#define EVENT_KIND "event"                        ///< the member that names the kind; it comes first
#define EVENT_UNKNOWN (-1)                        ///< of a number or answer
#define EVENT_LIST_MAX 4096u                      ///< items that a reader takes of one list
#define EVENT_NUMBER_MAX ((INT64_C(1) << 48) - 1) ///< the largest number that it takes: what is added up stays a number

typedef enum {
    EVENT_NONE,
    EVENT_BEGIN,       ///< once the capture was opened
    EVENT_CONN,        ///< a conversation that gave evidence
    EVENT_BIND,        ///< Bind or Alter_context
    EVENT_BIND_ACK,    ///< its answer
    EVENT_EVIDENCE,    ///< why the conversation is remote WMI, or DCOM
    EVENT_AUTH,        ///< what a token in a verifier says
    EVENT_CALL,        ///< the first PDU of a request
    EVENT_FRAGMENT,    ///< a further PDU of a request or response
    EVENT_RESPONSE,    ///< the first PDU of a response, or a fault
    EVENT_DETAILS,     ///< a request that can be read
    EVENT_LOGIN,       ///< NTLMLogin or OpenNamespace that can be read
    EVENT_CLIENT,      ///< SetClientInfo or SetClientInfoEx: who the client says it is
    EVENT_OUTCOME,     ///< a response that can be read, or a fault
    EVENT_UNDECODABLE, ///< in clear or decrypted, but its structure does not hold
    EVENT_TECHNIQUE,
    EVENT_HINT,       ///< client family
    EVENT_ACTIVATION, ///< an activation that can be read
    EVENT_ACTIVATED,  ///< its answer, or that of a resolution of an OXID
    EVENT_STATE,      ///< totals up to here: confidence, activity or activation changed, or the connection was closed
    EVENT_END,        ///< totals after the last packet
    EVENT_DONE,       ///< the capture was processed to its end, or to where it is damaged
    N_EVENT_KINDS
} EventKind;

extern const Vocabulary event_words;

/** One of a list. Which members there are depends on the list. */
typedef struct {
    int64_t id, first, last, frames, conn, frame, call_frame, pid, age;
    const char *uuid, *interface, *version, *transfer, *name, *value, *process_start, *host, *fqdn, *user, *domain;
    ContextResult result;
} EventItem;

typedef struct {
    const EventItem *items; ///< not owned
    unsigned n;
} EventList;

/** A text that is not known is NULL, a number or answer EVENT_UNKNOWN, a word 0, a list NULL. Nothing is owned. */
typedef struct {
    EventKind kind;
    int64_t format;
    const char *plugin, *wireshark;

    int64_t conn, frame, call;
    const char *client_ip, *server_ip;
    int64_t client_port, server_port;

    int closed; ///< answers: 0, 1 or EVENT_UNKNOWN
    int64_t activity;
    Confidence confidence;
    Verdict verdict;
    AttemptReason verdict_reason; ///< of an attempt
    EvidenceKind evidence;
    int64_t activation_conn, activation_frame, activation_call;
    int64_t lookup_frame, lookup_response_frame, lookup_client_port; ///< in the endpoint mapper, that led here
    const char *lookup_interface;
    int callback;
    int64_t first_frame, last_frame, frames, bytes_client, bytes_server;
    const char *start_time, *end_time;
    EventList parts;
    EventList processes; ///< that the client is, which it did not say in this conversation

    int alter;
    EventList contexts;
    int64_t bind_frame;
    EventList results;

    const char *time;
    const char *uuid, *interface;
    InterfaceSource interface_source;
    int64_t opnum;
    const char *method;
    Stage stage;
    const char *object;
    int64_t server_pid;
    const char *namespace_path;
    int64_t origin;
    const char *auth_type;
    AuthLevel auth_level;
    int sealed, decrypted, fault;
    int64_t command_length;

    const char *spn, *realm, *user, *domain, *workstation;
    UserSource user_source;
    int64_t user_frame;
    EventList user_candidates; ///< where the user is not known

    CallHalf of;
    const char *reason;
    const char *host, *fqdn;
    int64_t pid;
    const char *process_start, *source;
    const char *locale, *query, *query_language, *object_path, *class_name, *wmi_method, *command_line;
    EventList properties;
    int64_t status;
    const char *status_name;
    int64_t operation_status;
    const char *operation_status_name, *text;
    Technique technique;
    EventList families, marks;
    const char *clsid, *server_name;
    EventList iids;
    int64_t request_frame;
    const char *oxid;
    EventList bindings;
} Event;

/** An event of which nothing is known yet, and an item of a list. */
Event event_make(EventKind kind);
EventItem event_item_make(void);

typedef enum { MEMBER_TEXT, MEMBER_NUMBER, MEMBER_ANSWER, MEMBER_WORD, MEMBER_TEXTS, MEMBER_ITEMS } EventMemberType;

/** A member of events, or of the items of a list. */
typedef struct EventMember {
    const char *path; ///< its name; "auth.type" is the member "type" of the object "auth"
    EventMemberType type;
    size_t offset;                   ///< in Event, or in EventItem
    const Vocabulary *words;         ///< of MEMBER_WORD
    const struct EventMember *items; ///< of MEMBER_ITEMS, up to one without a path
    uint32_t kinds;                  ///< bit mask of the kinds of events that have it
} EventMember;

/** All members, in the order in which they are written. */
const EventMember *event_members(size_t *n);

#endif
