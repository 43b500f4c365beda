// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The program tshark: finding it, running it, reading what it prints.
 */
#ifndef CAR_TSHARK_TSHARK_H
#define CAR_TSHARK_TSHARK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define TSHARK_ERROR (tshark_error_quark())
GQuark tshark_error_quark(void);

typedef enum {
    TSHARK_ERROR_MISSING ///< there is no such program, or it cannot be run
} TsharkError;

/** How a run ended. */
typedef struct {
    int status;      ///< exit status; -1 when a signal ended it
    int signal;      ///< that signal, else 0
    char *messages;  ///< the start of its standard error, any bytes
    guint lines_cut; ///< lines of standard output that were too long and were dropped
    bool hung;       ///< it was ended because nothing happened for tshark_patience()
} TsharkEnd;

void tshark_end_clear(TsharkEnd *end);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsharkEnd, tshark_end_clear)

typedef enum {
    TSHARK_DEFAULT = 0,
    TSHARK_CONFINED = 1 << 0, ///< it reads no settings, data files, scripts and plugins of the user's, and see fence.h
    TSHARK_APART = 1 << 1,    ///< signals, those of the terminal too, do not end it: its input does
} TsharkFlags;

/** Where the child finds the file that tshark_run() hands it. */
#define TSHARK_FILE "/proc/self/fd/3"

/** `line` is not terminated and holds no line end. */
typedef void (*TsharkLineFunc)(const char *line, size_t len, gpointer data);

/** The program to run: `given` (from --tshark) or the one in PATH. Owned by the caller. Error: MISSING, with the mend
 * in its text. */
char *tshark_find(const char *given, GError **error);

/** Another program of Wireshark's: beside `tshark`, else that in PATH. NULL: there is none. Owned by the caller. */
char *tshark_companion(const char *tshark, const char *name);

/** Since when (g_get_monotonic_time()) it is tshark alone that keeps others waiting; 0: it does not. Called from time to time. */
typedef int64_t (*TsharkWaitFunc)(gpointer data);

typedef struct {
    const char *const *argv; ///< NULL-terminated, without a shell
    TsharkFlags flags;
    int input; ///< the child's standard input, which is taken over; -1: nothing
    int file;  ///< an open file, which it finds under the name TSHARK_FILE; -1: none
    TsharkLineFunc on_line;
    gpointer data;
    TsharkWaitFunc waits; ///< NULL: what it reads tells whether it goes on
    gpointer waits_data;
} TsharkJob;

/** Seconds without progress after which tshark is ended: CAR_WMI_PATIENCE, else 300. */
unsigned tshark_patience(void);

/** Runs a program to its end and gives each line of its standard output to `on_line`. SIGINT, SIGTERM and SIGHUP end it, and
 * what it started. `end` is always set; the caller clears it. Errors: TSHARK_ERROR. */
bool tshark_run(const TsharkJob *job, TsharkEnd *end, GError **error);

/** The same for questions with short answers: the standard output, up to 1 MiB of whole lines. Owned by the caller. */
char *tshark_output(const char *const *argv, TsharkEnd *end, GError **error);

/** Set-up of a child that signals of the terminal do not reach. */
void tshark_leave_session(gpointer data);

/** A line of what a program of Wireshark's says, with the detail in parentheses that is on the next line, if it is one. Owned by
 * the caller, valid UTF-8. */
char *tshark_join_detail(const char *line, const char *next);

/** What tshark's messages say is wrong, in one line, without the name of the capture `path` (may be NULL) they speak of.
 * NULL when they say nothing. Owned by the caller, valid UTF-8. */
char *tshark_reason(const char *messages, const char *path);

/** Why a run that did not come to its end broke off, in one line; `path` as above. Owned by the caller, valid UTF-8. */
char *tshark_explain(const TsharkEnd *end, const char *path);

/** "4.0.17" out of the output of `tshark --version`; NULL when it is none. Owned by the caller. */
char *tshark_version(const char *tshark, GError **error);

#endif
