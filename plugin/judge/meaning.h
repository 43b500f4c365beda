// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What a WMI call says, once its stub can be read, and what that amounts to. Results live as long as the pool.
 */
#ifndef CAR_JUDGE_MEANING_H
#define CAR_JUDGE_MEANING_H

#include "names/interfaces.h"
#include "names/technique-rules.h"
#include "wire/objref.h"

#include <wsutil/nstime.h>
#include <wsutil/wmem/wmem.h>

typedef struct {
    const char *name, *value; ///< value NULL: the property is NULL
} Property;

/** A readable request. Members are NULL when the method has no such thing. */
typedef struct {
    const char *namespace_path; ///< NTLMLogin, OpenNamespace: what the client logs in to
    const char *locale;
    const char *query, *query_language;
    const char *object_path;
    const char *class_name; ///< of the object called, written or deleted
    const char *wmi_method;
    const char *command_line;
    unsigned n_properties;
    const Property *properties; ///< in-parameters, or what is written

    bool has_client; ///< SetClientInfo, SetClientInfoEx
    const char *client_host, *client_fqdn;
    uint32_t client_pid;
    bool has_client_start;
    nstime_t client_start; ///< of the process, UTC

    const char *undecodable; ///< why nothing else is known: the structure does not hold
} CallDetails;

/** A readable response. */
typedef struct {
    bool has_status;
    uint32_t status; ///< HRESULT of the call
    bool has_operation_status;
    uint32_t operation_status; ///< GetCallStatus: HRESULT of the operation
    const char *text;          ///< GetResultString: path of what was written
    unsigned n_properties;
    const Property *properties; ///< out-parameters
    unsigned n_references;      ///< interface pointers handed out, with the namespace that they lead to
    const struct Reference {
        Guid iid, ipid;
    } * references;
    const char *undecodable;
} CallOutcome;

/** Reads a whole request or response stub of a method of a WMI interface. NULL when this method is not known. */
const CallDetails *meaning_of_request(wmem_allocator_t *pool, const Interface *interface, uint16_t opnum, Bytes *stub);
const CallOutcome *meaning_of_response(wmem_allocator_t *pool, const Interface *interface, uint16_t opnum, Bytes *stub);

/** What a call shows; returns how many. `details` is NULL for a sealed one, of which the namespace may be known. */
unsigned meaning_techniques(const Method *method, const CallDetails *details, const char *namespace_path,
                            ShownTechnique shown[SHOWN_TECHNIQUES_MAX]);

#endif
