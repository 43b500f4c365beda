// SPDX-License-Identifier: GPL-2.0-or-later
#include "sentence.h"

#include "names/classes.h"
#include "names/status.h"
#include "printable.h"

/** A string from the wire, on one line. */
static void append_wire(wmem_strbuf_t *s, const char *text)
{
    wmem_strbuf_append(s, printable_short(s->allocator, text));
}

/** `word` and a string from the wire, when there is one. */
static void append_with(wmem_strbuf_t *s, const char *word, const char *text)
{
    if (!text)
        return;
    wmem_strbuf_append(s, word);
    append_wire(s, text);
}

static void append_endpoint(wmem_strbuf_t *s, const Endpoint *e)
{
    wmem_strbuf_append(s, endpoint_ip_text(s->allocator, e));
}

static void append_client(wmem_strbuf_t *s, const PduResult *r)
{
    const ClientProcess *client = r->client;
    const Identity *identity = r->has_security ? r->security.identity : NULL;
    if (client && client->host) {
        append_wire(s, client->host);
        bool says = r->details && r->details->has_client;
        const Basis basis = r->client_inferred ? BASIS_INFERRED : says ? BASIS_SEEN : BASIS_CLIENT;
        wmem_strbuf_append_printf(s, " pid %u%s", client->pid, basis_note(basis));
        return;
    }
    if (identity && identity->user) {
        if (identity->domain && *identity->domain) {
            append_wire(s, identity->domain);
            wmem_strbuf_append_c(s, '\\');
        }
        append_wire(s, identity->user);
        wmem_strbuf_append(s, basis_note(user_source_basis(identity->source)));
        wmem_strbuf_append(s, " at ");
    }
    append_endpoint(s, conversation_client(r->conversation));
}

static void append_server(wmem_strbuf_t *s, const PduResult *r)
{
    append_endpoint(s, conversation_server(r->conversation));
}

// ---- Bind, Alter_context and their answers

/** Names of the interfaces with this result, each once; RESULT_UNKNOWN stands for all. Returns whether there are any. */
static bool append_interfaces(wmem_strbuf_t *s, const char *word, const PduResult *bind, ContextResult result)
{
    bool any = false;
    for (unsigned i = 0; i < bind->n_contexts; i++) {
        const Context *c = &bind->contexts[i];
        bool wanted = c->interface && (result == RESULT_UNKNOWN || c->result == result);
        for (unsigned j = 0; wanted && j < bind->n_contexts; j++) {
            const Context *other = &bind->contexts[j];
            if (other->interface != c->interface)
                continue;
            bool named = j < i && (result == RESULT_UNKNOWN || other->result == result);
            bool accepted = result == RESULT_REJECTED && other->result == RESULT_ACCEPTED;
            wanted = !named && !accepted;
        }
        if (!wanted)
            continue;
        wmem_strbuf_append(s, any ? ", " : word);
        wmem_strbuf_append(s, c->interface->name);
        any = true;
    }
    return any;
}

static bool say_bind(wmem_strbuf_t *s, const PduResult *r)
{
    append_client(s, r);
    if (!append_interfaces(s, " binds ", r, RESULT_UNKNOWN))
        return false;
    wmem_strbuf_append(s, " on ");
    append_server(s, r);
    return true;
}

static bool say_bind_ack(wmem_strbuf_t *s, const PduResult *r)
{
    if (!r->bind)
        return false;
    append_server(s, r);
    bool accepts = append_interfaces(s, " accepts ", r->bind, RESULT_ACCEPTED);
    return append_interfaces(s, accepts ? ", rejects " : " rejects ", r->bind, RESULT_REJECTED) || accepts;
}

static bool say_who_authenticates(wmem_strbuf_t *s, const PduResult *r)
{
    append_client(s, r);
    wmem_strbuf_append(s, " authenticates");
    return true;
}

// ---- requests

static bool is_text(const char *a, const char *b)
{
    return a && g_ascii_strcasecmp(a, b) == 0;
}

static const char *property(unsigned n, const Property *properties, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (is_text(properties[i].name, name))
            return properties[i].value;
    return NULL;
}

static bool is_process_creation(const CallDetails *d)
{
    return d && is_text(d->class_name, "Win32_Process") && is_text(d->wmi_method, "Create");
}

static void append_class_name(wmem_strbuf_t *s, const Guid *clsid)
{
    char text[GUID_TEXT_SIZE];
    const ComClass *class = class_find(clsid);
    wmem_strbuf_append(s, class ? class->name : guid_format(clsid, text));
}

static void append_method(wmem_strbuf_t *s, const Call *call)
{
    char text[GUID_TEXT_SIZE];
    if (call->method)
        wmem_strbuf_append(s, call_method_text(s->allocator, call));
    else if (call->has_uuid)
        wmem_strbuf_append_printf(s, "opnum %u of %s", call->opnum,
                                  call->interface ? call->interface->name : guid_format(&call->uuid, text));
    else
        wmem_strbuf_append_printf(s, "opnum %u", call->opnum);
}

static void append_execution(wmem_strbuf_t *s, const CallDetails *d)
{
    if (is_process_creation(d) && d->command_line) {
        append_with(s, " runs ", d->command_line);
        return;
    }
    append_with(s, " calls ", d->class_name ? d->class_name : d->object_path);
    append_with(s, ".", d->wmi_method);
}

