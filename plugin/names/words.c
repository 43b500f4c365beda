// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/words.h"

#include <stddef.h>
#include <string.h>

static const char *const confidences[N_CONFIDENCES] = {
    [CONFIDENCE_RPCSS] = "rpcss",
    [CONFIDENCE_DCOM] = "dcom",
    [CONFIDENCE_WMI] = "wmi",
};

static const char *const evidence_kinds[N_EVIDENCE_KINDS] = {
    [EVIDENCE_INTERFACE] = "interface",         [EVIDENCE_ACTIVATION] = "activation-clsid",
    [EVIDENCE_OXID_ENDPOINT] = "oxid-endpoint", [EVIDENCE_IPID] = "ipid",
    [EVIDENCE_CAUSALITY] = "causality",         [EVIDENCE_DCOM_INTERFACE] = "dcom-interface",
    [EVIDENCE_RPCSS_SPN] = "rpcss-spn",         [EVIDENCE_HOST_LOG] = "host-log",
};

static const char *const stages[N_STAGES] = {
    [STAGE_CONTROL] = "control",     [STAGE_LOGIN] = "login",         [STAGE_READ] = "read",
    [STAGE_ENUMERATE] = "enumerate", [STAGE_QUERY] = "query",         [STAGE_DELETE] = "delete",
    [STAGE_WRITE] = "write",         [STAGE_SUBSCRIBE] = "subscribe", [STAGE_EXECUTE] = "execute",
};

static const char *const auth_levels[N_AUTH_LEVELS] = {
    [AUTH_LEVEL_NONE] = "none",     [AUTH_LEVEL_CONNECT] = "connect",     [AUTH_LEVEL_CALL] = "call",
    [AUTH_LEVEL_PACKET] = "packet", [AUTH_LEVEL_INTEGRITY] = "integrity", [AUTH_LEVEL_PRIVACY] = "privacy",
};

static const char *const interface_sources[N_INTERFACE_SOURCES] = {
    [SOURCE_BIND] = "bind",
    [SOURCE_IPID] = "ipid",
    [SOURCE_STRUCTURE] = "structure",
};

static const char *const context_results[N_CONTEXT_RESULTS] = {
    [RESULT_ACCEPTED] = "accepted",
    [RESULT_REJECTED] = "rejected",
    [RESULT_NEGOTIATED] = "negotiated",
};

static const char *const user_sources[N_USER_SOURCES] = {
    [USER_SOURCE_NTLM] = "ntlm-authenticate",
    [USER_SOURCE_KERBEROS] = "kerberos-tgs-rep",
};

static const char *const halves[N_HALVES] = {[HALF_REQUEST] = "request", [HALF_RESPONSE] = "response"};

static const char *const outcomes[N_OUTCOMES] = {
    [OUTCOME_SUCCEEDED] = "succeeded",       [OUTCOME_FAILED] = "failed",
    [OUTCOME_CANCELLED] = "cancelled",       [OUTCOME_NO_ANSWER] = "no-answer",
    [OUTCOME_NOT_READABLE] = "not-readable",
};

static const char *const verdicts[N_VERDICTS] = {[VERDICT_ATTEMPT] = "attempt", [VERDICT_SESSION] = "session"};

static const char *const attempt_reasons[N_ATTEMPT_REASONS] = {
    [ATTEMPT_ONE_SIDED] = "one-sided", [ATTEMPT_NO_ANSWER] = "no-answer", [ATTEMPT_RESET] = "reset",
    [ATTEMPT_BIND_NAK] = "bind-nak",   [ATTEMPT_REJECTED] = "rejected",   [ATTEMPT_OTHER] = "other-protocol",
};

#define WORD_CLIENT "said by the client"
#define WORD_LOG "said by a log"
#define WORD_INFERRED "inferred"
#define WORD_ESTIMATED "estimated"

static const char *const bases[N_BASES] = {
    [BASIS_SEEN] = "seen",
    [BASIS_CLIENT] = WORD_CLIENT,
    [BASIS_LOG] = WORD_LOG,
    [BASIS_INFERRED] = WORD_INFERRED,
    [BASIS_ESTIMATED] = WORD_ESTIMATED,
};

static const char *const anomalies[N_ANOMALY_KINDS] = {
    [ANOMALY_OVERLAP] = "overlap",
    [ANOMALY_NUMBERS] = "numbers",
    [ANOMALY_END] = "end",
    [ANOMALY_SYN] = "syn",
};

