// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The vocabulary: what fields, events, records and reports call things. Each word stands here and nowhere else.
 *
 * In every list 0 is "not known", which has no word (NULL).
 */
#ifndef CAR_NAMES_WORDS_H
#define CAR_NAMES_WORDS_H

#include <stdint.h>

/** How sure it is that a conversation is remote WMI, weakest first. */
typedef enum {
    CONFIDENCE_NONE,
    CONFIDENCE_RPCSS, ///< the analytic's own estimate
    CONFIDENCE_DCOM,  ///< some DCOM
    CONFIDENCE_WMI,   ///< WMI
    N_CONFIDENCES
} Confidence;

typedef enum {
    EVIDENCE_NONE,
    EVIDENCE_INTERFACE,      ///< a WMI interface in Bind or Alter_context
    EVIDENCE_ACTIVATION,     ///< an activation that asks for a WMI class
    EVIDENCE_OXID_ENDPOINT,  ///< the endpoint that a WMI activation returned
    EVIDENCE_IPID,           ///< a call on an interface pointer that WMI handed out
    EVIDENCE_CAUSALITY,      ///< a call with the causality id of a WMI activation or call
    EVIDENCE_DCOM_INTERFACE, ///< a DCOM interface
    EVIDENCE_RPCSS_SPN,      ///< RPCSS as the target of the authentication on 135/tcp
    EVIDENCE_HOST_LOG,       ///< a host's log, without a capture
    N_EVIDENCE_KINDS
} EvidenceKind;

/** What a method is for; what says more about what was done comes later. */
typedef enum {
    STAGE_UNKNOWN,
    STAGE_CONTROL,
    STAGE_LOGIN,
    STAGE_READ,
    STAGE_ENUMERATE,
    STAGE_QUERY,
    STAGE_DELETE,
    STAGE_WRITE,
    STAGE_SUBSCRIBE,
    STAGE_EXECUTE,
    N_STAGES
} Stage;

/** Authentication levels, with the numbers of the wire (MS-RPCE 2.2.1.1.8). */
typedef enum {
    AUTH_LEVEL_UNKNOWN = 0,
    AUTH_LEVEL_NONE = 1,
    AUTH_LEVEL_CONNECT = 2,
    AUTH_LEVEL_CALL = 3,
    AUTH_LEVEL_PACKET = 4,
    AUTH_LEVEL_INTEGRITY = 5,
    AUTH_LEVEL_PRIVACY = 6,
    N_AUTH_LEVELS
} AuthLevel;

/** How the interface of a call is known. */
typedef enum {
    SOURCE_UNKNOWN,
    SOURCE_BIND,      ///< its presentation context was seen in a Bind or Alter_context
    SOURCE_IPID,      ///< the object called was handed out as this interface
    SOURCE_STRUCTURE, ///< the stub can be nothing else
    N_INTERFACE_SOURCES
} InterfaceSource;

/** What the server answered to a presentation context that was offered. */
typedef enum { RESULT_UNKNOWN, RESULT_ACCEPTED, RESULT_REJECTED, RESULT_NEGOTIATED, N_CONTEXT_RESULTS } ContextResult;

/** What told the user. */
typedef enum {
    USER_SOURCE_UNKNOWN,
    USER_SOURCE_NTLM,     ///< the client's NTLM AUTHENTICATE message
    USER_SOURCE_KERBEROS, ///< the reply of the key distribution centre that issued the ticket
    N_USER_SOURCES
} UserSource;

/** Half of a call. */
typedef enum { HALF_UNKNOWN, HALF_REQUEST, HALF_RESPONSE, N_HALVES } CallHalf;

/** What became of a call. */
typedef enum {
    OUTCOME_UNKNOWN,
    OUTCOME_SUCCEEDED,
    OUTCOME_FAILED,
    OUTCOME_CANCELLED,    ///< by the client, also when it stopped reading what it had asked for
    OUTCOME_NO_ANSWER,    ///< none was seen
    OUTCOME_NOT_READABLE, ///< the answer is sealed, or its structure does not hold
    N_OUTCOMES
} Outcome;

