// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Which process of the client makes the calls of a connection. A process that logs in says who it is (SetClientInfo); its
 * other connections do not, but call the objects that were handed out to it. So callers that use each other's interface
 * pointers, or one causality id, are the same process. Activations have a caller of their own: their connection to 135/tcp
 * belongs to a service of the client, which asks on behalf of many.
 */
#ifndef CAR_JUDGE_CALLER_H
#define CAR_JUDGE_CALLER_H

#include "judge/conversation.h"

#define CALLER_SAYS_MAX 4 ///< processes that one caller may be; what is more ambiguous is not known
#define CALLERS_MAX 16

/** A process that a client said it is. */
typedef struct ClientProcess {
    const Conversation *conversation; ///< in which it said so …
    uint32_t frame;                   ///< … first, in this frame
    const char *host, *fqdn;          ///< NULL: not said
    uint32_t pid;
    bool has_start;
    nstime_t start;
} ClientProcess;

/** Those to whom one thing was handed out. */
typedef struct Callers {
    unsigned n; ///< more than CALLERS_MAX: too many to be of use
    Caller **list;
} Callers;

/** A process that made calls without saying who it is. */
typedef struct {
    const ClientProcess *process;
    uint32_t
        call_frame; ///< of the call that shows it: on an object handed out to that process, or with its causality id
} InferredProcess;

/** `client`: the conversation whose RPC client it is. In `pool`. */
Caller *caller_new(wmem_allocator_t *pool, const Conversation *client);

/** They are the same, as the call in `frame` shows. Callers at different addresses never are. Either may be NULL. */
void caller_join(Caller *a, Caller *b, uint32_t frame);

/** `caller` may be NULL. The list is in `pool`. */
void callers_add(wmem_allocator_t *pool, Callers *callers, Caller *caller);

/** The client of the conversation uses in `frame` what was handed out to those, which says that it is the only one, or that
 *  it may be any of them. `exclusive`: nobody else can have it. `holders` has to stay. */
void conversation_called(Conversation *c, const Callers *holders, bool exclusive, uint32_t frame);

/** Who the client of the conversation is, as it says in `frame`. */
void conversation_said(wmem_allocator_t *pool, Conversation *c, uint32_t frame, const CallDetails *said);

/** The only process that can have made the conversation's calls, as far as is known by now; NULL: not known. */
const ClientProcess *conversation_process(const Conversation *c);

/** Which process made the calls of a conversation that did not say so itself, else none. Of a conversation with RPCSS: on
 *  whose behalf it asked for activations. Bounded; in `pool`. */
unsigned conversation_inferred(wmem_allocator_t *pool, const Conversation *c, const InferredProcess **out);

#endif
