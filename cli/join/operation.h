// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What WMI says about an operation in its log: "Start IWbemServices::ExecQuery - root\cimv2 : select * from …".
 */
#ifndef CAR_JOIN_OPERATION_H
#define CAR_JOIN_OPERATION_H

#include "base/texts.h"
#include "record/record.h"

#include "base/slice.h"

typedef struct {
    Slice method;         ///< "ExecQuery", without "Async"
    Slice namespace_path; ///< "root\cimv2"
    Slice subject;        ///< the query, class, path, or class and method
} WmiOperation;

/** False when the text is none. Its parts are those of `text`. */
bool wmi_operation_parse(Slice text, WmiOperation *operation);

/** Whether the call is by this method, in whatever variant. */
bool wmi_operation_is_call(const WmiOperation *operation, const RecordCall *call);

/** Tells a call what the operation says. Texts are kept in `texts`; `source` names the log and outlives the call. */
void wmi_operation_tell(const WmiOperation *operation, RecordCall *call, Texts *texts, const char *source);

#endif
