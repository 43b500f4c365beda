// SPDX-License-Identifier: GPL-2.0-or-later
#include "event/event.h"

static const char *const names[N_EVENT_KINDS] = {
    [EVENT_BEGIN] = "begin",
    [EVENT_CONN] = "conn",
    [EVENT_BIND] = "bind",
    [EVENT_BIND_ACK] = "bind-ack",
    [EVENT_EVIDENCE] = "evidence",
    [EVENT_AUTH] = "auth",
    [EVENT_CALL] = "call",
    [EVENT_FRAGMENT] = "fragment",
    [EVENT_RESPONSE] = "response",
    [EVENT_DETAILS] = "details",
    [EVENT_LOGIN] = "login",
    [EVENT_CLIENT] = "client",
    [EVENT_OUTCOME] = "outcome",
    [EVENT_UNDECODABLE] = "undecodable",
    [EVENT_TECHNIQUE] = "technique",
    [EVENT_HINT] = "hint",
    [EVENT_ACTIVATION] = "activation",
    [EVENT_ACTIVATED] = "activated",
    [EVENT_STATE] = "state",
    [EVENT_END] = "end",
    [EVENT_DONE] = "done",
};

const Vocabulary event_words = {names, N_EVENT_KINDS};

#define ITEM(path, type, member)                                                                                       \
    {                                                                                                                  \
        path, type, offsetof(EventItem, member), NULL, NULL, 0                                                         \
    }
#define END_OF_ITEM                                                                                                    \
    {                                                                                                                  \
        NULL, MEMBER_TEXT, 0, NULL, NULL, 0                                                                            \
    }

static const EventMember context_members[] = {
    ITEM("id", MEMBER_NUMBER, id),
    ITEM("uuid", MEMBER_TEXT, uuid),
    ITEM("interface", MEMBER_TEXT, interface),
    ITEM("version", MEMBER_TEXT, version),
    ITEM("transfer", MEMBER_TEXT, transfer),
    END_OF_ITEM,
};

static const EventMember result_members[] = {
    ITEM("id", MEMBER_NUMBER, id),
    ITEM("uuid", MEMBER_TEXT, uuid),
    {"result", MEMBER_WORD, offsetof(EventItem, result), &context_result_words, NULL, 0},
    END_OF_ITEM,
};

static const EventMember property_members[] = {
    ITEM("name", MEMBER_TEXT, name),
    ITEM("value", MEMBER_TEXT, value),
    END_OF_ITEM,
};

static const EventMember mark_members[] = {
    ITEM("mark", MEMBER_TEXT, name),
    ITEM("frame", MEMBER_NUMBER, frame),
    END_OF_ITEM,
};

static const EventMember part_members[] = {
    ITEM("first", MEMBER_NUMBER, first),
    ITEM("last", MEMBER_NUMBER, last),
    ITEM("frames", MEMBER_NUMBER, frames),
    END_OF_ITEM,
};

static const EventMember process_members[] = {
    ITEM("conn", MEMBER_NUMBER, conn),
    ITEM("frame", MEMBER_NUMBER, frame),
    ITEM("call_frame", MEMBER_NUMBER, call_frame),
    ITEM("pid", MEMBER_NUMBER, pid),
    ITEM("process_start", MEMBER_TEXT, process_start),
    ITEM("host", MEMBER_TEXT, host),
    ITEM("fqdn", MEMBER_TEXT, fqdn),
    END_OF_ITEM,
};

static const EventMember candidate_members[] = {
    ITEM("user", MEMBER_TEXT, user),
    ITEM("domain", MEMBER_TEXT, domain),
    ITEM("frame", MEMBER_NUMBER, frame),
    ITEM("age", MEMBER_NUMBER, age),
    END_OF_ITEM,
};

#define BIT(kind) (1u << EVENT_##kind)
#define OF_CALL                                                                                                        \
    (BIT(CALL) | BIT(FRAGMENT) | BIT(RESPONSE) | BIT(DETAILS) | BIT(LOGIN) | BIT(CLIENT) | BIT(OUTCOME) |              \
     BIT(UNDECODABLE) | BIT(TECHNIQUE) | BIT(HINT) | BIT(ACTIVATION) | BIT(ACTIVATED))
#define OF_PDU (OF_CALL | BIT(BIND) | BIT(BIND_ACK) | BIT(EVIDENCE) | BIT(AUTH))
#define TOTALS (BIT(STATE) | BIT(END))

