// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/fold-state.h"
#include "record/worth.h"

#include <string.h>

FoldedConversation *fold_conversation(EventFold *fold, int64_t conn)
{
    return g_hash_table_lookup(fold->conversations, fold_key(conn));
}

/** What each conversation is worth; with one in which something was done, its activation is worth the same. */
static GHashTable *find_worths(EventFold *fold)
{
    GHashTable *worths = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        FoldedConversation *c = value;
        Worth worth = c == fold->current ? WORTH_DONE : record_worth(c->record);
        if (worth == WORTH_DONE)
            g_hash_table_insert(worths, fold_key(c->activation_conn), GUINT_TO_POINTER(worth));
        if (GPOINTER_TO_UINT(g_hash_table_lookup(worths, key)) < worth)
            g_hash_table_insert(worths, key, GUINT_TO_POINTER(worth));
    }
    return worths;
}

static void forget(EventFold *fold, const FoldedConversation *c)
{
    const Record *r = c->record;
    Forgotten left = {
        .confidence = r->confidence,
        .client_ip = r->client.ip,
        .server_ip = r->server.ip,
        .start_time = r->start_time,
        .client_port = (uint16_t) MAX(r->client.port, 0),
        .server_port = (uint16_t) MAX(r->server.port, 0),
        .first_frame = r->frames.first,
        .order = r->order,
    };
    if (r->evidence->len > 0)
        left.evidence = g_array_index(r->evidence, Evidence, 0);
    g_hash_table_insert(fold->forgotten, fold_key(c->conn), g_memdup2(&left, sizeof(left)));
    fold->room += c->size - MIN(c->size, sizeof(left));
    fold->stream.forgotten++;
}

/** Notes to which activity a conversation belongs. */
void fold_add_member(EventFold *fold, FoldedConversation *c)
{
    gpointer key = fold_key(c->record->activity);
    GPtrArray *members = g_hash_table_lookup(fold->activities, key);
    if (!members) {
        members = g_ptr_array_new();
        g_hash_table_insert(fold->activities, key, members);
    }
    g_ptr_array_add(members, c);
}

/** The activities lead to conversations that are there. */
static void forget_activities(EventFold *fold)
{
    g_hash_table_remove_all(fold->activities);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        FoldedConversation *c = value;
        if (c->record->activity != NUMBER_UNKNOWN)
            fold_add_member(fold, c);
    }
}

/** Forgets conversations of the least worth until a quarter of all room is free. Returns whether any could be. */
static bool make_room(EventFold *fold)
{
    guint before = fold->stream.forgotten;
    g_autoptr(GHashTable) worths = find_worths(fold);
    for (Worth worth = WORTH_ASKED; worth < WORTH_DONE && fold->room < fold->limit / 4; worth++) {
        GHashTableIter iter;
        gpointer key, value;
        g_hash_table_iter_init(&iter, fold->conversations);
        while (fold->room < fold->limit / 4 && g_hash_table_iter_next(&iter, &key, &value)) {
            if (GPOINTER_TO_UINT(g_hash_table_lookup(worths, key)) > worth)
                continue;
            forget(fold, value);
            g_hash_table_iter_remove(&iter);
        }
    }
    forget_activities(fold);
    return fold->stream.forgotten > before;
}

/** Accounts for `bytes` about to be kept. False when there is no room for them. */
bool fold_take_room(EventFold *fold, size_t bytes)
{
    if (bytes > fold->room && (fold->stream.full || !make_room(fold) || bytes > fold->room)) {
        fold->stream.full = true;
        return false;
    }
    fold->room -= bytes;
    if (fold->current)
        fold->current->size += bytes;
    return true;
}

/** Keeps a text of an event, which stays whatever is forgotten. NULL for NULL, and when there is no room for it. */
const char *fold_keep(EventFold *fold, const char *text)
{
    if (!text || !fold_take_room(fold, strlen(text)))
        return NULL;
    if (fold->current)
        fold->current->size -= strlen(text);
    return texts_keep(fold->texts, text);
}
