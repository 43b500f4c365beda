// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What a record says, as texts that the formats for people share. They hold bytes of the wire: each format escapes them.
 */
#ifndef CAR_RECORD_TEXT_H
#define CAR_RECORD_TEXT_H

#include "record/record.h"
#include <stdint.h>

/** "192.0.2.5:135", "[2001:db8::5]:135", "?" for what is unknown. Owned by the caller. */
char *record_text_endpoint(const RecordEnd *endpoint);

/** "DOMAIN\user", "user"; NULL when unknown. Owned by the caller. */
char *record_text_account(const char *domain, const char *user);

/** The accounts (char *) under which calls were made, else the one that authenticated; empty when unknown. Owned by the
 * caller. */
GPtrArray *record_users(const Record *record);

/** Some of these accounts (char *): "EXAMPLE\svc, EXAMPLE\bob (and 1 more)". NULL when there are none. Owned by the
 * caller. */
char *record_text_accounts(const GPtrArray *accounts);

/** Those of the record. Owned by the caller. */
char *record_text_users(const Record *record);

/** What said the user: "ntlm-authenticate", "log:4624"; NULL when unknown. */
const char *record_text_user_source(const Auth *auth);

/** "kerberos/privacy", "none"; NULL when unknown. Owned by the caller. */
char *record_text_auth(const Auth *auth);

/** The namespace that was logged in to last, else the first that a call names; NULL when unknown. */
const char *record_text_namespace(const Record *record);

/** Interfaces that were bound and not refused, or called, by name where any has one: "A, B". Owned by the caller. */
char *record_text_interfaces(const Record *record);

/** Why that user may be meant, and how sure that is: "probably: a ticket for host/ws06 in frame 12, 3 minutes before". Owned by
 * the caller. */
char *record_text_candidate(const RecordSet *set, const Record *record, const UserCandidate *candidate);

/** "interface (frame 65), ipid (frame 7 of x.pcapng)", where that is another capture than the first. Owned by the
 * caller. */
char *record_text_evidence(const RecordSet *set, const Record *record);

/** evidence_sentence() within a sentence: "a WMI interface is bound". NULL when there is none. Owned by the caller. */
char *record_text_evidence_clause(EvidenceKind kind);

/** By which rule it is no alert, and why; NULL when it is one. Owned by the caller. */
char *record_text_allowed(const Record *record);

/** "frame 12 says …, frame 13 says …; which one arrived cannot be told". Owned by the caller. */
char *record_text_anomaly(const RecordSet *set, const Record *record, const RecordAnomaly *anomaly);

/** "session", "attempt: the connection was reset"; NULL when it is not known. Owned by the caller. */
char *record_text_verdict(const Record *record);

/** "IWbemServices::ExecMethod", or as much of it as is known. Owned by the caller. */
char *record_text_call(const RecordCall *call);

/** The file of an artifact with the share, as "ADMIN$\__1683291962.56". Owned by the caller. */
char *record_text_artifact(const RecordArtifact *artifact);

/** The same with the server: "\\192.0.2.6\ADMIN$\__1683291962.56". Owned by the caller. */
char *record_text_artifact_path(const RecordArtifact *artifact);

/** The analytics of CAR that the connection fits, this one first: their ids, which are constants. The list is owned by the caller. */
GPtrArray *record_analytics(const Record *record);

/** Whether a process was started over it, as its calls or hosts' logs tell. */
bool record_launched(const Record *record);

/** The first process of that role; NULL when there is none, or several that are inferred. */
const Process *record_process(const Record *record, ProcessRole role);

/** A name of the connection, as Zeek's have it: the same whenever it is read. Owned by the caller. */
char *record_text_id(const Record *record);

/** A name that the connections of an activity share, the same whenever its capture is read. NULL when it is of none. Owned by
 * the caller. */
char *record_text_activity_id(const RecordSet *set, const Record *record);

/** The part of a path behind its last backslash or slash. NULL for NULL. */
const char *record_base_name(const char *path);

#endif
