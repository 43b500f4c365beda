// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What a fold (fold.h) knows while it takes events, for its own files: fold-records.c begins and ends it, fold-events.c takes
 * events, fold-room.c makes room when there is too much, fold-resolve.c fills in what stands in other places.
 */
#ifndef CAR_RECORD_FOLD_STATE_H
#define CAR_RECORD_FOLD_STATE_H

#include "record/event-reader.h"
#include "record/fold.h"

/** The best authentication seen on one kind of PDU. */
typedef struct {
    bool any;
    const char *type;
    AuthLevel level;
} AuthSeen;

/** A process that makes the connection's calls, as another connection shows. */
typedef struct {
    int64_t conn, frame, call_frame, pid; ///< the connection and frame in which it said who it is
    const char *start_time, *host, *fqdn;
} Inferred;

typedef struct {
    int64_t conn;
    size_t size;                  ///< of the fold's room that it has taken
    Record *record;               ///< NULL once it was handed over
    GHashTable *calls;            ///< number of the call → index + 1
    GHashTable *interfaces;       ///< UUID → index + 1
    GHashTable *processes;        ///< role and pid → index + 1
    GArray *activations;          ///< RecordActivation
    GHashTable *activation_calls; ///< number of the call → index + 1
    GArray *identities;           ///< of the security contexts
    GHashTable *users;            ///< domain and user → index + 1
    guint last_user;              ///< index + 1 of the one who made the newest call of a known user
    bool bound;                   ///< its first Bind was seen
    AuthSeen auth_on_bind, auth_on_call;
    const char *mechanism;       ///< what SPNEGO agreed on
    bool totalled;               ///< a `state` or `end` event was seen
    bool resolved;               ///< nothing was told of it since it was
    Confidence final_confidence; ///< of the newest of these
    int64_t activation_conn, activation_call;
    GArray *candidates; ///< UserCandidate
    GArray *inferred;   ///< Inferred, of the newest `state` or `end` event
} FoldedConversation;

/** What is left of a conversation that made room. */
typedef struct {
    const char *client_ip, *server_ip, *start_time;
    uint16_t client_port, server_port;
    int64_t first_frame, order;
    Confidence confidence;
    Evidence evidence; ///< the first one
} Forgotten;

struct EventFold {
    EventStream stream;
    EventReader *reader;
    Texts *texts;
    GHashTable *conversations;   ///< number → Conversation
    GHashTable *activities;      ///< number → GPtrArray of FoldedConversation *, those that were once of the activity
    GHashTable *call_frames;     ///< number of a call of any conversation → its frame
    FoldedConversation *current; ///< of the event under way; NULL between events
    GHashTable *forgotten;       ///< number → Forgotten
    size_t limit, room;          ///< bytes that may be taken, and those that still may
    FrameMap *frames;            ///< may be NULL
    EventFoldFunc listener;      ///< may be NULL
    gpointer listener_data;
    EventFoldCallFunc call_listener; ///< may be NULL
    gpointer call_listener_data;
};

static inline gpointer fold_key(int64_t number)
{
    return GSIZE_TO_POINTER((size_t) number);
}

/** The conversation of that number; NULL when there is none. */
FoldedConversation *fold_conversation(EventFold *fold, int64_t conn);

/** Takes so much of the fold's room; false when there is none left, even after what is worth least made room. */
bool fold_take_room(EventFold *fold, size_t bytes);

/** Keeps a text of an event, which stays whatever is forgotten. NULL for NULL, and when there is no room for it. */
const char *fold_keep(EventFold *fold, const char *text);

/** The frame that an event numbers so. */
int64_t fold_frame(const EventFold *fold, int64_t number);

/** Index, plus one since 0 stands for "not found", of what was numbered so. */
guint fold_index(GHashTable *table, gconstpointer key);

/** Notes that it stands last in an array of that length. */
void fold_put_index(GHashTable *table, gpointer key, guint length);

/** By which a process is known in its record. */
gpointer fold_process_key(ProcessRole role, int64_t pid);

/** Notes that the conversation is one of its activity. */
void fold_add_member(EventFold *fold, FoldedConversation *c);

/** The activation that was asked for in that call; NULL when there is none. */
RecordActivation *fold_find_activation(FoldedConversation *c, int64_t call);

/** Takes one event. */
void fold_event(EventFold *fold, const Event *e);

/** Fills in what stands in other places. May be done again when more is known. */
void fold_resolve(EventFold *fold, FoldedConversation *c);

/** Frees a conversation. */
void fold_conversation_free(gpointer conversation);

#endif
