// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * COM classes that activations ask for. To add one, add a row in table-classes.c.
 */
#ifndef CAR_NAMES_CLASSES_H
#define CAR_NAMES_CLASSES_H

#include "wire/guid.h"

typedef enum {
    CLASS_WMI,     ///< WMI's own: an activation of it is remote WMI
    CLASS_LATERAL, ///< not WMI, known for lateral movement over DCOM (ATT&CK T1021.003)
} ClassKind;

typedef struct {
    Guid clsid;
    const char *name;
    ClassKind kind;
} ComClass;

/** The class with this CLSID, or NULL. */
const ComClass *class_find(const Guid *clsid);

#endif
