// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What is known of a TCP conversation and of each DCE/RPC PDU in it. Everything here lives as long as the pool that the
 * tracker was given, and only grows while packets are seen for the first time.
 */
#ifndef CAR_JUDGE_CONVERSATION_H
#define CAR_JUDGE_CONVERSATION_H

#include "judge/identity.h"
#include "judge/meaning.h"
#include "names/clients.h"
#include "names/outcomes.h"
#include "names/technique-rules.h"
#include "wire/activation.h"
#include "wire/pdu.h"

#include <wsutil/nstime.h>
#include <wsutil/wmem/wmem.h>

/** An address and port; IPv4 as ::ffff:a.b.c.d. */
typedef struct {
    uint8_t ip[16];
    uint16_t port;
} Endpoint;

typedef struct Tracker Tracker;
typedef struct Conversation Conversation;
typedef struct Call Call;
typedef struct Activation Activation;
typedef struct Lookup Lookup;
typedef struct Caller Caller;
struct ClientProcess;
struct Callers;
typedef struct PduResult PduResult;

/** A security context of a conversation: who authenticated, and how calls in it are protected. */
typedef struct {
    uint8_t type, level;      ///< as on the wire; level 0: not known
    AuthMechanism mechanism;  ///< what SPNEGO settled on, as far as a token showed it
    const Identity *identity; ///< NULL: not known
    bool used;                ///< a call was made in it: whom it stands for cannot change any more
} Security;

/** "ntlm", "kerberos", "spnego" …, or NULL when not known. */
const char *security_type_name(const Security *s);

/** One presentation context of a Bind or Alter_context. */
typedef struct {
    PduContext offered;
    uint32_t frame;             ///< in which it was offered
    const Interface *interface; ///< NULL: neither DCOM nor WMI
    ContextResult result;
    InterfaceSource source;
    Security *security; ///< in which it was offered, as it is by now; NULL: not known
    bool sealed_call_seen;
    bool called;       ///< an object was called on it …
    Guid first_object; ///< … first this one
    bool is_first;     ///< none was called on it before, even one that was not captured
    bool shared; ///< objects of other interfaces are called on it, too: what it was bound to says nothing of others
} Context;

struct Call {
    uint32_t id; ///< counts from 1 in the capture
    Conversation *conversation;
    uint32_t frame, response_frame; ///< of the first fragments; 0: none seen
    nstime_t time;                  ///< of the first one
    uint32_t bind_frame;            ///< that defined its presentation context; 0: none seen
    uint16_t context_id, opnum;
    const Interface *interface; ///< NULL: not known, or not in our table
    bool has_uuid;
    Guid uuid; ///< of the interface
    InterfaceSource source;
    const Method *method;
    bool has_object;
    Guid object; ///< the IPID called
    bool causality_known;
    Guid causality_id;
    Activation *activation; ///< when the call is an activation
    uint64_t oxid;          ///< when the call is a ResolveOxid(2)
    unsigned n_iids;        ///< when the call is a RemQueryInterface: what it asks for
    const Guid *iids;
    const char *namespace_path; ///< that the object called belongs to, NULL: not known
    Call *origin;               ///< the call that handed out the object called, NULL: not known
    uint16_t server_pid;        ///< from the IPID, 0: it tells none
    const CallDetails *details; ///< NULL: not read
    bool judged;                ///< which techniques it shows was decided …
    const PduResult *shown;     ///< … with this PDU; NULL: not yet
    bool answered;              ///< a whole response or a fault was taken: what comes again is not
    CallAnswer answer;          ///< what it said
    wmem_array_t *stub;         ///< clear fragments of the message under way, NULL when there are none
    bool stub_cut;              ///< there were too many to be kept
};

/** An activation, or a resolution of an OXID, and the exporter it returned. */
struct Activation {
    uint32_t frame, response_frame;
    Conversation *conversation;
    Activation *next;           ///< of the same conversation
    Caller *caller;             ///< on whose behalf
    const Call *call;           ///< that asked for it
    const Activation *resolves; ///< a resolution: the activation that returned its OXID; NULL: not seen
    bool has_clsid;
    Guid clsid;
    const char *server_name; ///< NULL: not given
    unsigned n_iids;
    const Guid *iids;
    bool is_wmi;
    bool has_endpoint;
    uint64_t oxid;
    unsigned n_bindings;
    const char **bindings; ///< "host[port]"
    uint16_t port;         ///< the first one in them, 0: none
    bool led;              ///< a connection went there
    bool answered;
    uint32_t status; ///< HRESULT or fault, when answered
};

