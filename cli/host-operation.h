// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What WMI says about an operation in its log: "Start IWbemServices::ExecQuery - root\cimv2 : select * from …".
 */
#ifndef CAR_HOST_OPERATION_H
#define CAR_HOST_OPERATION_H

#include "record.h"

#include "host-text.h"

typedef struct {
    HostText method;         ///< "ExecQuery", without "Async"
    HostText namespace_path; ///< "root\cimv2"
    HostText subject;        ///< the query, class, path, or class and method
} WmiOperation;

/** False when the text is none. Its parts are those of `text`. */
bool wmi_operation_parse(HostText text, WmiOperation *operation);

/** Whether the call is by this method, in whatever variant. */
bool wmi_operation_is_call(const WmiOperation *operation, const Call *call);

/** Tells a call what the operation says. Texts are kept in `texts`; `source` names the log and outlives the call. */
void wmi_operation_tell(const WmiOperation *operation, Call *call, GStringChunk *texts, const char *source);

#endif
