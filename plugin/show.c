// SPDX-License-Identifier: GPL-2.0-or-later
#include "show.h"

#include "judge/verdict.h"
#include "names/classes.h"
#include "names/status.h"
#include "printable.h"
#include "sentence.h"

#include <epan/expert.h>

static int proto_car;
static int hf_detected = -1;
static int hf_summary = -1;
static int hf_confidence = -1, hf_verdict = -1, hf_verdict_reason = -1;
static int hf_evidence = -1;
static int hf_activity = -1;
static int hf_activation_frame = -1;
static int hf_lookup_frame = -1;
static int hf_related = -1;
static int hf_interface = -1;
static int hf_uuid = -1;
static int hf_accepted = -1;
static int hf_opnum = -1;
static int hf_method = -1;
static int hf_stage = -1;
static int hf_bind_frame = -1;
static int hf_request_frame = -1;
static int hf_response_frame = -1;
static int hf_clsid = -1;
static int hf_server_name = -1;
static int hf_spn = -1;
static int hf_auth_type = -1;
static int hf_auth_level = -1;
static int hf_sealed = -1;
static int hf_technique = -1;
static int hf_technique_reason = -1;
static int hf_user = -1;
static int hf_domain = -1;
static int hf_workstation = -1;
static int hf_user_source = -1;
static int hf_client_host = -1;
static int hf_client_fqdn = -1;
static int hf_client_pid = -1;
static int hf_client_process_start = -1;
static int hf_process = -1;
static int hf_process_inferred = -1;
static int hf_server_pid = -1;
static int hf_namespace = -1;
static int hf_locale = -1;
static int hf_query = -1;
static int hf_query_language = -1;
static int hf_object_path = -1;
static int hf_class = -1;
static int hf_wmi_method = -1;
static int hf_property = -1;
static int hf_property_name = -1;
static int hf_property_value = -1;
static int hf_command_line = -1;
static int hf_command_length = -1;
static int hf_client_hint = -1;
static int hf_outcome = -1;
static int hf_status = -1;
static int hf_undecodable = -1;
static int ett_car = -1;
static int ett_pdu = -1;
static int ett_property = -1;

static expert_field ei_execute = EI_INIT;
static expert_field ei_execute_sealed = EI_INIT;
static expert_field ei_subscription = EI_INIT;
static expert_field ei_denied = EI_INIT;
static expert_field ei_client_silent = EI_INIT;
static expert_field ei_login = EI_INIT;

static void add_string(proto_tree *tree, int hf, tvbuff_t *tvb, const char *value)
{
    if (value)
        proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, value));
}

static void add_guid(proto_tree *tree, int hf, tvbuff_t *tvb, const Guid *guid)
{
    e_guid_t value = {.data1 = guid->data1, .data2 = guid->data2, .data3 = guid->data3};
    memcpy(value.data4, guid->data4, sizeof(value.data4));
    proto_item_set_generated(proto_tree_add_guid(tree, hf, tvb, 0, 0, &value));
}

static void add_interface(proto_tree *tree, tvbuff_t *tvb, const Interface *interface, const Guid *uuid)
{
    char text[GUID_TEXT_SIZE];
    add_string(tree, hf_interface, tvb, interface ? interface->name : guid_format(uuid, text));
    add_guid(tree, hf_uuid, tvb, uuid);
}

static void add_contexts(proto_tree *tree, tvbuff_t *tvb, const PduResult *r)
{
    for (unsigned i = 0; i < r->n_contexts; i++) {
        const Context *context = &r->contexts[i];
        add_interface(tree, tvb, context->interface, &context->offered.uuid);
        if (context->result != RESULT_UNKNOWN)
            proto_item_set_generated(
                proto_tree_add_boolean(tree, hf_accepted, tvb, 0, 0, context->result == RESULT_ACCEPTED));
    }
}

static void add_uint(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t value)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, value));
}

/** A link to another frame; none when it is not known. */
static void add_frame(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t frame)
{
    if (frame)
        add_uint(tree, hf, tvb, frame);
}

static void add_properties(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, unsigned n, const Property *properties)
{
    for (unsigned i = 0; i < n; i++) {
        const Property *p = &properties[i];
        const char *text = wmem_strdup_printf(pinfo->pool, "%s = %s", p->name, p->value ? p->value : "NULL");
        proto_item *item = proto_tree_add_string(tree, hf_property, tvb, 0, 0, text);
        proto_item_set_generated(item);
        proto_tree *subtree = proto_item_add_subtree(item, ett_property);
        add_string(subtree, hf_property_name, tvb, p->name);
        add_string(subtree, hf_property_value, tvb, p->value);
    }
}

