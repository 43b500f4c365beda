// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The record: what is known of one TCP conversation. Its members are those of the schema car-wmi/1, which out-json.c
 * writes; here, too, each name means the same.
 *
 * Texts belong to the RecordSet and are shared between records. An unknown text is NULL, an unknown number
 * NUMBER_UNKNOWN, an unknown frame 0. A frame tells its capture, too: see frame_make().
 */
#ifndef CAR_RECORD_RECORD_H
#define CAR_RECORD_RECORD_H

#include "base/frame.h"
#include "base/texts.h"
#include "base/unknown.h"
#include "names/technique-rules.h"
#include "names/words.h"
#include "record/host-facts.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *ip, *host, *fqdn;
    bool host_inferred, fqdn_inferred; ///< said on another connection of the same process
    int64_t port;
} RecordEnd;

typedef struct {
    EvidenceKind kind;
    int64_t frame;
} Evidence;

typedef struct {
    const char *name; ///< the UUID when it has no known name
    const char *uuid;
    int64_t frame;
    Answer accepted;
} OfferedInterface;

typedef struct {
    int64_t call; ///< number of the call in tshark's run
    int64_t frame;
    int64_t client_port;
    int64_t response_frame;
    int64_t port; ///< that the answer names first, for the connection to the object
    const char *clsid, *server_name;
    int64_t status;
    const char *server_host, *server_fqdn; ///< names by which the server says it can be reached
} RecordActivation;

/** A look-up in the endpoint mapper that named the port of the connection before. */
typedef struct {
    int64_t frame, response_frame; ///< 0: none was seen
    int64_t client_port;
    const char *interface; ///< UUID of what was looked up
} RecordLookup;

typedef struct {
    const char *type;
    AuthLevel level;
    const char *spn, *realm;
    const char *user, *domain, *workstation; ///< whoever made most calls; before any call, whoever authenticated
    UserSource user_source;
    const char *user_log; ///< the log that said it, where no `user_source` did: "log:4624"
    int64_t user_frame;
} Auth;

/** A user under whom calls were made. */
typedef struct {
    const char *user, *domain; ///< `domain` may be NULL
    const char *workstation;
    UserSource source;
    int64_t frame; ///< that tells it
    guint calls;
    Answer accepted; ///< the server answered a call of theirs; it refused all that it answered; it answered none
} RecordUser;

/** Somebody who was given a ticket for the service, at the client's address, before the connection authenticated with one
 * that was not seen being issued. */
typedef struct {
    const char *user, *domain, *spn;
    int64_t frame; ///< in which the ticket was given
    int64_t age;   ///< of the ticket, seconds
} UserCandidate;

typedef struct {
    int64_t frame;
    const char *namespace_path, *locale;
    int64_t status;
    guint call; ///< index of the call
} Login;

typedef struct {
    const char *name, *value;
} RecordProperty;

typedef struct {
    int64_t number; ///< of the call in tshark's run
    guint user;     ///< index of its user + 1; 0: not known
    int64_t origin; ///< number of the call that handed out the object
    int64_t origin_frame;
    int64_t frame, response_frame;
    const char *time; ///< of its first frame
    const char *interface;
    InterfaceSource interface_source;
    const char *object;
    int64_t opnum;
    const char *method;
    Stage stage;
    const char *namespace_path;
    Answer sealed;
    bool decrypted;
    int64_t command_length; ///< an estimate
    // What the request says, when it can be read.
    const char *query, *query_language, *object_path, *class_name, *wmi_method, *command_line;
    GArray *properties; ///< Property; NULL when unknown
    // What came of it: of the call itself and, in a semisynchronous one, of the operation it asks about.
    Answer fault;
    int64_t status;
    const char *status_name;
    int64_t operation_status;
    const char *operation_status_name;
    const char *result_text;
    Outcome outcome;
    bool told; ///< of a live capture: it was told as it happened
    unsigned n_techniques;
    ShownTechnique techniques[SHOWN_TECHNIQUES_MAX]; ///< that it shows, whatever its outcome
    GArray *result_properties;                       ///< Property; NULL when unknown
    const char *content_source;                      ///< the log that said it; NULL when the request itself did
    const char *undecodable;                         ///< why request or response, though in clear, could not be read
    GArray *frames;          ///< int64_t: all frames of the request; NULL when `frame` is the only one
    GArray *response_frames; ///< the same of the response
} RecordCall;

typedef struct {
    const char *kind; ///< "wire:…"
    int64_t frame;
    // Of "wire:activity", where the process said who it is in `frame` of another connection.
    int64_t call_frame;     ///< of the call that shows whose this connection is
    const char *connection; ///< filter of the other one
} ProcessSource;

