// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/conversation.h"

#include "judge/printable.h"
#include "names/status.h"

#include <epan/to_str.h>

const char *confidence_name(Confidence c)
{
    static const char *const names[] = {NULL, "rpcss", "dcom", "wmi"};
    return names[c];
}

const char *evidence_name(EvidenceKind kind)
{
    static const char *const names[N_EVIDENCE_KINDS] = {
        [EVIDENCE_INTERFACE] = "interface",         [EVIDENCE_ACTIVATION] = "activation-clsid",
        [EVIDENCE_OXID_ENDPOINT] = "oxid-endpoint", [EVIDENCE_IPID] = "ipid",
        [EVIDENCE_CAUSALITY] = "causality",         [EVIDENCE_DCOM_INTERFACE] = "dcom-interface",
        [EVIDENCE_RPCSS_SPN] = "rpcss-spn",
    };
    return names[kind];
}

Confidence evidence_confidence(EvidenceKind kind)
{
    switch (kind) {
    case EVIDENCE_DCOM_INTERFACE: return CONFIDENCE_DCOM;
    case EVIDENCE_RPCSS_SPN: return CONFIDENCE_RPCSS;
    default: return CONFIDENCE_WMI;
    }
}

const char *security_type_name(const Security *s)
{
    switch (s->type) {
    case AUTH_TYPE_NONE: return "none";
    case AUTH_TYPE_SPNEGO:
        if (s->mechanism == AUTH_TOKEN_KERBEROS)
            return "kerberos";
        return s->mechanism == AUTH_TOKEN_NTLM ? "ntlm" : "spnego";
    case AUTH_TYPE_NTLM: return "ntlm";
    case 14: return "schannel";
    case AUTH_TYPE_KERBEROS: return "kerberos";
    case 68: return "netlogon";
    default: return NULL;
    }
}

const char *security_level_name(const Security *s)
{
    static const char *const names[] = {NULL, "none", "connect", "call", "packet", "integrity", "privacy"};
    return s->level < G_N_ELEMENTS(names) ? names[s->level] : NULL;
}

bool pdu_denied(const PduResult *r)
{
    const CallOutcome *o = r->outcome;
    return (r->has_status && status_is_denied(r->status)) ||
           (o && o->has_operation_status && status_is_denied(o->operation_status));
}

char *call_method_text(wmem_allocator_t *pool, const Call *call)
{
    return call->method ? wmem_strdup_printf(pool, "%s::%s", call->interface->name, call->method->name) : NULL;
}

char *endpoint_ip_text(wmem_allocator_t *pool, const Endpoint *e)
{
    static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};
    address a;
    if (memcmp(e->ip, v4_mapped, sizeof(v4_mapped)) == 0)
        set_address(&a, AT_IPv4, 4, e->ip + 12);
    else
        set_address(&a, AT_IPv6, 16, e->ip);
    return address_to_str(pool, &a);
}

char *client_process_text(wmem_allocator_t *pool, const CallDetails *client)
{
    if (!client)
        return NULL;
    const char *host = client->client_host ? printable_short(pool, client->client_host) : "?";
    return wmem_strdup_printf(pool, "%s:%u", host, client->client_pid);
}

uint32_t conversation_activity(Conversation *c)
{
    if (c->id == 0)
        return 0;
    while (c->activity != c) {
        c->activity = c->activity->activity;
        c = c->activity;
    }
    return c->id;
}