/** A look-up of an interface in the endpoint mapper. */
struct Lookup {
    uint32_t frame, response_frame; ///< the latter 0: not answered, or not readable
    const Conversation *conversation;
    Guid interface;
    bool ndr64; ///< in which it was asked
    bool led;   ///< a DCOM connection went to a port that it named
};

/** A PDU as it was captured. */
typedef struct {
    uint32_t frame;
    int side;             ///< that sent it
    const uint8_t *data;  ///< from its first byte on; more may follow it
    size_t len;           ///< captured of `data`
    const uint8_t *plain; ///< its decrypted stub and padding, NULL: none; ignored where it does not fit
    size_t plain_len;
} PduBytes;

/** Which families of clients fit what was seen up to here, and what speaks for them. */
typedef struct {
    unsigned n_families, n_marks;
    ClientFamily families[N_CLIENT_FAMILIES];
    struct MarkSeen {
        ClientMark mark;
        uint32_t frame; ///< of this conversation, or of the one that activated it
    } marks[N_CLIENT_MARKS];
    const char *text; ///< both, for people; NULL: no family fits any more
} ClientGuess;

/** What a PDU showed; hangs on its frame. */
struct PduResult {
    PduResult *next; ///< in the same frame
    Conversation *conversation;
    uint32_t frame;
    PduType type;
    uint8_t flags;
    bool has_security;
    Security security;
    bool sealed; ///< request, response: the stub cannot be read

    unsigned n_contexts; ///< bind, alter_context
    Context *contexts;
    const PduResult *bind; ///< bind_ack, alter_context_resp: what they answer, NULL when it was not captured

    Call *call;         ///< request, response, fault
    bool begins_call;   ///< request: the first PDU seen of its call
    bool begins_answer; ///< response, fault: the first PDU seen of the answer
    bool ends_answer;   ///< response, fault: what became of the call is known from here on
    bool has_status;
    uint32_t status;        ///< fault
    Activation *activation; ///< request: the activation asked for; response: the one answered
    const Lookup *lookup;   ///< request, response: a look-up in the endpoint mapper, then nothing else of this is known

    AuthMechanism mechanism; ///< of the token in the verifier
    const char *spn, *realm;
    const Identity *identity; ///< that this PDU told
    unsigned n_candidates;
    const UserCandidate *candidates;    ///< whom its ticket may stand for, where that is not known; the newest first
    const struct ClientProcess *client; ///< who the client is, as far as known here; NULL: not known
    bool client_inferred;               ///< it did not say so in this conversation

    // where this PDU completes a message that can be read
    bool decrypted;
    const CallDetails *details;
    const CallOutcome *outcome;
    const char *undecodable; ///< decrypted or clear, but its structure does not hold
    unsigned n_techniques;
    ShownTechnique techniques[SHOWN_TECHNIQUES_MAX]; ///< that the call shows, where it is clear what can be read of it
    const ClientGuess *guess;                        ///< where this PDU changed it, else NULL
    uint32_t command_length;                         ///< sealed ExecMethod: estimate in characters; 0: none
    bool client_silent;                              ///< NTLMLogin by a client that did not say who it is

    bool security_open; ///< the verifier was not captured and the context is not known
    unsigned evidence;  ///< bit mask of EvidenceKind: what this PDU added to its conversation
};

/** A frame of a conversation, as it is counted. */
typedef struct {
    uint32_t number;
    nstime_t time;
    int time_digits;       ///< of the second, as far as the capture tells them
    uint32_t interface_id; ///< on which it was captured
    uint32_t length;       ///< on the wire
    int side;              ///< that sent it
    unsigned flags;        ///< of TCP: FRAME_SYN …
    bool payload;          ///< it carries bytes of the stream
} Frame;

enum { FRAME_SYN = 0x02, FRAME_RST = 0x04, FRAME_ACK = 0x10 };

/** What of a conversation came in on one interface. */
typedef struct {
    uint32_t interface_id;
    uint32_t first_frame, last_frame, frames;
} ConversationPart;

struct Conversation {
    uint32_t id; ///< from 1, given with the first evidence; 0 before
    // totals over all its frames; the first and the last one are those in time
    uint32_t first_frame, last_frame, frames;
    nstime_t first_time, last_time;
    nstime_t frame_time;   ///< of the frame that was counted last, which may be before the last one in time
    int time_digits;       ///< of the second, as far as the capture tells them
    uint64_t bytes[2];     ///< on the wire, by side
    Endpoint side[2];      ///< side[0] sent the first frame
    wmem_array_t *parts;   ///< ConversationPart, EVENT_LIST_MAX at most; NULL while there is one interface
    uint32_t interface_id; ///< of the first frame
    int client;            ///< side that is the RPC client; -1: not known yet
    unsigned opened;       ///< bit mask of the sides that opened it, as SYN and SYN-ACK say
    bool spoke[2];         ///< the side sent bytes of the stream
    bool reset;            ///< by either end

