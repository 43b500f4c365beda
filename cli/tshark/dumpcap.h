// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Wireshark's program dumpcap, which captures from interfaces.
 */
#ifndef CAR_TSHARK_DUMPCAP_H
#define CAR_TSHARK_DUMPCAP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define DUMPCAP_ERROR (dumpcap_error_quark())
GQuark dumpcap_error_quark(void);

typedef enum {
    DUMPCAP_ERROR_MISSING, ///< there is no such program, or it cannot be run
    DUMPCAP_ERROR_CAPTURE  ///< it could not capture, or not to the end
} DumpcapError;

typedef struct Dumpcap Dumpcap;

/** Captures from `interfaces` (char *), in whose order those of the pcapng are. `filter` may be NULL. `tshark` is the
 * tshark beside which it is looked for. Errors, with the mend in their text: MISSING. */
Dumpcap *dumpcap_start(const char *tshark, const GPtrArray *interfaces, const char *filter, GError **error);

/** The pcapng as it is captured. Belongs to `dumpcap`. */
int dumpcap_fd(const Dumpcap *dumpcap);

/** Lets it end, and write what it still holds. May be called from any thread, and again. */
void dumpcap_stop(Dumpcap *dumpcap);

/** What it told of an interface at its end. */
typedef struct {
    uint64_t received, dropped;
} DumpcapCount;

/** Stops it, if it goes on, and waits for its end; nothing more can be read. The counts (DumpcapCount) are in the order
 * of the interfaces; there may be fewer. Errors, with the mend in their text: CAPTURE. */
bool dumpcap_wait(Dumpcap *dumpcap, GArray *counts, GError **error);

/** After dumpcap_wait(). */
void dumpcap_free(Dumpcap *dumpcap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dumpcap, dumpcap_free)

#endif
