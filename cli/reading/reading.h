// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Captures and hosts' logs become sets of records, as the options of a command say.
 */
#ifndef CAR_READING_READING_H
#define CAR_READING_READING_H

#include "base/digest.h"
#include "capture/input.h"
#include "record/allow.h"
#include "record/record.h"
#include "record/select.h"
#include "scan/scan.h"
#include "tshark/keys.h"

#define READING_MAX_JOBS 64

/** A command's own options begin with these. */
typedef struct {
    Confidence min_confidence;
    char *allow;
    Select *select;      ///< NULL: all
    gboolean everything; ///< without a scan
    gboolean no_artifacts;
    guint jobs; ///< captures that are scanned side by side
    char *tshark;
    char *keytab, *password_file;
    GPtrArray *host_logs;   ///< char *
    GPtrArray *captures;    ///< char *
    GHashTable *in_folders; ///< those of both that were found in a folder: they may be of any kind
    char *output;           ///< NULL: standard output
} ReadingOptions;

void reading_options_init(ReadingOptions *options);
void reading_options_clear(ReadingOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ReadingOptions, reading_options_clear)

/** A file that could not be read at all, or not to its end. */
typedef struct {
    char *path, *reason;
    bool unreadable;
} ReadingFault;

/** What was looked at, beside what matched. */
typedef struct {
    ScanCounts scan;                       ///< without packets: unknown
    guint connections[CONFIDENCE_WMI + 1]; ///< by confidence, also below the one asked for
    guint sealed_activations;
    bool sealed, opened; ///< whether a call was, by the keys
} ReadingSeen;

typedef struct {
    const ReadingOptions *options;
    char *tshark;
    Keys keys;
    Allow *allow;        ///< NULL when there are no rules
    Digests *digests;    ///< of all files, when somebody wants them; else NULL
    GPtrArray *inputs;   ///< CaptureInput *: the captures that could be opened
    GPtrArray *sets;     ///< RecordSet *, as far as they are kept
    GPtrArray *faults;   ///< ReadingFault *, of captures
    GPtrArray *warnings; ///< char *: what hosts' logs warned of, and what captures hold too much of
    guint read, unreadable;
    GHashTable *others;                ///< paths of the options found in folders that are of another kind
    guint matched[CONFIDENCE_WMI + 1]; ///< records by confidence, without those that are allowed
    guint allowed, left_out;           ///< the latter for what was not asked for
    ReadingSeen seen;
} Reading;

/** Opens what the options name beside captures and logs. COMMAND_MATCHED, or what is wrong, which has then been said. */
int reading_open(Reading *reading, const ReadingOptions *options);
void reading_clear(Reading *reading);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

/** Begins with the digests of all captures and logs, which are then made beside the reading. */
void reading_hash(Reading *reading);

/** Takes the records of a set, and may stop the reading by false. */
typedef bool (*ReadingFunc)(RecordSet *set, gpointer data);

/** Reads all captures and logs and gives each set to `func` (may be NULL); then it is freed, unless `keep`.
 * COMMAND_MATCHED when it came to the end, whatever was found; else a status, what is wrong has then been said. */
int reading_run(Reading *reading, bool keep, ReadingFunc func, gpointer data);

/** Takes out of a set, and counts, what was not asked for. */
void reading_select(Reading *reading, RecordSet *set);

/** Counts a record that is of the confidence asked for. */
void reading_count(Reading *reading, const Record *record);

/** Notes what a record shows of what was looked at, whatever its confidence. */
void reading_see(Reading *reading, const Record *record);

/** Says of which servers Binds that nobody answered were counted alone; `unanswered` (UnansweredServer) may be NULL. */
void reading_tell_unanswered(Reading *reading, const GArray *unanswered);

/** The exit status by what was found. */
int reading_status(const Reading *reading);

/** How many connections are only of this confidence, where that is less than the one asked for; else 0. */
guint reading_weaker(const Reading *reading, Confidence confidence);

/** How many records matched that are not allowed. */
guint reading_matches(const Reading *reading);

#endif
