// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What is known of an interface, and of a method.
 */
#ifndef CAR_NAMES_INTERFACE_H
#define CAR_NAMES_INTERFACE_H

#include "names/words.h"
#include "wire/guid.h"

typedef enum {
    FAMILY_WMI,        ///< MS-WMI
    FAMILY_ACTIVATION, ///< DCOM activation and OXID resolution, 135/tcp
    FAMILY_OBJECT,     ///< any DCOM object: IRemUnknown2, IClassFactory
    FAMILY_AUTOMATION, ///< MS-OAUT
} InterfaceFamily;

typedef struct {
    Guid uuid;
    const char *name; ///< as Wireshark shows it
    InterfaceFamily family;
} Interface;

typedef struct {
    const char *interface;
    uint16_t opnum;
    const char *name;
    Stage stage; ///< what it is for
} Method;

#endif
