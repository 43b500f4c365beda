// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * From the frames that tshark sees to those of the captures: tshark numbers what it is fed. May be added to by one thread
 * while others ask.
 */
#ifndef CAR_BASE_FRAME_MAP_H
#define CAR_BASE_FRAME_MAP_H

#include "base/frame.h"
#include <stdint.h>

typedef struct FrameMap FrameMap;

FrameMap *frame_map_new(void);
void frame_map_free(FrameMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FrameMap, frame_map_free)

/** Notes the next frame that tshark is fed. */
void frame_map_add(FrameMap *map, guint file, uint64_t number);

/** The frame that tshark calls `number`; 0 when it was fed no such one. */
int64_t frame_map_get(FrameMap *map, int64_t number);

#endif
