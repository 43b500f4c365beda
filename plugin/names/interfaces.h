// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The DCOM and WMI interfaces, their methods, and what each method is used for. To add an interface or a method, add a
 * row in interfaces.c.
 */
#ifndef CAR_NAMES_INTERFACES_H
#define CAR_NAMES_INTERFACES_H

#include "names/interface.h"

/** The interface with this UUID, or NULL. */
const Interface *interface_find(const Guid *uuid);
/** The interface of this name, or NULL. */
const Interface *interface_by_name(const char *name);
/** The method behind an operation number, or NULL. */
const Method *method_find(const Interface *interface, uint16_t opnum);

/** The name of a method that has no row of its own: of another service's interface. Returns its length, 0 when there is none;
 *  `name` is not terminated. */
size_t method_name_find(const Interface *interface, uint16_t opnum, const char **name);

/** Whether the interface cannot have a method of this number: all of its methods are known, and the last one is before it. */
bool interface_lacks_method(const Interface *interface, uint16_t opnum);

#endif
