// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Feeds PDUs to the judge: conversations between hosts, and the PDUs and stubs that they exchange.
 */
#ifndef JUDGE_FIXTURE_H
#define JUDGE_FIXTURE_H

#include "pdu-builder.h"

#include "judge/announce.h"
#include "judge/judge.h"

typedef struct {
    wmem_allocator_t *pool;
    Tracker *tracker;
    Announcer *announcer;
    GString *lines;   ///< events
    uint32_t frame;   ///< of the newest PDU
    uint32_t call_id; ///< of the newest call that judge_call() made
} Judge;

Judge *judge_new(void);
void judge_free(Judge *judge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Judge, judge_free)

/** A conversation from 10.0.0.`client` to 10.0.0.`server`:`port`. */
Conversation *judge_connect(Judge *judge, uint8_t client, uint8_t server, uint16_t port);

/** Each takes over the PDU, counts a frame of its own and announces what was found. */
PduResult *judge_client(Judge *judge, Conversation *c, GByteArray *pdu);
PduResult *judge_server(Judge *judge, Conversation *c, GByteArray *pdu);
/** The same with the stub as it was decrypted. */
PduResult *judge_decrypted(Judge *judge, Conversation *c, int side, GByteArray *pdu, const StubBuilder *plain);

/** The same, of which only the first `len` bytes were captured. */
PduResult *judge_snapped(Judge *judge, Conversation *c, int side, GByteArray *pdu, size_t len);
/** Several PDUs in one frame, all of which it takes over. */
PduResult *judge_frame(Judge *judge, Conversation *c, int side, GByteArray *const *pdus, unsigned n);

/** When the frame of that number is captured: one a second. */
nstime_t judge_time(uint32_t frame);

/** How often a text stands in the events. */
unsigned judge_said(const Judge *judge, const char *text);

// ---- exchanges

/** Names of interfaces. */
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
/** An interface that has nothing to do with DCOM: that of the security accounts manager. */
#define OTHER_INTERFACE "samr"
/** That of the endpoint mapper. */
#define MAPPER_INTERFACE "epm"

/** A Bind to interfaces, with context ids from 0, and an answer that accepts them. Returns what the Bind showed. */
PduResult *judge_bind(Judge *judge, Conversation *c, const char *const *interfaces, const Verifier *verifier);
/** The same with an Alter_context that offers one more. */
PduResult *judge_alter(Judge *judge, Conversation *c, uint16_t id, const char *interface, const Verifier *verifier);
/** A request that begins a new call. `object` and `stub` may be NULL. */
PduResult *judge_call(Judge *judge, Conversation *c, uint16_t context, uint16_t opnum, const Guid *object,
                      const StubBuilder *stub);
/** The response to the newest call, and a fault. */
PduResult *judge_answer(Judge *judge, Conversation *c, const StubBuilder *stub);
PduResult *judge_fault(Judge *judge, Conversation *c, uint32_t status);

/** The UUID of an interface by its name. */
Guid interface_uuid(const char *name);
/** An interface pointer of the number `n`, as Windows makes them: of the process 0xa80. */
Guid windows_ipid(uint32_t n);

// ---- PDUs, little endian

/** Contexts 0, 1 … for the interfaces of these names. */
GByteArray *pdu_binding(PduType type, uint32_t call_id, const char *const *interfaces, const Verifier *verifier);
/** Contexts from `first` on. */
GByteArray *pdu_binding_from(PduType type, uint32_t call_id, uint16_t first, const char *const *interfaces,
                             const Verifier *verifier);
GByteArray *pdu_binding_ack(PduType type, uint32_t call_id, const uint16_t *results, size_t n,
                            const Verifier *verifier);

typedef struct {
    uint32_t call_id;
    uint16_t context_id, opnum;
    const Guid *object; ///< NULL: none
    uint8_t flags;      ///< 0: the only fragment
    Verifier verifier;
} Request;

GByteArray *pdu_call(const Request *r, const StubBuilder *stub);
/** The answer to a call; `stub` NULL: sealed bytes. */
GByteArray *pdu_answer(const Request *r, const StubBuilder *stub);
GByteArray *pdu_fault(const Request *r, uint32_t status);

// ---- tokens

/** NTLM AUTHENTICATE of DOMAIN\user. Owned by the caller. */
GByteArray *token_ntlm(const char *domain, const char *user);
/** AP-REQ for RPCSS/srv@CORP.EXAMPLE with a ticket whose number is `fill`. Owned by the caller. */
GByteArray *token_kerberos(char fill);
/** TGS-REP that gives this ticket to jdoe, without its application tag. Owned by the caller. */
GByteArray *reply_kerberos(char fill);

// ---- stubs

extern const Guid clsid_wmi, clsid_mmc, iid_login, ipid_remunknown, ipid_login;
#define ACTIVATED_PORT 50000 ///< of the endpoint that activations return
#define ACTIVATED_HOST 2     ///< 10.0.0.2

/** RemoteActivation of a class, asking for `iid`. */
StubBuilder stub_activation(const Guid *clsid, const Guid *iid);
/** Its answer: `n` bindings to the endpoint above, IPIDs above. */
StubBuilder stub_activated(unsigned n, const Guid *iid);
StubBuilder stub_client_info(const char *host, uint32_t pid);
StubBuilder stub_client_info_ex(const char *host, const char *fqdn, uint32_t pid, uint64_t start);
StubBuilder stub_login(const char *namespace_path, const char *locale);
/** The answer to a login: IWbemServices under `ipid`. */
StubBuilder stub_logged_in(const Guid *ipid);

// Calls on IWbemServices.
StubBuilder stub_get_object(const char *path);
StubBuilder stub_query(const char *query);
/** With an in-parameter CommandLine. */
StubBuilder stub_exec_method(const char *path, const char *method, const char *command);
/** An instance of a class with one property. */
StubBuilder stub_put_instance(const char *class, const char *property, const char *value);
/** The answer to ExecMethod: one out-parameter. */
StubBuilder stub_executed(const char *property, const char *value);
/** The answer of a method that returns an object: of this interface, under `ipid`. */
StubBuilder stub_handed_out(const char *interface, const Guid *ipid);

/** RemQueryInterface of the object `ipid` for interfaces, up to NULL. */
StubBuilder stub_query_interface(const Guid *ipid, const char *const *interfaces);
/** Its answer: an IPID for each, of which only the first `given` count: there is no such interface as the others. */
StubBuilder stub_interfaces(const Guid *ipids, unsigned n, unsigned given);

/** The one technique that a PDU shows, TECHNIQUE_NONE: none. */
static inline Technique technique_of(const PduResult *r)
{
    g_assert_cmpuint(r->n_techniques, <=, 1);
    return r->n_techniques ? r->techniques[0].technique : TECHNIQUE_NONE;
}

#endif
