// SPDX-License-Identifier: GPL-2.0-or-later
#include "conversation.h"

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
