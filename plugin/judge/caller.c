// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/caller.h"

#define INFERRED_MAX 16      ///< of one conversation with RPCSS
#define ACTIVATIONS_MAX 4096 ///< of one, that are asked, as totals are announced again and again

struct Caller {
    Caller *same;          ///< one that is the same (union-find); itself: it stands for all of them
    const uint8_t *client; ///< address
    uint32_t frame;        ///< of the first call that made it the same as another, 0: none
    unsigned n_said;       ///< of the representative: what all of them said; more than CALLER_SAYS_MAX: too much
    ClientProcess *said[CALLER_SAYS_MAX];
};

Caller *caller_new(wmem_allocator_t *pool, const Conversation *client)
{
    Caller *caller = wmem_new0(pool, Caller);
    caller->same = caller;
    caller->client = conversation_client(client)->ip;
    return caller;
}

static Caller *representative(Caller *caller)
{
    while (caller->same != caller) {
        caller->same = caller->same->same;
        caller = caller->same;
    }
    return caller;
}

/** Whether both can be of one process. */
static bool is_same_process(const ClientProcess *a, const ClientProcess *b)
{
    return a->pid == b->pid && g_strcmp0(a->host, b->host) == 0 &&
           (!a->has_start || !b->has_start || nstime_cmp(&a->start, &b->start) == 0);
}

/** Returns the process as it is known from then on. */
static const ClientProcess *add_process(Caller *caller, ClientProcess *process)
{
    for (unsigned i = 0; i < MIN(caller->n_said, CALLER_SAYS_MAX); i++) {
        ClientProcess *known = caller->said[i];
        if (!is_same_process(known, process))
            continue;
        known->fqdn = known->fqdn ? known->fqdn : process->fqdn;
        if (process->has_start)
            known->start = process->start;
        known->has_start |= process->has_start;
        return known;
    }
    if (caller->n_said < CALLER_SAYS_MAX)
        caller->said[caller->n_said] = process;
    caller->n_said = MIN(caller->n_said + 1, CALLER_SAYS_MAX + 1);
    return process;
}

void caller_join(Caller *a, Caller *b, uint32_t frame)
{
    if (!a || !b || memcmp(a->client, b->client, 16) != 0)
        return;
    a->frame = a->frame ? a->frame : frame;
    b->frame = b->frame ? b->frame : frame;
    a = representative(a);
    b = representative(b);
    if (a == b)
        return;
    b->same = a;
    for (unsigned i = 0; i < MIN(b->n_said, CALLER_SAYS_MAX); i++)
        (void) add_process(a, b->said[i]);
    if (b->n_said > CALLER_SAYS_MAX)
        a->n_said = b->n_said;
}

void callers_add(wmem_allocator_t *pool, Callers *callers, Caller *caller)
{
    unsigned kept = 0;
    if (!caller || callers->n > CALLERS_MAX)
        return;
    // Those that turned out to be the same are one.
    for (unsigned i = 0; i < callers->n; i++) {
        bool known = representative(callers->list[i]) == representative(caller);
        for (unsigned j = 0; j < kept && !known; j++)
            known = representative(callers->list[i]) == representative(callers->list[j]);
        if (!known)
            callers->list[kept++] = callers->list[i];
    }
    callers->n = kept;
    if (kept < CALLERS_MAX) {
        // Grows when a power of two is full.
        if ((kept & (kept - 1)) == 0 || !callers->list)
            callers->list = wmem_realloc(pool, callers->list, MAX(2 * kept, 1) * sizeof(Caller *));
        callers->list[kept] = caller;
    }
    callers->n++;
}

/** The one that they all are; NULL when there are several, or too many. */
static Caller *only_caller(const Callers *callers)
{
    for (unsigned i = 0; i < callers->n; i++)
        if (callers->n > CALLERS_MAX || representative(callers->list[i]) != representative(callers->list[0]))
            return NULL;
    return callers->n ? callers->list[0] : NULL;
}

void conversation_called(Conversation *c, const Callers *holders, bool exclusive, uint32_t frame)
{
    Caller *only = exclusive ? only_caller(holders) : NULL;
    if (only) {
        caller_join(c->caller, only, frame);
    } else if (!c->perhaps) {
        c->perhaps = holders;
        c->perhaps_frame = frame;
    }
}

void conversation_said(wmem_allocator_t *pool, Conversation *c, uint32_t frame, const CallDetails *said)
{
    ClientProcess *process = wmem_new0(pool, ClientProcess);
    *process = (ClientProcess){
        .conversation = c,
        .frame = frame,
        .host = said->client_host,
        .fqdn = said->client_fqdn,
        .pid = said->client_pid,
        .has_start = said->has_client_start,
        .start = said->client_start,
    };
    c->client_said = c->caller ? add_process(representative(c->caller), process) : process;
}

typedef struct {
    unsigned n;
    InferredProcess list[INFERRED_MAX];
} Inferred;

/** Returns whether it is known which processes `caller` may be. */
static bool add_inferred(Inferred *out, Caller *caller, uint32_t frame)
{
    caller = representative(caller);
    if (caller->n_said > CALLER_SAYS_MAX)
        return false;
    for (unsigned i = 0; i < caller->n_said; i++) {
        bool known = false;
        for (unsigned j = 0; j < out->n && !known; j++)
            known = is_same_process(out->list[j].process, caller->said[i]);
        if (!known && out->n < INFERRED_MAX)
            out->list[out->n++] = (InferredProcess){caller->said[i], frame};
    }
    return caller->n_said > 0;
}

/** Any of those who have what the conversation uses; nobody when one of them is not known. */
static void add_candidates(Inferred *out, const Conversation *c)
{
    const Callers *holders = c->perhaps;
    if (holders->n > CALLERS_MAX)
        return;
    for (unsigned i = 0; i < holders->n; i++) {
        Caller *holder = holders->list[i];
        // It was seen to be one of them, of whom nothing is known.
        bool is_itself = representative(holder) == representative(c->caller);
        if (is_itself || memcmp(holder->client, c->caller->client, 16) != 0 ||
            !add_inferred(out, holder, c->perhaps_frame)) {
            out->n = 0;
            return;
        }
    }
}

static void infer(const Conversation *c, Inferred *out)
{
    out->n = 0;
    if (c->client_said || c->is_callback)
        return;
    const Activation *a = c->caller ? NULL : c->activations;
    for (unsigned asked = 0; a && out->n < INFERRED_MAX; asked++, a = a->next) {
        if (asked == ACTIVATIONS_MAX) { // nobody, as the rest may have been others'
            out->n = 0;
            return;
        }
        (void) add_inferred(out, a->caller, a->frame);
    }
    if (c->caller && !add_inferred(out, c->caller, c->caller->frame) && c->perhaps)
        add_candidates(out, c);
}

const ClientProcess *conversation_process(const Conversation *c)
{
    Inferred inferred;
    if (c->client_said || !c->caller)
        return c->client_said;
    infer(c, &inferred);
    return inferred.n == 1 ? inferred.list[0].process : NULL;
}

unsigned conversation_inferred(wmem_allocator_t *pool, const Conversation *c, const InferredProcess **out)
{
    Inferred inferred;
    infer(c, &inferred);
    *out = wmem_memdup(pool, inferred.list, inferred.n * sizeof(InferredProcess));
    return inferred.n;
}