/** The part that a process has in a connection. */
typedef enum {
    ROLE_CLIENT,
    ROLE_SERVER,
    ROLE_SPAWNED, ///< it was started over the connection
    N_PROCESS_ROLES
} ProcessRole;

/** Whether a server's process is the service host that WMI is expected in. */
typedef enum {
    WINMGMT_HOST_UNKNOWN,
    WINMGMT_HOST_NAMED,     ///< of netsvcs or of a group that is not told, with Winmgmt
    WINMGMT_HOST_GROUP,     ///< of netsvcs; its services are not told
    WINMGMT_HOST_OWN_GROUP, ///< Winmgmt's own, as `winmgmt /standalonehost` makes it
    WINMGMT_HOST_OTHER,     ///< another program, group or service
    N_WINMGMT_HOSTS
} WinmgmtHost;

typedef struct {
    ProcessRole role;
    int64_t pid;
    const char *start_time, *command_line;
    GArray *sources; ///< ProcessSource
    bool inferred;   ///< from other connections; with others of its role that are, it is one of several candidates
    bool asked_for;  ///< the connection is another process', which made it on behalf of this one
    // From hosts' logs.
    WinmgmtHost winmgmt;
    const char *service;      ///< that it hosts
    const char *image, *user; ///< the user as DOMAIN\user where the domain is known
    int64_t parent_pid;
    const char *parent_image;
    const char *note;    ///< what else is to be known about its part
    GArray *log_sources; ///< LogSource; NULL when there are none
} Process;

/** Fills in what is not zero when it is unknown. */
RecordCall call_init(void);

/** A process of which nothing but this is known. It owns its array of sources. */
Process process_init(ProcessRole role, int64_t pid);

/** What was read of a file at one time. */
typedef struct {
    int64_t frame;
    const char *text; ///< valid UTF-8, whatever the host's code page
    bool complete;    ///< not cut off
} ArtifactOutput;

/** A file that the activity left on a share of the server: a command's output. */
typedef struct {
    const char *share, *name;
    const char *start_time, *end_time; ///< of what was done with it
    int64_t size;                      ///< when it was opened last
    int64_t command_frame;             ///< a call whose command line names it; 0: none that can be read
    GArray *frames;                    ///< int64_t
    GArray *outputs;                   ///< ArtifactOutput
} RecordArtifact;

/** A packet that an end may have ignored, or two of which only one can have arrived. */
typedef struct {
    AnomalyKind kind;
    int64_t frames[2];       ///< the same twice where it is about one
    const char *readings[2]; ///< what they say where they differ; NULL where that is not what is odd
} RecordAnomaly;

/** What of a conversation stands in one capture. */
typedef struct {
    int64_t first, last, count;
} RecordPart;

/** What speaks for a family of clients. */
typedef struct {
    const char *mark;
    int64_t frame; ///< of this conversation, or of its activation's
} RecordMark;

/** How much a record of a live capture tells; that of a whole capture has none. */
typedef enum {
    RECORD_WHOLE,
    RECORD_OPEN,      ///< what is known so far
    RECORD_CLOSED,    ///< the connection was closed
    RECORD_UNFINISHED ///< it was followed no longer, before it was closed
} RecordState;

typedef struct {
    int64_t conn;  ///< number of the conversation in tshark's run
    int64_t order; ///< its first frame in that run
    RecordState state;
    Confidence confidence;
    Verdict verdict;
    AttemptReason verdict_reason;
    uint64_t techniques; ///< set of Technique: record_has_technique()
    GArray *evidence;    ///< Evidence
    int64_t activity;
    bool has_activation;
    RecordActivation activation;
    RecordLookup lookup;
    const char *start_time, *end_time;
    struct {
        int64_t first, last, count;
    } frames;
    GArray *parts; ///< RecordPart; NULL when `frames` are all of one capture
    struct {
        int64_t client, server;
    } bytes;
    const char *filter;
    RecordEnd client, server;
    Answer remote;
    bool callback;
    Auth auth;
    const char *client_hint;  ///< the families and marks below, in words
    GArray *client_families;  ///< const char *
    GArray *client_marks;     ///< RecordMark
    GArray *users;            ///< RecordUser: all under whom calls were made, by their first one
    GArray *user_candidates;  ///< UserCandidate: of a connection without a user, the newest ticket first
    guint unnamed_calls;      ///< whose user is not known; those without authentication do not count
    GArray *interfaces;       ///< OfferedInterface
    Answer client_identified; ///< it said who it is before it logged in
    GArray *logins;           ///< Login
    GArray *calls;            ///< Call
    GArray *processes;        ///< Process
    GArray *anomalies;        ///< RecordAnomaly
    bool smb;                 ///< its hosts spoke SMB, too
    bool smb_unread;          ///< of which not all could be read
    GArray *artifacts;        ///< RecordArtifact; NULL when there are none
    HostFacts *host;          ///< what hosts' logs add; NULL when they say nothing of it
    struct {
        const char *rule; ///< by which it is no alert; NULL when there is none
        const char *reason;
    } allowed;
    const char *summary; ///< one line; NULL when there is nothing to say
} Record;

