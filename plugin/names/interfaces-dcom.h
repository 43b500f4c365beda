// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * DCOM interfaces of other services, with the names of their methods. Made by make-interfaces-dcom.py; interfaces.h is where
 * to ask.
 */
#ifndef CAR_NAMES_INTERFACES_DCOM_H
#define CAR_NAMES_INTERFACES_DCOM_H

#include "names/interface.h"

#include <stddef.h>

typedef struct {
    Interface interface;
    uint16_t first_opnum; ///< of the methods; those before are IUnknown's or IDispatch's
    const char *methods;  ///< in order, with a space between two
} DcomInterface;

/** By UUID. */
extern const DcomInterface dcom_interfaces[];
extern const size_t dcom_interfaces_n;

#endif