static void add_details(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const CallDetails *d)
{
    if (d->has_client) {
        add_string(tree, hf_client_host, tvb, d->client_host);
        add_string(tree, hf_client_fqdn, tvb, d->client_fqdn);
        add_uint(tree, hf_client_pid, tvb, d->client_pid);
        if (d->has_client_start)
            proto_item_set_generated(proto_tree_add_time(tree, hf_client_process_start, tvb, 0, 0, &d->client_start));
    }
    add_string(tree, hf_locale, tvb, d->locale);
    add_string(tree, hf_query, tvb, d->query);
    add_string(tree, hf_query_language, tvb, d->query_language);
    add_string(tree, hf_object_path, tvb, d->object_path);
    add_string(tree, hf_class, tvb, d->class_name);
    add_string(tree, hf_wmi_method, tvb, d->wmi_method);
    add_properties(tree, tvb, pinfo, d->n_properties, d->properties);
    add_string(tree, hf_command_line, tvb, d->command_line);
}

static void add_call(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const PduResult *r)
{
    const Call *call = r->call;
    if (call->has_uuid)
        add_interface(tree, tvb, call->interface, &call->uuid);
    add_uint(tree, hf_opnum, tvb, call->opnum);
    if (call->method) {
        add_string(tree, hf_method, tvb, call_method_text(pinfo->pool, call));
        add_string(tree, hf_stage, tvb, stage_name(call->method->stage));
    }
    add_frame(tree, hf_bind_frame, tvb, call->bind_frame);
    if (r->type == PDU_REQUEST)
        add_frame(tree, hf_response_frame, tvb, call->response_frame);
    else
        add_frame(tree, hf_request_frame, tvb, call->frame);
    if (call->server_pid)
        add_uint(tree, hf_server_pid, tvb, call->server_pid);
    const char *asked = call->details ? call->details->namespace_path : NULL;
    add_string(tree, hf_namespace, tvb, asked ? asked : call->namespace_path);
}

static void add_identity(proto_tree *tree, tvbuff_t *tvb, const Identity *identity)
{
    add_string(tree, hf_user, tvb, identity->user);
    add_string(tree, hf_domain, tvb, identity->domain);
    add_string(tree, hf_workstation, tvb, identity->workstation);
    add_string(tree, hf_user_source, tvb, user_source_name(identity->source));
}

static const char *pdu_title(packet_info *pinfo, const PduResult *r)
{
    const char *of = r->call && r->call->method ? r->call->method->name : NULL;
    switch (r->type) {
    case PDU_BIND: return "Bind";
    case PDU_ALTER_CONTEXT: return "Alter_context";
    case PDU_BIND_ACK: return "Bind_ack";
    case PDU_ALTER_CONTEXT_RESP: return "Alter_context_resp";
    case PDU_BIND_NAK: return "Bind_nak";
    case PDU_AUTH3: return "Auth3";
    case PDU_REQUEST: return of ? wmem_strdup_printf(pinfo->pool, "Request: %s", of) : "Request";
    case PDU_RESPONSE: return of ? wmem_strdup_printf(pinfo->pool, "Response: %s", of) : "Response";
    case PDU_FAULT: return of ? wmem_strdup_printf(pinfo->pool, "Fault: %s", of) : "Fault";
    }
    return "PDU";
}

static void add_expert(packet_info *pinfo, proto_item *item, const PduResult *r)
{
    bool done = !r->call || !outcome_is_failure(call_outcome(r->call));
    if (done && pdu_shows(r, TECHNIQUE_SUBSCRIPTION))
        expert_add_info(pinfo, item, &ei_subscription);
    if (done && pdu_shows(r, TECHNIQUE_WMI)) {
        const CallDetails *d = r->details;
        const char *namespace_path = r->call->namespace_path;
        if (d && d->class_name && d->wmi_method && g_ascii_strcasecmp(d->class_name, "Win32_Process") == 0 &&
            g_ascii_strcasecmp(d->wmi_method, "Create") == 0)
            expert_add_info(pinfo, item, &ei_execute);
        else if (!d && (!namespace_path || wmi_namespace_ends_in(namespace_path, "cimv2")))
            expert_add_info(pinfo, item, &ei_execute_sealed);
    }
    if (pdu_denied(r))
        expert_add_info(pinfo, item, &ei_denied);
    if (r->client_silent)
        expert_add_info(pinfo, item, &ei_client_silent);
    if (r->details && r->details->namespace_path)
        expert_add_info_format(pinfo, item, &ei_login, "WMI login to %s",
                               printable(pinfo->pool, r->details->namespace_path));
}

