// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Messages for the user.
 */
#ifndef CAR_BASE_WARN_H
#define CAR_BASE_WARN_H

#include <glib.h>
#include <stdbool.h>

/** One line on standard error, "car-wmi: …", with everything escaped that a terminal would obey. */
void warn_user(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** Whether standard error and the like may carry no more than ASCII. */
bool terminal_is_ascii(void);

#endif
