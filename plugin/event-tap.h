// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * `tshark -q -z car,events`: the plugin's findings for programs, one JSON object a line on standard output (event/event.h).
 */
#ifndef CAR_PLUGIN_EVENT_TAP_H
#define CAR_PLUGIN_EVENT_TAP_H

/** Offers the statistic to tshark; it listens to the tap "car", which carries the PduResults of a frame. */
void event_tap_register(void);

#endif