static void add_pdu(proto_tree *car_tree, tvbuff_t *tvb, packet_info *pinfo, const PduResult *r)
{
    proto_item *item;
    proto_tree *tree = proto_tree_add_subtree(car_tree, tvb, 0, 0, ett_pdu, &item, pdu_title(pinfo, r));
    for (int kind = 0; kind < N_EVIDENCE_KINDS; kind++)
        if (r->evidence & 1u << kind)
            add_string(tree, hf_evidence, tvb, evidence_name((EvidenceKind) kind));
    add_contexts(tree, tvb, r);
    if (r->bind)
        add_frame(tree, hf_bind_frame, tvb, r->bind->frame);
    if (r->call)
        add_call(tree, tvb, pinfo, r);
    if (r->details)
        add_details(tree, tvb, pinfo, r->details);
    if (r->outcome)
        add_properties(tree, tvb, pinfo, r->outcome->n_properties, r->outcome->properties);
    if (r->has_status)
        add_uint(tree, hf_status, tvb, r->status);
    if (r->call && (r->type == PDU_REQUEST || r->ends_answer))
        add_string(tree, hf_outcome, tvb, word_text(&outcome_words, call_outcome(r->call)));
    for (unsigned i = 0; i < r->n_techniques; i++) {
        add_string(tree, hf_technique, tvb, technique_id(r->techniques[i].technique));
        add_string(tree, hf_technique_reason, tvb, r->techniques[i].reason);
    }
    if (r->activation && r->activation->has_clsid && r->type == PDU_REQUEST) {
        add_guid(tree, hf_clsid, tvb, &r->activation->clsid);
        add_string(tree, hf_server_name, tvb, r->activation->server_name);
    }
    add_string(tree, hf_spn, tvb, r->spn);
    if (r->has_security) {
        add_string(tree, hf_auth_type, tvb, security_type_name(&r->security));
        add_string(tree, hf_auth_level, tvb, auth_level_name((AuthLevel) r->security.level));
        if (r->security.identity)
            add_identity(tree, tvb, r->security.identity);
    }
    if ((r->type == PDU_REQUEST || r->type == PDU_RESPONSE) && !r->security_open)
        proto_item_set_generated(proto_tree_add_boolean(tree, hf_sealed, tvb, 0, 0, r->sealed));
    if (r->command_length)
        add_uint(tree, hf_command_length, tvb, r->command_length);
    add_string(tree, hf_process, tvb, sentence_client_process(pinfo->pool, r->client));
    if (r->client)
        proto_item_set_generated(proto_tree_add_boolean(tree, hf_process_inferred, tvb, 0, 0, r->client_inferred));
    add_string(tree, hf_client_hint, tvb, r->guess ? r->guess->text : NULL);
    add_string(tree, hf_undecodable, tvb, r->undecodable);
    add_expert(pinfo, item, r);
}

/** The sentences of the frame's PDUs, the first one in the head of the subtree too, where it shows without opening it. */
static void add_sentences(proto_item *head, proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
                          const PduResult *results)
{
    const char *separator = ": ";
    for (const PduResult *r = results; r; r = r->next) {
        const char *sentence = sentence_make(pinfo->pool, r);
        if (!sentence)
            continue;
        proto_item_append_text(head, "%s%s", separator, sentence);
        separator = "; ";
        proto_item *item = proto_tree_add_string(tree, hf_summary, tvb, 0, 0, sentence);
        proto_item_set_text(item, "%s", sentence);
        proto_item_set_generated(item);
    }
}

/** Whether the frame names, on 135, the port that a connection then went to. */
static bool names_port(const PduResult *results)
{
    for (const PduResult *r = results; r; r = r->next)
        if ((r->activation && r->activation->led) || (r->lookup && r->lookup->led))
            return true;
    return false;
}

bool show_is_lookup(const Conversation *c, const PduResult *results)
{
    return c->confidence == CONFIDENCE_NONE && names_port(results);
}

