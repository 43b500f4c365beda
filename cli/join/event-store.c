// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/event-store.h"

void event_store_init(EventStore *store, size_t room)
{
    *store = (EventStore){texts_new(), g_ptr_array_new_with_free_func(g_free), room, 0};
}

void event_store_clear(EventStore *store)
{
    texts_free(store->texts);
    g_ptr_array_unref(store->events);
}

/** The texts of an event, one after the other. */
static Slice *event_text(HostEvent *event, size_t index)
{
    Slice *const texts[] = {
        &event->host,        &event->image,       &event->command_line, &event->parent_image,   &event->guid,
        &event->parent_guid, &event->user,        &event->domain,       &event->package,        &event->logon_type,
        &event->client,      &event->client_fqdn, &event->operation,    &event->namespace_path, &event->status,
        &event->item,        &event->item_name,   &event->item_value,   &event->target,         &event->uuid,
        &event->protocol,    &event->endpoint,    &event->address,      &event->service,
    };
    return index < G_N_ELEMENTS(texts) ? texts[index] : NULL;
}

StoredEvent *event_store_add(EventStore *store, const HostEvent *event)
{
    HostEvent copy = *event;
    Slice *text;
    size_t size = sizeof(copy) + 64;
    for (size_t i = 0; (text = event_text(&copy, i)); i++)
        size += text->len + (text->text != NULL);
    if (size > store->room) {
        store->dropped++;
        return NULL;
    }
    store->room -= size;
    for (size_t i = 0; (text = event_text(&copy, i)); i++)
        *text = slice(texts_keep_slice(store->texts, *text));
    copy.source.file = texts_keep(store->texts, event->source.file);
    StoredEvent *kept = g_memdup2(&copy, sizeof(copy));
    g_ptr_array_add(store->events, kept);
    return kept;
}