typedef struct {
    char *path;  ///< as the user named it, made valid UTF-8; NULL when there is none
    char *note;  ///< why not all of it was read; NULL when it was
    bool broken; ///< reading broke off where nothing can be said of what follows: that nothing was found means nothing
} RecordFile;

/** The records of one timeline. */
typedef struct {
    GPtrArray *files;                               ///< RecordFile *, in order of time; at least one
    GPtrArray *records;                             ///< Record *, in order of first frame
    Texts *texts;                                   ///< owns the texts of all records
    const char *plugin_version, *wireshark_version; ///< of what read the captures; NULL when nothing did
    uint64_t unlisted_binds;                        ///< that nobody answered, beyond those of which there are records
} RecordSet;

Record *record_new(void);
void record_free(Record *record);

/** Without records and files. `texts` is handed over; NULL: new. */
RecordSet *record_set_new(Texts *texts);

/** Takes over `note`. `path` need not be UTF-8. The file belongs to the set. */
RecordFile *record_set_add_file(RecordSet *set, const char *path, char *note);

/** The capture in which the conversation begins. */
const RecordFile *record_file(const RecordSet *set, const Record *record);

/** Frames of the conversation in all captures; NUMBER_UNKNOWN when unknown. */
int64_t record_frame_count(const Record *record);

/** Path of the capture that `frame` is in, when that is another one than where the conversation begins; else NULL. */
const char *record_other_path(const RecordSet *set, const Record *record, int64_t frame);

void record_set_free(RecordSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecordSet, record_set_free)

_Static_assert(N_TECHNIQUES <= 64, "they are the bits of a number");

static inline bool record_has_technique(const Record *record, Technique technique)
{
    return record->techniques & UINT64_C(1) << technique;
}

/** TECHNIQUE_NONE adds nothing. */
static inline void record_add_technique(Record *record, Technique technique)
{
    record->techniques |= technique ? UINT64_C(1) << technique : 0;
}

/** Adds a copy, which owns the arrays. */
void record_add_artifact(Record *record, const RecordArtifact *artifact);

/** "client", "server", "spawned". */
const char *process_role_name(ProcessRole role);

/** "named", "group", "own-group", "other"; NULL when it is not known. */
const char *winmgmt_host_name(WinmgmtHost host);

/** Its verdict; of a connection that is still open, VERDICT_UNKNOWN where an answer may yet come. */
Verdict record_verdict(const Record *record);

/** NULL for RECORD_WHOLE. */
const char *record_state_text(RecordState state);

/** A display filter for the conversation; NULL when an address or port is unknown. Owned by the caller. */
char *record_filter(const RecordEnd *client, const RecordEnd *server);

/** Whether the ends are different hosts: no when both have one address or both are loopback addresses. */
Answer record_remote(const RecordEnd *client, const RecordEnd *server);

/** Text of the property `name` (any case); NULL when there is none or its value is NULL. `properties` may be NULL. */
const char *property_value(const GArray *properties, const char *name);

/** Its value as a number, NUMBER_UNKNOWN when it is none. */
int64_t property_number(const GArray *properties, const char *name);

/** Whether the call is IWbemServices::ExecMethod of this class and method, which can be read. */
bool call_is_method(const RecordCall *call, const char *class_name, const char *method);

/** Whether the client said who it is before it logged in. `begun`: the conversation was seen from its start. */
Answer record_client_identified(const Record *record, bool begun);

/** Whether the connection goes to the port that the answer of its activation named. */
bool record_is_led_to(const Record *record);

/** Why a call shows a technique; NULL when it does not. */
const char *call_technique_reason(const RecordCall *call, Technique technique);

/** How much a call says about what was done: what a server refused to do was not done, but tried. */
Stage call_weight(const RecordCall *call);

/** The call that says most about what was done, the first of several equal ones. NULL when there are no calls. */
const RecordCall *record_strongest_call(const Record *record);

#endif