/** A look-up in the endpoint mapper, which is no DCOM. */
static void show_lookup(tvbuff_t *tvb, proto_tree *root)
{
    proto_item *item = proto_tree_add_item(root, proto_car, tvb, 0, 0, ENC_NA);
    proto_item_set_text(item,
                        CAR_RELATED_ANALYTIC " " CAR_RELATED_ANALYTIC_NAME ": look-up of a port that DCOM went to");
    add_string(proto_item_add_subtree(item, ett_car), hf_related, tvb, CAR_RELATED_ANALYTIC);
}

void show_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, Conversation *c, const PduResult *results,
                Confidence min_confidence)
{
    if (show_is_lookup(c, results)) {
        show_lookup(tvb, root);
        return;
    }
    proto_item *item = proto_tree_add_item(root, proto_car, tvb, 0, 0, ENC_NA);
    proto_item_set_text(item, "CAR-2014-11-007 Remote WMI over RPC");
    proto_tree *tree = proto_item_add_subtree(item, ett_car);
    add_sentences(item, tree, tvb, pinfo, results);
    if (c->confidence >= min_confidence)
        proto_item_set_generated(proto_tree_add_boolean(tree, hf_detected, tvb, 0, 0, TRUE));
    add_string(tree, hf_confidence, tvb, confidence_name(c->confidence));
    add_string(tree, hf_verdict, tvb, word_text(&verdict_words, conversation_verdict(c)));
    add_string(tree, hf_verdict_reason, tvb, word_text(&attempt_reason_words, conversation_attempt_reason(c)));
    add_uint(tree, hf_activity, tvb, conversation_activity(c));
    if (c->activation)
        add_frame(tree, hf_activation_frame, tvb, c->activation->frame);
    if (c->lookup)
        add_frame(tree, hf_lookup_frame, tvb, c->lookup->frame);
    if (c->lookup || conversation_led_by_activation(c) || names_port(results))
        add_string(tree, hf_related, tvb, CAR_RELATED_ANALYTIC);
    for (const PduResult *r = results; r; r = r->next)
        add_pdu(tree, tvb, pinfo, r);
}

static const value_string *status_value_strings(void)
{
    size_t n;
    const StatusName *names = status_names(&n);
    value_string *values = wmem_alloc0_array(wmem_epan_scope(), value_string, n + 1);
    for (size_t i = 0; i < n; i++)
        values[i] = (value_string){names[i].status, names[i].name};
    return values;
}