const Vocabulary confidence_words = {confidences, N_CONFIDENCES};
const Vocabulary evidence_words = {evidence_kinds, N_EVIDENCE_KINDS};
const Vocabulary stage_words = {stages, N_STAGES};
const Vocabulary auth_level_words = {auth_levels, N_AUTH_LEVELS};
const Vocabulary interface_source_words = {interface_sources, N_INTERFACE_SOURCES};
const Vocabulary context_result_words = {context_results, N_CONTEXT_RESULTS};
const Vocabulary user_source_words = {user_sources, N_USER_SOURCES};
const Vocabulary call_half_words = {halves, N_HALVES};
const Vocabulary outcome_words = {outcomes, N_OUTCOMES};
const Vocabulary verdict_words = {verdicts, N_VERDICTS};
const Vocabulary anomaly_words = {anomalies, N_ANOMALY_KINDS};
const Vocabulary attempt_reason_words = {attempt_reasons, N_ATTEMPT_REASONS};
const Vocabulary basis_words = {bases, N_BASES};

const char *word_text(const Vocabulary *vocabulary, unsigned value)
{
    return value < vocabulary->n ? vocabulary->words[value] : NULL;
}

unsigned word_value(const Vocabulary *vocabulary, const char *text)
{
    for (unsigned i = 1; text && i < vocabulary->n; i++)
        if (vocabulary->words[i] && strcmp(vocabulary->words[i], text) == 0)
            return i;
    return 0;
}

const char *evidence_sentence(EvidenceKind kind)
{
    static const char *const texts[N_EVIDENCE_KINDS] = {
        [EVIDENCE_INTERFACE] = "A WMI interface is bound",
        [EVIDENCE_ACTIVATION] = "A WMI class is activated",
        [EVIDENCE_OXID_ENDPOINT] = "The port is the one that an activation of WMI gave",
        [EVIDENCE_IPID] = "A call on an interface pointer that WMI gave",
        [EVIDENCE_CAUSALITY] = "A call with the causality id of a WMI call",
        [EVIDENCE_DCOM_INTERFACE] = "A DCOM interface is bound",
        [EVIDENCE_RPCSS_SPN] = "RPCSS is the target of the authentication",
        [EVIDENCE_HOST_LOG] = "A host’s log shows it",
    };
    return kind < N_EVIDENCE_KINDS ? texts[kind] : NULL;
}

const char *attempt_reason_sentence(AttemptReason reason)
{
    static const char *const sentences[N_ATTEMPT_REASONS] = {
        [ATTEMPT_ONE_SIDED] = "only the client’s packets were captured",
        [ATTEMPT_NO_ANSWER] = "the server did not answer",
        [ATTEMPT_RESET] = "the connection was reset",
        [ATTEMPT_BIND_NAK] = "the server refused the Bind",
        [ATTEMPT_REJECTED] = "the server refused the interfaces",
        [ATTEMPT_OTHER] = "what the server sent is no answer in DCE/RPC",
    };
    return reason < N_ATTEMPT_REASONS ? sentences[reason] : NULL;
}

Confidence evidence_confidence(EvidenceKind kind)
{
    switch (kind) {
    case EVIDENCE_NONE: return CONFIDENCE_NONE;
    case EVIDENCE_DCOM_INTERFACE: return CONFIDENCE_DCOM;
    case EVIDENCE_RPCSS_SPN: return CONFIDENCE_RPCSS;
    default: return CONFIDENCE_WMI;
    }
}

const char *basis_note(Basis basis)
{
    static const char *const notes[N_BASES] = {
        [BASIS_CLIENT] = " (" WORD_CLIENT ")",
        [BASIS_LOG] = " (" WORD_LOG ")",
        [BASIS_INFERRED] = " (" WORD_INFERRED ")",
        [BASIS_ESTIMATED] = " (" WORD_ESTIMATED ")",
    };
    return basis < N_BASES && notes[basis] ? notes[basis] : "";
}

const char *basis_mark(Basis basis)
{
    static const char *const marks[N_BASES] = {
        [BASIS_CLIENT] = "^",
        [BASIS_LOG] = "*",
        [BASIS_INFERRED] = "~",
        [BASIS_ESTIMATED] = "~",
    };
    return basis < N_BASES && marks[basis] ? marks[basis] : "";
}

Basis evidence_basis(EvidenceKind kind)
{
    switch (kind) {
    case EVIDENCE_NONE: return BASIS_UNKNOWN;
    case EVIDENCE_OXID_ENDPOINT:
    case EVIDENCE_IPID:
    case EVIDENCE_CAUSALITY: return BASIS_INFERRED;
    case EVIDENCE_RPCSS_SPN: return BASIS_ESTIMATED;
    case EVIDENCE_HOST_LOG: return BASIS_LOG;
    default: return BASIS_SEEN;
    }
}

Basis user_source_basis(UserSource source)
{
    switch (source) {
    case USER_SOURCE_NTLM: return BASIS_CLIENT;
    case USER_SOURCE_KERBEROS: return BASIS_SEEN; // the key distribution centre says it
    default: return BASIS_UNKNOWN;
    }
}
