// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the outputs promise, whatever the records hold. Each check ends the program where a promise does not hold.
 *
 * A text that is an attacker's has the word HOSTILE_WORD where it would be markup; nothing that is markup has it.
 */
#ifndef FUZZ_OUTPUT_CHECK_H
#define FUZZ_OUTPUT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define HOSTILE_WORD "owned"

/** Lines of text that a terminal may show: of control characters, only line feeds and, in a table with colours, those. */
void check_plain(const char *text, size_t len, bool colours);

/** JSON values (RFC 8259), each in a line or over several; with nothing that a terminal would obey. */
void check_json(const char *text, size_t len);

/** RFC 4180, each row with as many cells; none is a formula. */
void check_csv(const char *text, size_t len);

/** Lines of cells between tabs, as many in each; lines of comments begin with "#". */
void check_table(const char *text, size_t len);

/** Elements and attributes are balanced and quoted, none is an attacker's, and none loads or runs anything. */
void check_html(const char *text, size_t len);

/** Texts of the wire stand in code spans. */
void check_markdown(const char *text, size_t len);

#endif
