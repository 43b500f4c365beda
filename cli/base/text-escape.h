// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Text from the wire (or a file name, or what tshark says about it) made fit for a terminal.
 */
#ifndef CAR_BASE_TEXT_ESCAPE_H
#define CAR_BASE_TEXT_ESCAPE_H

#include <glib.h>
#include <stdbool.h>

/** Whether the character shows itself and moves no other. */
bool text_is_printable(gunichar c);

/** One printable line: control characters, invisible and reordering ones (Unicode categories Cc, Cf, Zl, Zp, Cs, Cn)
 * and bytes that are no UTF-8 become `\n`, `\x1b`, `\u{202e}` …; with `ascii` all that is not ASCII. A backslash stays
 * as it is, since paths are full of them: the text is for reading, the JSON formats carry the exact one. Owned by the
 * caller; "" for NULL. */
char *text_escape(const char *text, bool ascii);

/** Puts "?" in place of what is no UTF-8, or is NUL. */
void text_make_valid(char *text, size_t len);

/** Columns that escaped text takes on a terminal. */
size_t text_width(const char *text);

typedef enum { TEXT_CUT_END, TEXT_CUT_START } TextCut;

/** Escaped `text` in at most `width` columns: where something is cut off, `ellipsis` stands (one column wide). Owned by
 * the caller. */
char *text_fit(const char *text, size_t width, TextCut cut, const char *ellipsis);

/** The end of the first line of escaped `text` (not empty) on lines of `width` columns: behind its last space, where there is
 * one that is not near the start, else in the middle of a word. Nothing is taken away. */
const char *text_line_end(const char *text, size_t width);

#endif
