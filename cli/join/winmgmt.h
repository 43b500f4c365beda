// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Whether the process that serves WMI is the one that should: "a DCOM interface within the RPC group netsvcs", says the analytic, which is
 * the service host of that group with the service Winmgmt.
 */
#ifndef CAR_JOIN_WINMGMT_H
#define CAR_JOIN_WINMGMT_H

#include "record/record.h"

/** What an image, a command line and the name of a service tell; each may be NULL. */
WinmgmtHost winmgmt_host(const char *image, const char *command_line, const char *service);

/** Notes it of the server's processes of a connection that carries WMI, as far as logs told of them. */
void winmgmt_note(Record *record);

#endif
