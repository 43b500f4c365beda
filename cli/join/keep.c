// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/keep.h"

void host_keep_init(HostKeep *keep, size_t room)
{
    *keep = (HostKeep){g_string_chunk_new(4096), g_ptr_array_new_with_free_func(g_free), room, 0};
}

void host_keep_clear(HostKeep *keep)
{
    g_string_chunk_free(keep->texts);
    g_ptr_array_unref(keep->events);
}

/** The texts of an event, one after the other. */
static Slice *event_text(HostEvent *event, size_t index)
{
    Slice *const texts[] = {
        &event->host,        &event->image,       &event->command_line, &event->parent_image,   &event->guid,
        &event->parent_guid, &event->user,        &event->domain,       &event->package,        &event->logon_type,
        &event->client,      &event->client_fqdn, &event->operation,    &event->namespace_path, &event->status,
        &event->item,        &event->item_name,   &event->item_value,   &event->target,         &event->uuid,
        &event->protocol,    &event->endpoint,    &event->address,
    };
    return index < G_N_ELEMENTS(texts) ? texts[index] : NULL;
}

KeptEvent *host_keep_event(HostKeep *keep, const HostEvent *event)
{
    HostEvent copy = *event;
    Slice *text;
    size_t size = sizeof(copy) + 64;
    for (size_t i = 0; (text = event_text(&copy, i)); i++)
        size += text->len + (text->text != NULL);
    if (size > keep->room) {
        keep->dropped++;
        return NULL;
    }
    keep->room -= size;
    for (size_t i = 0; (text = event_text(&copy, i)); i++)
        *text = slice(slice_keep(keep->texts, *text));
    copy.source.file = g_string_chunk_insert_const(keep->texts, event->source.file);
    KeptEvent *kept = g_memdup2(&copy, sizeof(copy));
    g_ptr_array_add(keep->events, kept);
    return kept;
}
