// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Names of hosts: a label ("WS06"), or qualified ("ws06.example.com").
 */
#ifndef CAR_BASE_HOST_NAME_H
#define CAR_BASE_HOST_NAME_H

#include "base/slice.h"

/** The part before the first dot. */
Slice host_name_label(Slice name);

/** Whether two names mean one host: "WS06" is "ws06.example.com". Nothing is the name of none. */
bool host_names_agree(Slice a, Slice b);

#endif