    Confidence answered;              ///< of what the server accepted or answered: the part of both ends fits that far
    bool bind_nak, rejected, answers; ///< the server refused a Bind, an interface; it answered any PDU

    Confidence confidence;
    uint32_t evidence_frame[N_EVIDENCE_KINDS]; ///< first of each kind, 0: none
    Conversation *activity;                    ///< representative of the activity (union-find); itself when alone
    Activation *activation;                    ///< object connection: the activation that led to it
    uint32_t mark_frame[N_CLIENT_MARKS];       ///< first of each mark, 0: none
    unsigned families_told, marks_told;        ///< bit masks of the newest guess
    bool activation_open; ///< several activations led to this endpoint: the first IPID called tells which
    const struct ClientProcess *client_said; ///< newest SetClientInfo or SetClientInfoEx, NULL: none was called
    const char *locale;                      ///< of the newest NTLMLogin
    uint32_t class_length;         ///< characters of the path that the newest sealed GetObject asked for, 0: not known
    bool is_callback;              ///< the WMI server calls the client's sink
    Caller *caller;                ///< who makes its calls; NULL: with RPCSS it is not one process
    const struct Callers *perhaps; ///< those who may be that, as the call in `perhaps_frame` shows; NULL: not known
    uint32_t perhaps_frame;
    Activation *activations, **next_activation; ///< asked for in it, in order
    Lookup *lookup;                             ///< that named its port to the client before; NULL: none was seen
    bool lookup_checked;                        ///< that was looked for
    wmem_map_t *lookups;                        ///< call id → Lookup that waits for its answer; NULL: none was made

    // made with the first PDU
    bool bind_seen;
    uint32_t bind_call_id;    ///< of the newest PDU that offered presentation contexts or authenticated
    const Interface *offered; ///< last, of DCOM or WMI; NULL: none
    bool offers_several;      ///< different ones
    Security *last_security;  ///< of the newest Bind or Alter_context that carried a verifier; NULL: none did
    wmem_map_t *contexts;     ///< context id → Context, its newest meaning
    wmem_map_t *binds;        ///< call id → PduResult of a Bind or Alter_context that waits for its answer
    wmem_map_t *calls;        ///< call id → Call, the newest
    wmem_map_t *security;     ///< auth context id, type and level → Security
    wmem_array_t *results;    ///< PduResult *, in order
};

static inline const Endpoint *conversation_client(const Conversation *c)
{
    return &c->side[c->client == 1];
}

static inline const Endpoint *conversation_server(const Conversation *c)
{
    return &c->side[c->client != 1];
}

/** A conversation of which the first frame was just seen, sent by `from`. In `pool`. */
Conversation *conversation_make(wmem_allocator_t *pool, const Endpoint *from, const Endpoint *to);

/** Counts a frame of it. What has to be kept is in `pool`. */
void conversation_count(Conversation *c, wmem_allocator_t *pool, const Frame *frame);

/** Says of which interface a call is. What has to be kept is in `pool`. */
void call_set_interface(Call *call, wmem_allocator_t *pool, const Guid *uuid, const Interface *interface,
                        InterfaceSource source);

/** Of which interface it is, is not known after all: that of its presentation context has no such method. */
void call_forget_interface(Call *call);

/** What became of the call, as far as it is known by now: 0 before it was answered. */
Outcome call_outcome(const Call *call);

/** Whether a PDU shows a technique. */
bool pdu_shows(const PduResult *r, Technique technique);

/** Whether the server refused for want of rights, as far as it can be read. */
bool pdu_denied(const PduResult *r);

/** "Interface::Method". NULL when the method is not known. In `pool`. */
char *call_method_text(wmem_allocator_t *pool, const Call *call);

/** Whether it goes to the port that its activation named. */
static inline bool conversation_led_by_activation(const Conversation *c)
{
    return c->activation && !c->is_callback && c->activation->port == conversation_server(c)->port;
}

/** The address alone: "192.0.2.5". In `pool`. */
char *endpoint_ip_text(wmem_allocator_t *pool, const Endpoint *e);

/** The conversation of the lowest id in the activity of one that has given evidence. */
Conversation *activity_representative(Conversation *c);

/** Number of the activity that the conversation belongs to: the lowest id in it. 0: none. */
uint32_t conversation_activity(Conversation *c);

#endif