/** What happened: whether both ends spoke their part, as far as it was captured. */
typedef enum {
    VERDICT_UNKNOWN,
    VERDICT_ATTEMPT, ///< a client tried; nothing that was captured is an answer that fits
    VERDICT_SESSION, ///< the server took part
    N_VERDICTS
} Verdict;

/** Why it is no more than an attempt. */
typedef enum {
    ATTEMPT_UNKNOWN,
    ATTEMPT_ONE_SIDED, ///< no packet of the server's was captured
    ATTEMPT_NO_ANSWER, ///< the server said nothing
    ATTEMPT_RESET,     ///< the connection was reset
    ATTEMPT_BIND_NAK,  ///< the server refused the Bind
    ATTEMPT_REJECTED,  ///< the server refused the interfaces
    ATTEMPT_OTHER,     ///< what the server sent is no answer in DCE/RPC
    N_ATTEMPT_REASONS
} AttemptReason;

/** What a claim rests on; car-wmi-record(5) says which claim on what. */
typedef enum {
    BASIS_UNKNOWN,
    BASIS_SEEN,      ///< the packets show it, and not on the client's word alone
    BASIS_CLIENT,    ///< it stands in the packets, and nobody but the client vouches for it
    BASIS_LOG,       ///< a host's log
    BASIS_INFERRED,  ///< from other packets or connections, or from a convention
    BASIS_ESTIMATED, ///< a number that was calculated, or the analytic's guess
    N_BASES
} Basis;

/** What is odd about packets of a conversation. */
typedef enum {
    ANOMALY_UNKNOWN,
    ANOMALY_OVERLAP, ///< the same place of the stream was sent twice, with other bytes
    ANOMALY_NUMBERS, ///< a packet's numbers are far from the connection's, which went on without it
    ANOMALY_END,     ///< FIN or RST, after which the connection went on
    ANOMALY_SYN,     ///< SYN or SYN-ACK in a connection that went on as if there had been none
    N_ANOMALY_KINDS
} AnomalyKind;

/** A list of words; the numbers are those of its enum. */
typedef struct {
    const char *const *words;
    unsigned n;
} Vocabulary;

extern const Vocabulary confidence_words, evidence_words, stage_words, auth_level_words, interface_source_words,
    context_result_words, user_source_words, call_half_words, outcome_words, verdict_words, attempt_reason_words,
    basis_words, anomaly_words;

/** NULL for 0 and what is beyond the list. */
const char *word_text(const Vocabulary *vocabulary, unsigned value);
/** 0 for a text that is none of the words, and for NULL. */
unsigned word_value(const Vocabulary *vocabulary, const char *text);

static inline const char *confidence_name(Confidence c)
{
    return word_text(&confidence_words, c);
}

static inline Confidence confidence_from_name(const char *name)
{
    return (Confidence) word_value(&confidence_words, name);
}

static inline const char *evidence_name(EvidenceKind kind)
{
    return word_text(&evidence_words, kind);
}

static inline const char *stage_name(Stage stage)
{
    return word_text(&stage_words, stage);
}

static inline const char *auth_level_name(AuthLevel level)
{
    return word_text(&auth_level_words, level);
}

static inline const char *interface_source_name(InterfaceSource source)
{
    return word_text(&interface_source_words, source);
}

static inline const char *user_source_name(UserSource source)
{
    return word_text(&user_source_words, source);
}

/** What a kind of evidence is, as a sentence without its full stop; NULL for EVIDENCE_NONE. */
const char *evidence_sentence(EvidenceKind kind);

/** A reason in a few words of a sentence: "the connection was reset"; NULL for 0. */
const char *attempt_reason_sentence(AttemptReason reason);

/** How sure a kind of evidence makes that a conversation is remote WMI. */
Confidence evidence_confidence(EvidenceKind kind);

/** The basis behind a claim in a sentence: " (inferred)". Nothing for what is seen, and for BASIS_UNKNOWN. */
const char *basis_note(Basis basis);

/** The same as one character behind a cell of the table: "~". */
const char *basis_mark(Basis basis);

/** On what a piece of evidence rests, and a user. */
Basis evidence_basis(EvidenceKind kind);
Basis user_source_basis(UserSource source);

#endif