void show_register(int proto)
{
    hf_register_info fields[] = {
        {&hf_detected,
         {"Remote WMI", "car.wmi_rpc", FT_BOOLEAN, BASE_NONE, NULL, 0,
          "The conversation is remote WMI, at least as sure as the preference asks for", HFILL}},
        {&hf_confidence,
         {"Confidence", "car.wmi_rpc.confidence", FT_STRING, BASE_NONE, NULL, 0,
          "wmi: WMI for certain; dcom: DCOM of any kind; rpcss: the analytic's estimate", HFILL}},
        {&hf_verdict,
         {"Verdict", "car.wmi_rpc.verdict", FT_STRING, BASE_NONE, NULL, 0,
          "session: both ends spoke their part; attempt: no answer that fits was captured", HFILL}},
        {&hf_verdict_reason,
         {"Why an attempt", "car.wmi_rpc.verdict_reason", FT_STRING, BASE_NONE, NULL, 0,
          "one-sided, no-answer, reset, bind-nak, rejected (the interfaces), other-protocol (of what the server sent)",
          HFILL}},
        {&hf_summary,
         {"Summary", "car.wmi_rpc.summary", FT_STRING, BASE_NONE, NULL, 0, "What a PDU says, as a sentence", HFILL}},
        {&hf_evidence,
         {"Evidence", "car.wmi_rpc.evidence", FT_STRING, BASE_NONE, NULL, 0, "What this frame added to the judgement",
          HFILL}},
        {&hf_activity,
         {"Activity", "car.wmi_rpc.activity", FT_UINT32, BASE_DEC, NULL, 0,
          "One number for conversations that belong together", HFILL}},
        {&hf_activation_frame,
         {"Activation", "car.wmi_rpc.activation_frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0,
          "The activation that returned this endpoint or interface pointer", HFILL}},
        {&hf_lookup_frame,
         {"Look-up", "car.wmi_rpc.lookup_frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0,
          "The look-up in the endpoint mapper that named this port to the client before", HFILL}},
        {&hf_related,
         {"Related analytic", "car.wmi_rpc.related", FT_STRING, BASE_NONE, NULL, 0,
          CAR_RELATED_ANALYTIC ": an activation or a look-up on 135, and the connection to the port that it named",
          HFILL}},
        {&hf_interface,
         {"Interface", "car.wmi_rpc.interface", FT_STRING, BASE_NONE, NULL, 0, "DCOM or WMI interface", HFILL}},
        {&hf_uuid, {"UUID", "car.wmi_rpc.uuid", FT_GUID, BASE_NONE, NULL, 0, "UUID of the interface", HFILL}},
        {&hf_accepted,
         {"Accepted", "car.wmi_rpc.if_accepted", FT_BOOLEAN, BASE_NONE, NULL, 0,
          "Whether the server accepted the presentation context", HFILL}},
        {&hf_opnum,
         {"Opnum", "car.wmi_rpc.opnum", FT_UINT16, BASE_DEC, NULL, 0, "Operation number of the call", HFILL}},
        {&hf_method, {"Method", "car.wmi_rpc.method", FT_STRING, BASE_NONE, NULL, 0, "Interface::Method", HFILL}},
        {&hf_stage,
         {"Stage", "car.wmi_rpc.stage", FT_STRING, BASE_NONE, NULL, 0, "What the method is used for", HFILL}},
        {&hf_bind_frame,
         {"Bind", "car.wmi_rpc.bind_frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0,
          "The Bind or Alter_context that this answers, or that defined the interface of this call", HFILL}},
        {&hf_request_frame,
         {"Request", "car.wmi_rpc.request_frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0,
          "The call that this answers", HFILL}},
        {&hf_response_frame,
         {"Response", "car.wmi_rpc.response_frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0,
          "The answer to this call", HFILL}},
        {&hf_clsid,
         {"CLSID", "car.wmi_rpc.clsid", FT_GUID, BASE_NONE, NULL, 0, "Class that an activation asks for", HFILL}},
        {&hf_server_name,
         {"Server name", "car.wmi_rpc.server_name", FT_STRING, BASE_NONE, NULL, 0, "Server name given in an activation",
          HFILL}},
        {&hf_spn,
         {"Service principal name", "car.wmi_rpc.spn", FT_STRING, BASE_NONE, NULL, 0,
          "Target of the authentication, from the Kerberos ticket or the NTLM target name", HFILL}},
        {&hf_auth_type, {"Authentication type", "car.wmi_rpc.auth_type", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_auth_level,
         {"Authentication level", "car.wmi_rpc.auth_level", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_sealed,
         {"Sealed", "car.wmi_rpc.sealed", FT_BOOLEAN, BASE_NONE, NULL, 0, "Whether the stub cannot be read", HFILL}},
        {&hf_technique, {"ATT&CK technique", "car.wmi_rpc.technique", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_technique_reason,
         {"Reason", "car.wmi_rpc.technique_reason", FT_STRING, BASE_NONE, NULL, 0, "Why the call shows this technique",
          HFILL}},
        {&hf_user, {"User", "car.wmi_rpc.user", FT_STRING, BASE_NONE, NULL, 0, "Who authenticated", HFILL}},
        {&hf_domain,
         {"Domain", "car.wmi_rpc.domain", FT_STRING, BASE_NONE, NULL, 0, "Domain or realm of the user", HFILL}},
        {&hf_workstation,
         {"Workstation", "car.wmi_rpc.workstation", FT_STRING, BASE_NONE, NULL, 0,
          "Name of the client as NTLM carries it", HFILL}},
        {&hf_user_source,
         {"Source of the user", "car.wmi_rpc.user_source", FT_STRING, BASE_NONE, NULL, 0,
          "ntlm-authenticate or kerberos-tgs-rep", HFILL}},
        {&hf_client_host,
         {"Client host", "car.wmi_rpc.client_host", FT_STRING, BASE_NONE, NULL, 0, "As the client says", HFILL}},
        {&hf_client_fqdn,
         {"Client FQDN", "car.wmi_rpc.client_fqdn", FT_STRING, BASE_NONE, NULL, 0, "As the client says", HFILL}},
        {&hf_client_pid,
         {"Client process id", "car.wmi_rpc.client_pid", FT_UINT32, BASE_DEC, NULL, 0,
          "Process that owns the client end, as it says", HFILL}},
        {&hf_client_process_start,
         {"Client process start", "car.wmi_rpc.client_process_start", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 0,
          "Creation of the client process, as it says", HFILL}},
        {&hf_process,
         {"Client process", "car.wmi_rpc.process", FT_STRING, BASE_NONE, NULL, 0,
          "Host and process id that the client gave before, here or on a connection of the same process", HFILL}},
        {&hf_process_inferred,
         {"Client process inferred", "car.wmi_rpc.process_inferred", FT_BOOLEAN, BASE_NONE, NULL, 0,
          "The process said so on another connection, whose objects this one calls", HFILL}},
        {&hf_server_pid,
         {"Server process id (from the IPID, undocumented)", "car.wmi_rpc.server_pid", FT_UINT32, BASE_DEC, NULL, 0,
          "Low 16 bits, by a convention of Windows that nothing documents", HFILL}},
        {&hf_namespace, {"Namespace", "car.wmi_rpc.namespace", FT_STRING, BASE_NONE, NULL, 0, "WMI namespace", HFILL}},
        {&hf_locale,
         {"Locale", "car.wmi_rpc.locale", FT_STRING, BASE_NONE, NULL, 0, "Preferred locales of the client", HFILL}},
        {&hf_query, {"Query", "car.wmi_rpc.query", FT_STRING, BASE_NONE, NULL, 0, "WQL text", HFILL}},
        {&hf_query_language,
         {"Query language", "car.wmi_rpc.query_language", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_object_path, {"Object path", "car.wmi_rpc.object_path", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_class,
         {"Class", "car.wmi_rpc.class", FT_STRING, BASE_NONE, NULL, 0, "Class called, written or deleted", HFILL}},
        {&hf_wmi_method,
         {"WMI method", "car.wmi_rpc.wmi_method", FT_STRING, BASE_NONE, NULL, 0, "Method of the class", HFILL}},
        {&hf_property, {"Property", "car.wmi_rpc.property", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_property_name, {"Name", "car.wmi_rpc.property.name", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_property_value, {"Value", "car.wmi_rpc.property.value", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_command_line,
         {"Command line", "car.wmi_rpc.command_line", FT_STRING, BASE_NONE, NULL, 0,
          "What a process creation or an event consumer runs", HFILL}},
        {&hf_command_length,
         {"Command length (estimate)", "car.wmi_rpc.command_length", FT_UINT32, BASE_DEC, NULL, 0,
          "Characters of a sealed command line, from the length of the stub: an estimate", HFILL}},
        {&hf_client_hint,
         {"Client hint", "car.wmi_rpc.client_hint", FT_STRING, BASE_NONE, NULL, 0,
          "Client family that the pattern is typical of: no verdict", HFILL}},
        {&hf_outcome,
         {"Outcome", "car.wmi_rpc.outcome", FT_STRING, BASE_NONE, NULL, 0,
          "What became of the call: succeeded, failed, cancelled, not-readable", HFILL}},
        {&hf_status,
         {"Status", "car.wmi_rpc.status", FT_UINT32, BASE_HEX, VALS(status_value_strings()), 0, "HRESULT or RPC fault",
          HFILL}},
        {&hf_undecodable,
         {"Not readable", "car.wmi_rpc.undecodable", FT_STRING, BASE_NONE, NULL, 0,
          "Why a stub in clear or decrypted was not understood", HFILL}},
    };
    static int *ett[] = {&ett_car, &ett_pdu, &ett_property};
    static ei_register_info ei[] = {
        {&ei_execute, {"car.wmi_rpc.execute", PI_SECURITY, PI_WARN, "Remote process creation over WMI", EXPFILL}},
        {&ei_execute_sealed,
         {"car.wmi_rpc.execute_sealed", PI_SECURITY, PI_WARN,
          "Remote method execution over WMI, sealed: perhaps a process creation", EXPFILL}},
        {&ei_subscription,
         {"car.wmi_rpc.subscription", PI_SECURITY, PI_WARN, "WMI event subscription written", EXPFILL}},
        {&ei_denied, {"car.wmi_rpc.denied", PI_SECURITY, PI_WARN, "Access denied", EXPFILL}},
        {&ei_client_silent,
         {"car.wmi_rpc.client_silent", PI_SECURITY, PI_NOTE,
          "Client did not identify itself: typical of non-Windows clients", EXPFILL}},
        {&ei_login, {"car.wmi_rpc.login", PI_SECURITY, PI_CHAT, "WMI login", EXPFILL}},
    };
    proto_car = proto;
    expert_register_field_array(expert_register_protocol(proto), ei, array_length(ei));
    // Core keeps the array.
    hf_register_info *hf = wmem_memdup(wmem_epan_scope(), fields, sizeof(fields));
    proto_register_field_array(proto, hf, array_length(fields));
    proto_register_subtree_array(ett, array_length(ett));
}
