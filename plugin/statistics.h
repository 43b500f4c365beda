// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Statistics of remote WMI, in Wireshark's menu Statistics and as `tshark -q -z`: `car,tree` (hosts → methods,
 * techniques, users, processes, namespaces) and `car,activities` (a row an activity). Both take a display filter:
 * `-z car,tree,FILTER`.
 */
#ifndef CAR_PLUGIN_STATISTICS_H
#define CAR_PLUGIN_STATISTICS_H

/** Offer them. `least` is the Confidence from which conversations count; it is read with each packet. */
void statistics_tree_register(const int *least);
void statistics_activities_register(const int *least);

#endif
