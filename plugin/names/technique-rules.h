// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Which techniques of ATT&CK a call shows, and why. To add one, add a row in technique-rules.c. Each was held against the
 * text of ATT&CK 18; what its text does not cover is not here.
 */
#ifndef CAR_NAMES_TECHNIQUE_RULES_H
#define CAR_NAMES_TECHNIQUE_RULES_H

#include "names/classes.h"
#include "names/techniques.h"

#include <stdbool.h>

/** A call as far as it is known. A text that is not known is NULL. */
typedef struct {
    const char *interface, *method; ///< "IWbemServices", "ExecMethod"
    const char *namespace_path, *class_name, *object_path, *wmi_method, *query;
    const char *(*parameter)(const void *parameters, const char *name); ///< the value of one, NULL when not known
    const void *parameters;
} KnownCall;

typedef struct {
    Technique technique;
    const char *reason; ///< a sentence, without its full stop
} ShownTechnique;

#define SHOWN_TECHNIQUES_MAX 4 ///< of one call

/** What a call shows, were it to succeed, in order of the ids. Returns how many. */
unsigned techniques_shown(const KnownCall *call, ShownTechnique shown[SHOWN_TECHNIQUES_MAX]);

/** What the activation of a class shows. Returns how many: 0 or 1. `class` may be NULL. */
unsigned techniques_of_activation(const ComClass *class, ShownTechnique shown[SHOWN_TECHNIQUES_MAX]);

#endif