/** What a call that can be read does. Returns false when it tells no more than its method. */
static bool append_deed(wmem_strbuf_t *s, const Call *call, const CallDetails *d)
{
    Stage stage = call->method->stage;
    if (d->has_client)
        wmem_strbuf_append(s, " says who it is");
    else if (d->namespace_path)
        append_with(s, " logs in to ", d->namespace_path);
    else if (d->query)
        append_with(s, stage == STAGE_SUBSCRIBE ? " subscribes to " : " queries ", d->query);
    else if (stage == STAGE_EXECUTE && d->wmi_method && (d->class_name || d->object_path))
        append_execution(s, d);
    else if (stage == STAGE_WRITE && d->class_name) {
        append_with(s, " writes ", d->class_name);
        append_with(s, " ", property(d->n_properties, d->properties, "Name"));
    } else if (stage == STAGE_DELETE && (d->object_path || d->class_name))
        append_with(s, " deletes ", d->object_path ? d->object_path : d->class_name);
    else if (stage == STAGE_ENUMERATE && d->class_name)
        append_with(s, " lists ", *d->class_name ? d->class_name : "all classes");
    else if (stage == STAGE_READ && d->object_path)
        append_with(s, " reads ", d->object_path);
    else
        return false;
    return true;
}

static bool say_request(wmem_strbuf_t *s, const PduResult *r)
{
    const Call *call = r->call;
    const CallDetails *d = r->details;
    const Activation *a = r->activation;
    if (!(r->flags & PFC_FIRST_FRAG) && !d && !a)
        return false;
    append_client(s, r);
    if (a && a->has_clsid) {
        wmem_strbuf_append(s, " activates ");
        append_class_name(s, &a->clsid);
        wmem_strbuf_append(s, " on ");
        if (a->server_name)
            append_wire(s, a->server_name);
        else
            append_server(s, r);
        return true;
    }
    if (!d || !call->method || !append_deed(s, call, d)) {
        wmem_strbuf_append(s, " calls ");
        append_method(s, call);
    }
    append_with(s, " in ", call->namespace_path);
    if (r->command_length)
        wmem_strbuf_append_printf(s, ", sealed, command line of %u characters%s", r->command_length,
                                  basis_note(BASIS_ESTIMATED));
    else if (r->sealed)
        wmem_strbuf_append(s, ", sealed");
    return true;
}

// ---- answers

static void append_status(wmem_strbuf_t *s, uint32_t status)
{
    const char *name = status_name(status);
    if (name)
        wmem_strbuf_append_printf(s, ": %s", name);
    else
        wmem_strbuf_append_printf(s, ": 0x%08x", status);
}

/** What became of a call: more than its status says. */
static void append_outcome(wmem_strbuf_t *s, const PduResult *r)
{
    const CallOutcome *o = r->outcome;
    const Activation *a = r->activation;
    if (a && a->has_endpoint && a->n_bindings)
        append_with(s, ", endpoint ", a->bindings[0]);
    if (!o)
        return;
    append_with(s, ", process ", property(o->n_properties, o->properties, "ProcessId"));
    append_with(s, ", ReturnValue ", property(o->n_properties, o->properties, "ReturnValue"));
    append_with(s, ", ", o->text);
    if (o->has_operation_status) {
        wmem_strbuf_append(s, ", operation");
        append_status(s, o->operation_status);
    }
}

static bool say_answer(wmem_strbuf_t *s, const PduResult *r)
{
    if (r->type == PDU_RESPONSE && !(r->flags & PFC_FIRST_FRAG) && !r->outcome && !r->activation)
        return false;
    append_server(s, r);
    wmem_strbuf_append(s, pdu_denied(r) ? " denies " : r->type == PDU_FAULT ? " refuses " : " answers ");
    append_method(s, r->call);
    if (r->has_status)
        append_status(s, r->status);
    else if (r->sealed)
        wmem_strbuf_append(s, ", sealed");
    append_outcome(s, r);
    return true;
}

static bool say(wmem_strbuf_t *s, const PduResult *r)
{
    switch (r->type) {
    case PDU_BIND:
    case PDU_ALTER_CONTEXT: return say_bind(s, r);
    case PDU_BIND_ACK:
    case PDU_ALTER_CONTEXT_RESP: return say_bind_ack(s, r);
    case PDU_BIND_NAK:
        append_server(s, r);
        wmem_strbuf_append(s, " refuses the bind");
        return true;
    case PDU_AUTH3: return say_who_authenticates(s, r);
    case PDU_REQUEST: return say_request(s, r);
    case PDU_RESPONSE:
    case PDU_FAULT: return say_answer(s, r);
    }
    return false;
}

const char *sentence_make(wmem_allocator_t *pool, const PduResult *r)
{
    wmem_strbuf_t *s = wmem_strbuf_new(pool, NULL);
    return !r->lookup && say(s, r) ? wmem_strbuf_get_str(s) : NULL;
}

char *sentence_client_process(wmem_allocator_t *pool, const ClientProcess *client)
{
    if (!client)
        return NULL;
    const char *host = client->host ? printable_short(pool, client->host) : "?";
    return wmem_strdup_printf(pool, "%s:%u", host, client->pid);
}
