// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The Info column of the packet list: names where core has only a UUID or an operation number.
 */
#ifndef CAR_PLUGIN_INFO_COLUMN_H
#define CAR_PLUGIN_INFO_COLUMN_H

#include "judge/conversation.h"

#include <epan/packet.h>

/** Appends the methods and interfaces of a frame's PDUs that core's text does not name already. */
void info_column_add(packet_info *pinfo, const PduResult *results);

#endif