#define MEMBER(path, type, member, kinds)                                                                              \
    {                                                                                                                  \
        path, type, offsetof(Event, member), NULL, NULL, kinds                                                         \
    }
#define TEXT(path, member, kinds) MEMBER(path, MEMBER_TEXT, member, kinds)
#define NUMBER(path, member, kinds) MEMBER(path, MEMBER_NUMBER, member, kinds)
#define ANSWER(path, member, kinds) MEMBER(path, MEMBER_ANSWER, member, kinds)
#define WORD(path, member, words, kinds)                                                                               \
    {                                                                                                                  \
        path, MEMBER_WORD, offsetof(Event, member), &words, NULL, kinds                                                \
    }
#define TEXTS(path, member, kinds) MEMBER(path, MEMBER_TEXTS, member, kinds)
#define ITEMS(path, member, items, kinds)                                                                              \
    {                                                                                                                  \
        path, MEMBER_ITEMS, offsetof(Event, member), NULL, items, kinds                                                \
    }

// clang-format off
static const EventMember members[] = {
    NUMBER("format", format, BIT(BEGIN)),
    TEXT("plugin", plugin, BIT(BEGIN)),
    TEXT("wireshark", wireshark, BIT(BEGIN)),
    NUMBER("conn", conn, OF_PDU | TOTALS | BIT(CONN)),
    NUMBER("frame", frame, OF_PDU | BIT(STATE) | BIT(CONN)),
    NUMBER("call", call, OF_CALL),
    TEXT("client.ip", client_ip, BIT(CONN)),
    NUMBER("client.port", client_port, BIT(CONN)),
    TEXT("server.ip", server_ip, BIT(CONN)),
    NUMBER("server.port", server_port, BIT(CONN)),

    ANSWER("closed", closed, TOTALS),
    NUMBER("activity", activity, TOTALS),
    WORD("kind", evidence, evidence_words, BIT(EVIDENCE)),
    WORD("confidence", confidence, confidence_words, BIT(EVIDENCE) | TOTALS),
    WORD("verdict", verdict, verdict_words, TOTALS),
    WORD("verdict_reason", verdict_reason, attempt_reason_words, TOTALS),
    NUMBER("activation_conn", activation_conn, TOTALS),
    NUMBER("activation_frame", activation_frame, TOTALS),
    NUMBER("activation_call", activation_call, TOTALS),
    NUMBER("lookup.frame", lookup_frame, TOTALS),
    NUMBER("lookup.response_frame", lookup_response_frame, TOTALS),
    NUMBER("lookup.client_port", lookup_client_port, TOTALS),
    TEXT("lookup.interface", lookup_interface, TOTALS),
    ANSWER("callback", callback, TOTALS),
    NUMBER("first_frame", first_frame, TOTALS | BIT(CONN)),
    NUMBER("last_frame", last_frame, TOTALS),
    NUMBER("frames", frames, TOTALS),
    ITEMS("parts", parts, part_members, TOTALS),
    ITEMS("processes", processes, process_members, TOTALS),
    NUMBER("bytes_client", bytes_client, TOTALS),
    NUMBER("bytes_server", bytes_server, TOTALS),
    TEXT("start_time", start_time, TOTALS | BIT(CONN)),
    TEXT("end_time", end_time, TOTALS),

    ANSWER("alter", alter, BIT(BIND)),
    ITEMS("contexts", contexts, context_members, BIT(BIND)),
    NUMBER("bind_frame", bind_frame, BIT(BIND_ACK)),
    ITEMS("results", results, result_members, BIT(BIND_ACK)),

    TEXT("time", time, BIT(CALL)),
    TEXT("uuid", uuid, BIT(CALL)),
    TEXT("interface", interface, BIT(CALL)),
    WORD("interface_source", interface_source, interface_source_words, BIT(CALL)),
    NUMBER("opnum", opnum, BIT(CALL)),
    TEXT("method", method, BIT(CALL)),
    WORD("stage", stage, stage_words, BIT(CALL)),
    TEXT("object", object, BIT(CALL)),
    NUMBER("server_pid", server_pid, BIT(CALL)),
    TEXT("namespace", namespace_path, BIT(CALL) | BIT(LOGIN)),
    NUMBER("origin", origin, BIT(CALL)),
    TEXT("auth.type", auth_type, BIT(BIND) | BIT(AUTH) | BIT(CALL)),
    WORD("auth.level", auth_level, auth_level_words, BIT(BIND) | BIT(AUTH) | BIT(CALL)),
    ANSWER("sealed", sealed, BIT(CALL) | BIT(RESPONSE)),
    ANSWER("fault", fault, BIT(RESPONSE)),
    ANSWER("decrypted", decrypted, BIT(CALL) | BIT(RESPONSE)),
    NUMBER("command_length", command_length, BIT(CALL)),

    TEXT("spn", spn, BIT(AUTH)),
    TEXT("realm", realm, BIT(AUTH)),
    TEXT("user", user, BIT(AUTH) | BIT(CALL)),
    TEXT("domain", domain, BIT(AUTH) | BIT(CALL)),
    TEXT("workstation", workstation, BIT(AUTH) | BIT(CALL)),
    WORD("user_source", user_source, user_source_words, BIT(AUTH) | BIT(CALL)),
    NUMBER("user_frame", user_frame, BIT(AUTH) | BIT(CALL)),
    ITEMS("user_candidates", user_candidates, candidate_members, BIT(AUTH)),

    WORD("of", of, call_half_words, BIT(FRAGMENT) | BIT(UNDECODABLE)),
    TEXT("reason", reason, BIT(UNDECODABLE) | BIT(TECHNIQUE)),
    TEXT("host", host, BIT(CLIENT)),
    TEXT("fqdn", fqdn, BIT(CLIENT)),
    NUMBER("pid", pid, BIT(CLIENT)),
    TEXT("process_start", process_start, BIT(CLIENT)),
    TEXT("source", source, BIT(CLIENT)),
    TEXT("locale", locale, BIT(LOGIN)),
    TEXT("query", query, BIT(DETAILS)),
    TEXT("query_language", query_language, BIT(DETAILS)),
    TEXT("object_path", object_path, BIT(DETAILS)),
    TEXT("class", class_name, BIT(DETAILS)),
    TEXT("wmi_method", wmi_method, BIT(DETAILS)),
    TEXT("command_line", command_line, BIT(DETAILS)),
    NUMBER("request_frame", request_frame, BIT(ACTIVATED)),
    TEXT("oxid", oxid, BIT(ACTIVATED)),
    TEXTS("bindings", bindings, BIT(ACTIVATED)),
    NUMBER("status", status, BIT(OUTCOME) | BIT(ACTIVATED)),
    TEXT("status_name", status_name, BIT(OUTCOME)),
    NUMBER("operation_status", operation_status, BIT(OUTCOME)),
    TEXT("operation_status_name", operation_status_name, BIT(OUTCOME)),
    TEXT("text", text, BIT(OUTCOME) | BIT(HINT)),
    ITEMS("properties", properties, property_members, BIT(DETAILS) | BIT(OUTCOME)),
    WORD("technique", technique, technique_words, BIT(TECHNIQUE)),
    TEXTS("families", families, BIT(HINT)),
    ITEMS("marks", marks, mark_members, BIT(HINT)),
    TEXT("clsid", clsid, BIT(ACTIVATION)),
    TEXT("server_name", server_name, BIT(ACTIVATION)),
    TEXTS("iids", iids, BIT(ACTIVATION)),
};
// clang-format on

const EventMember *event_members(size_t *n)
{
    *n = sizeof(members) / sizeof(members[0]);
    return members;
}

Event event_make(EventKind kind)
{
    Event e = {.kind = kind};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        void *at = (char *) &e + members[i].offset;
        if (members[i].type == MEMBER_NUMBER)
            *(int64_t *) at = EVENT_UNKNOWN;
        else if (members[i].type == MEMBER_ANSWER)
            *(int *) at = EVENT_UNKNOWN;
    }
    return e;
}

EventItem event_item_make(void)
{
    return (EventItem){
        .id = EVENT_UNKNOWN,
        .first = EVENT_UNKNOWN,
        .last = EVENT_UNKNOWN,
        .frames = EVENT_UNKNOWN,
        .conn = EVENT_UNKNOWN,
        .frame = EVENT_UNKNOWN,
        .call_frame = EVENT_UNKNOWN,
        .pid = EVENT_UNKNOWN,
        .age = EVENT_UNKNOWN,
    };
}
