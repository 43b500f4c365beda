// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * How a command ended.
 */
#ifndef CAR_BASE_EXIT_STATUS_H
#define CAR_BASE_EXIT_STATUS_H

/** What main() returns. A signal that ended a command is COMMAND_SIGNAL plus its number: main() then dies of it. */
typedef enum { COMMAND_MATCHED = 0, COMMAND_NO_MATCH = 1, COMMAND_UNABLE = 2, COMMAND_SIGNAL = 256 } CommandStatus;

#endif
