// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * COM classes that activations ask for, and WMI's own classes and namespaces that mean something. To add a COM class, add a row in classes.c.
 */
#ifndef CAR_NAMES_CLASSES_H
#define CAR_NAMES_CLASSES_H

#include "wire/guid.h"

#include <stddef.h>

typedef enum {
    CLASS_WMI,     ///< WMI's own: an activation of it is remote WMI
    CLASS_LATERAL, ///< not WMI, known for lateral movement over DCOM (ATT&CK T1021.003)
    CLASS_OTHER,   ///< another service's
} ClassKind;

typedef struct {
    Guid clsid;
    const char *name;
    ClassKind kind;
} ComClass;

/** The class with this CLSID, or NULL. */
const ComClass *class_find(const Guid *clsid);

/** Whether a WMI class makes something run later: event filter, consumer, binding. `name` may be NULL. */
bool wmi_class_is_subscription(const char *name);

/** Whether a namespace is where subscriptions live: "\\\\HOST\\root\\subscription". `path` may be NULL. */
bool wmi_namespace_is_subscription(const char *path);

/** Class in an object path: "\\server\root\cimv2:Win32_Process.Handle=4" has Win32_Process (MS-WMI 2.2.2). Not terminated;
 *  NULL when there is none. */
const char *wmi_path_class(const char *path, size_t *len);

/** The class that a query is FROM. Not terminated; NULL when there is none. */
const char *wmi_query_class(const char *query, size_t *len);

/** Whether the last part of a namespace is `last`: that of "\\\\HOST\\root\\cimv2" is "cimv2". */
bool wmi_namespace_ends_in(const char *path, const char *last);

#endif
