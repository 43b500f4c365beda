// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/frame-map.h"

struct FrameMap {
    GMutex lock;
    GArray *frames; ///< int64_t
};

FrameMap *frame_map_new(void)
{
    FrameMap *map = g_new0(FrameMap, 1);
    g_mutex_init(&map->lock);
    map->frames = g_array_new(FALSE, FALSE, sizeof(int64_t));
    return map;
}

void frame_map_free(FrameMap *map)
{
    g_mutex_clear(&map->lock);
    g_array_unref(map->frames);
    g_free(map);
}

void frame_map_add(FrameMap *map, guint file, uint64_t number)
{
    int64_t frame = frame_make(file, (int64_t) number);
    g_mutex_lock(&map->lock);
    g_array_append_val(map->frames, frame);
    g_mutex_unlock(&map->lock);
}

int64_t frame_map_get(FrameMap *map, int64_t number)
{
    g_mutex_lock(&map->lock);
    int64_t frame = number > 0 && number <= map->frames->len ? g_array_index(map->frames, int64_t, number - 1) : 0;
    g_mutex_unlock(&map->lock);
    return frame;
}
