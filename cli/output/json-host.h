// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The members of a record that come from hosts' logs.
 */
#ifndef CAR_OUTPUT_JSON_HOST_H
#define CAR_OUTPUT_JSON_HOST_H

#include "base/json-write.h"
#include "record/record.h"

/** One record of a log as a source. `name` is NULL in an array. */
void out_json_log_source(JsonWriter *w, const char *name, const LogSource *source);

/** "logons", "operations", "subscriptions" and "clocks". */
void out_json_host_facts(JsonWriter *w, const HostFacts *facts);

#endif
