// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Names of HRESULTs and RPC fault codes.
 */
#ifndef CAR_NAMES_STATUS_H
#define CAR_NAMES_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t status;
    const char *name;
} StatusName;

/** All names, sorted by status. */
const StatusName *status_names(size_t *n);

/** The name of a status, or NULL. */
const char *status_name(uint32_t status);

/** Whether a status says that access was denied. */
bool status_is_denied(uint32_t status);

#endif
