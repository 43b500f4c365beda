// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Help for terminals.
 */
#ifndef CAR_BASE_TEXT_WRAP_H
#define CAR_BASE_TEXT_WRAP_H

#include <glib.h>

#define TEXT_WRAP_COLUMNS 80

/** The lines of `text` (valid UTF-8), those that are too long wrapped at blanks: lists ("  name   what it is") go on below what
 * stands behind the name. Owned by the caller. */
char *text_wrap(const char *text);

#endif
