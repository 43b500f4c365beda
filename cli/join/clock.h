// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * How far the clocks of hosts are ahead of the capture's, told from events that are surely the same thing as something
 * in the capture.
 */
#ifndef CAR_JOIN_CLOCK_H
#define CAR_JOIN_CLOCK_H

#include "logs/event.h"
#include <stdint.h>

#define HOST_MAX_SKEW (15 * TIME_MINUTE)      ///< what clocks may differ by
#define HOST_MAX_ZONE (14 * 60 * TIME_MINUTE) ///< what a time in an unknown zone may differ by beside that
#define HOST_MAX_RESIDUE (1 * TIME_MINUTE)    ///< what may remain of a difference once the skew is known

typedef struct HostClocks HostClocks;

HostClocks *host_clocks_new(void);
void host_clocks_free(HostClocks *clocks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostClocks, host_clocks_free)

/** The host an event speaks of, as a key. One that does not name itself goes by its file. Owned by the clocks. */
const char *host_clocks_key(HostClocks *clocks, const HostEvent *event);

/** How far the event is off `time`, in nanoseconds, as the host's clock tells it; false when that is more than clocks
 * can differ. */
bool host_clock_difference(const HostEvent *event, int64_t time, int64_t *difference);

/** How much a difference tells of the clock. Those of a better kind make the others count for nothing. */
typedef enum {
    HOST_SAMPLE_EXACT,   ///< logged when the connection with these ends was made
    HOST_SAMPLE_DELAYED, ///< the same, logged some time later
    HOST_SAMPLE_LOGON,   ///< a logon from one of its ends
    HOST_SAMPLE_KINDS
} HostSample;

/** Notes a difference. */
void host_clocks_sample(HostClocks *clocks, const char *key, int64_t difference, HostSample kind);

/** The skews are known now. */
void host_clocks_settle(HostClocks *clocks);

/** The skew, and from how many differences it was told: 0 and 0 when there are none. */
int64_t host_clocks_skew(const HostClocks *clocks, const char *key, guint *samples);

/** The event's time by the capture's clock; NUMBER_UNKNOWN when it says none. */
int64_t host_clocks_time(const HostClocks *clocks, const char *key, const HostEvent *event);

#endif
