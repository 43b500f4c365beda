// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/artifacts.h"

#include "base/flow-key.h"
#include "base/hash.h"
#include "base/number.h"
#include "base/text-escape.h"
#include "base/time.h"
#include "record/summary.h"

#include <string.h>

#define MAX_FILES 256u           ///< in all captures
#define MAX_FRAMES 256u          ///< of one file
#define MAX_READS 64u            ///< of one file
#define MAX_TEXT ((size_t) 4096) ///< bytes of one output
#define MAX_PENDING 4096u        ///< requests without an answer, and open files
#define RPCSS_PORT 135
#define MARGIN TIME_MINUTE ///< before and after the activity

typedef struct {
    int64_t frame;
    int64_t offset; ///< of the next byte
    GByteArray *data;
    bool cut;
} Output;

/** A file that a client opened on a server. */
typedef struct {
    Address client, server;
    char *share, *name;
    int64_t first, last; ///< times
    int64_t size;
    GArray *frames;     ///< int64_t
    GPtrArray *outputs; ///< Output *
} File;

/** A request that has not been answered yet. */
typedef struct {
    File *file;
    int64_t offset;
    SmbCommand command;
} Pending;

struct Artifacts {
    GPtrArray *files;    ///< File *
    GHashTable *pending; ///< conversation and number of the message → Pending *
    GHashTable *open;    ///< conversation and id → File *
    GHashTable *sealed;  ///< FlowKey without ports: hosts between whom SMB is sealed
    SmbMessages *messages;
    File *opened; ///< by the message before in the same packet; NULL: none of ours
};

static void output_free(gpointer data)
{
    Output *output = data;
    g_byte_array_unref(output->data);
    g_free(output);
}

static void file_free(gpointer data)
{
    File *file = data;
    g_free(file->share);
    g_free(file->name);
    g_array_unref(file->frames);
    g_ptr_array_unref(file->outputs);
    g_free(file);
}

static FlowKey hosts_key(const Address *a, const Address *b)
{
    FlowKey key;
    const Address ip[2] = {*a, *b};
    const uint16_t port[2] = {0};
    (void) flow_key_set(&key, ip, port, 0);
    return key;
}

static char *make_key(const SmbMessage *message, Slice id)
{
    return g_strdup_printf("%.*s/%.*s", (int) message->stream.len, message->stream.text, (int) id.len, id.text);
}

/** Whether it is a name that impacket gives: two underscores and a time in seconds since 1970 with a fraction. */
static bool is_output_name(Slice name)
{
    size_t digits[2] = {0}, part = 0;
    if (name.len < 3 || memcmp(name.text, "__", 2) != 0)
        return false;
    for (size_t i = 2; i < name.len; i++) {
        if (name.text[i] == '.' && part == 0)
            part = 1;
        else if (g_ascii_isdigit(name.text[i]))
            digits[part]++;
        else
            return false;
    }
    return digits[0] >= 9 && digits[0] <= 11 && (part == 0 || (digits[1] > 0 && digits[1] <= 9));
}

/** NULL when there are too many. */
static File *need_file(Artifacts *a, const Address *client, const Address *server, Slice share, Slice name)
{
    for (guint i = 0; i < a->files->len; i++) {
        File *file = g_ptr_array_index(a->files, i);
        if (slice_is(name, file->name) && slice_is(share, file->share) && address_equal(client, &file->client) &&
            address_equal(server, &file->server))
            return file;
    }
    if (a->files->len >= MAX_FILES)
        return NULL;
    File *file = g_new0(File, 1);
    file->client = *client;
    file->server = *server;
    file->share = slice_dup(share);
    file->name = slice_dup(name);
    file->first = file->last = file->size = NUMBER_UNKNOWN;
    file->frames = g_array_new(FALSE, FALSE, sizeof(int64_t));
    file->outputs = g_ptr_array_new_with_free_func(output_free);
    g_ptr_array_add(a->files, file);
    return file;
}

static void see_frame(File *file, const SmbMessage *message)
{
    GArray *frames = file->frames;
    bool seen = frames->len > 0 && g_array_index(frames, int64_t, frames->len - 1) == message->frame;
    if (message->frame != NUMBER_UNKNOWN && !seen && frames->len < MAX_FRAMES)
        g_array_append_val(frames, message->frame);
    if (message->time == NUMBER_UNKNOWN)
        return;
    if (file->first == NUMBER_UNKNOWN)
        file->first = message->time;
    file->last = MAX(file->last, message->time);
}

static void put_pending(Artifacts *a, const SmbMessage *message, File *file)
{
    const Pending pending = {.file = file, .offset = message->offset, .command = message->command};
    if (g_hash_table_size(a->pending) >= MAX_PENDING)
        g_hash_table_remove_all(a->pending);
    g_hash_table_replace(a->pending, make_key(message, message->message), g_memdup2(&pending, sizeof(pending)));
}

/** The path from the share's root on: SMB1's begins with a backslash. */
static Slice path_of(Slice name)
{
    bool rooted = name.len > 0 && *name.text == '\\';
    return rooted ? (Slice){name.text + 1, name.len - 1} : name;
}

static void take_open(Artifacts *a, const SmbMessage *message)
{
    bool is = is_output_name(slice_base(message->name));
    File *file =
        is ? need_file(a, &message->source, &message->destination, message->share, path_of(message->name)) : NULL;
    a->opened = file;
    if (!file)
        return;
    see_frame(file, message);
    put_pending(a, message, file);
}

static void take_read(Artifacts *a, const SmbMessage *message)
{
    g_autofree char *id = make_key(message, message->file);
    File *file = message->is_related ? a->opened : g_hash_table_lookup(a->open, id);
    if (file && message->offset != NUMBER_UNKNOWN)
        put_pending(a, message, file);
}

/** Appends bytes that are written as hexadecimal digits. */
static void append_hex(Output *output, Slice hex)
{
    int high = -1;
    for (size_t i = 0; i < hex.len; i++) {
        int digit = g_ascii_xdigit_value(hex.text[i]);
        if (digit < 0)
            continue; // a colon
        if (high < 0) {
            high = digit;
            continue;
        }
        if (output->data->len >= MAX_TEXT) {
            output->cut = true;
            return;
        }
        uint8_t byte = (uint8_t) (high << 4 | digit);
        g_byte_array_append(output->data, &byte, 1);
        high = -1;
        output->offset++;
    }
}

static void take_output(const Pending *pending, const SmbMessage *message)
{
    File *file = pending->file;
    Output *output = file->outputs->len > 0 ? g_ptr_array_index(file->outputs, file->outputs->len - 1) : NULL;
    bool goes_on = output && pending->offset > 0 && pending->offset == output->offset;
    if (!goes_on) {
        if (file->outputs->len >= MAX_READS)
            return;
        output = g_new0(Output, 1);
        output->frame = message->frame;
        output->offset = pending->offset;
        output->cut = pending->offset > 0;
        output->data = g_byte_array_new();
        g_ptr_array_add(file->outputs, output);
    }
    append_hex(output, message->data);
}

static void take_answer(Artifacts *a, const Pending *pending, const SmbMessage *message)
{
    enum { SUCCESS = 0, BUFFER_OVERFLOW = 0x80000005 };
    File *file = pending->file;
    bool read = pending->command == SMB_READ;
    if (message->status != SUCCESS && !(read && message->status == BUFFER_OVERFLOW))
        return;
    see_frame(file, message);
    if (read) {
        take_output(pending, message);
        return;
    }
    if (message->file.len == 0)
        return;
    file->size = message->size != NUMBER_UNKNOWN ? message->size : file->size;
    if (g_hash_table_size(a->open) >= MAX_PENDING)
        g_hash_table_remove_all(a->open);
    g_hash_table_replace(a->open, make_key(message, message->file), file);
}

static void take_response(Artifacts *a, const SmbMessage *message)
{
    enum { STILL_PENDING = 0x103 };
    g_autofree char *key = make_key(message, message->message);
    const Pending *pending = g_hash_table_lookup(a->pending, key);
    if (!pending || message->status == STILL_PENDING)
        return;
    if (pending->command == message->command)
        take_answer(a, pending, message);
    g_hash_table_remove(a->pending, key);
}

static void take_message(const SmbMessage *message, gpointer data)
{
    Artifacts *a = data;
    if (message->first)
        a->opened = NULL;
    if (message->response)
        take_response(a, message);
    else if (message->command == SMB_OPEN)
        take_open(a, message);
    else if (message->command == SMB_READ)
        take_read(a, message);
}

static void take_sealed(const Address *source, const Address *destination, gpointer data)
{
    Artifacts *a = data;
    FlowKey hosts = hosts_key(source, destination);
    if (g_hash_table_size(a->sealed) < MAX_FILES)
        flow_keys_add(a->sealed, &hosts);
}

Artifacts *artifacts_new(void)
{
    Artifacts *a = g_new0(Artifacts, 1);
    a->files = g_ptr_array_new_with_free_func(file_free);
    a->pending = g_hash_table_new_full(hash_text, g_str_equal, g_free, g_free);
    a->open = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    a->sealed = flow_keys_new();
    a->messages = smb_messages_new((SmbMessagesTaker){take_message, take_sealed, a});
    return a;
}

void artifacts_free(Artifacts *a)
{
    g_hash_table_unref(a->pending);
    g_hash_table_unref(a->open);
    g_hash_table_unref(a->sealed);
    smb_messages_free(a->messages);
    g_ptr_array_unref(a->files);
    g_free(a);
}

void artifacts_line(Artifacts *a, const char *line, size_t len)
{
    smb_messages_line(a->messages, line, len);
}

// -- records ---------------------------------------------------------------------------------------------------------

static bool get_hosts(const Record *r, Address *client, Address *server)
{
    // The server of a callback is the client of the WMI that it belongs to.
    return r->confidence >= CONFIDENCE_DCOM && r->activity != NUMBER_UNKNOWN &&
           address_parse(slice(r->callback ? r->server.ip : r->client.ip), client) &&
           address_parse(slice(r->callback ? r->client.ip : r->server.ip), server);
}

GHashTable *artifacts_flows(RecordSet *set, GHashTable *smb)
{
    GHashTable *flows = flow_keys_new();
    g_autoptr(GHashTable) with_smb = flow_keys_new(), with_dcom = flow_keys_new();
    GHashTableIter iter;
    gpointer item;
    g_hash_table_iter_init(&iter, smb);
    while (g_hash_table_iter_next(&iter, &item, NULL)) {
        const FlowKey *flow = item;
        FlowKey hosts = hosts_key(&flow->ip[0], &flow->ip[1]);
        flow_keys_add(with_smb, &hosts);
    }
    for (guint i = 0; i < set->records->len; i++) {
        Record *r = g_ptr_array_index(set->records, i);
        Address client, server;
        if (!get_hosts(r, &client, &server))
            continue;
        FlowKey hosts = hosts_key(&client, &server);
        r->smb = r->smb_unread = g_hash_table_contains(with_smb, &hosts);
        if (r->smb)
            flow_keys_add(with_dcom, &hosts);
    }
    g_hash_table_iter_init(&iter, smb);
    while (g_hash_table_iter_next(&iter, &item, NULL)) {
        const FlowKey *flow = item;
        FlowKey hosts = hosts_key(&flow->ip[0], &flow->ip[1]);
        if (g_hash_table_contains(with_dcom, &hosts))
            flow_keys_add(flows, flow);
    }
    return flows;
}

/** What the records of one activity have in common. */
typedef struct {
    Record *main; ///< the one that says most
    GPtrArray *records;
    int64_t start, end;
    Address client, server;
} Span;

static void span_free(gpointer data)
{
    Span *span = data;
    g_ptr_array_unref(span->records);
    g_free(span);
}

static bool says_more(const Record *a, const Record *b)
{
    if (a->callback != b->callback)
        return !a->callback;
    if (a->confidence != b->confidence)
        return a->confidence > b->confidence;
    const RecordCall *x = record_strongest_call(a), *y = record_strongest_call(b);
    return x && (!y || x->stage > y->stage);
}

/** Span *, by activity, of those whose hosts spoke SMB, too. */
static GPtrArray *find_spans(RecordSet *set)
{
    GPtrArray *spans = g_ptr_array_new_with_free_func(span_free);
    g_autoptr(GHashTable) by_activity = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < set->records->len; i++) {
        Record *r = g_ptr_array_index(set->records, i);
        Address client, server;
        int64_t start = time_parse_utc(r->start_time), end = time_parse_utc(r->end_time);
        if (!r->smb || !get_hosts(r, &client, &server) || start == NUMBER_UNKNOWN)
            continue;
        Span *span = g_hash_table_lookup(by_activity, &r->activity);
        if (!span) {
            span = g_new0(Span, 1);
            *span = (Span){r, g_ptr_array_new(), start, start, client, server};
            g_ptr_array_add(spans, span);
            g_hash_table_insert(by_activity, &r->activity, span);
        }
        g_ptr_array_add(span->records, r);
        span->start = MIN(span->start, start);
        span->end = MAX(span->end, end);
        if (says_more(r, span->main))
            span->main = r;
    }
    return spans;
}

/** The frame of a call of the activity whose command line names the file; 0 when none does. */
static int64_t find_command(const Span *span, const char *name)
{
    for (guint i = 0; i < span->records->len; i++) {
        const GArray *calls = ((const Record *) g_ptr_array_index(span->records, i))->calls;
        for (guint k = 0; k < calls->len; k++) {
            const RecordCall *call = &g_array_index(calls, RecordCall, k);
            if (call->command_line && strstr(call->command_line, name))
                return call->frame;
        }
    }
    return 0;
}

static bool fits(const Span *span, const File *file)
{
    return address_equal(&span->client, &file->client) && address_equal(&span->server, &file->server) &&
           file->first != NUMBER_UNKNOWN && file->last >= span->start - MARGIN && file->first <= span->end + MARGIN;
}

static int64_t map_frame(FrameMap *frames, int64_t number)
{
    return number == NUMBER_UNKNOWN ? 0 : frame_map_get(frames, number);
}

static const char *keep_output(Texts *texts, const Output *output)
{
    g_autofree char *text = g_malloc0(output->data->len + 1);
    if (output->data->len > 0)
        memcpy(text, output->data->data, output->data->len);
    text_make_valid(text, output->data->len);
    return texts_keep(texts, text);
}

static void add_artifact(Record *record, const File *file, FrameMap *frames, int64_t command_frame, Texts *texts)
{
    g_autofree char *first = time_text(file->first), *last = time_text(file->last);
    RecordArtifact artifact = {
        .share = file->share[0] ? texts_keep(texts, file->share) : NULL,
        .name = texts_keep(texts, file->name),
        .start_time = texts_keep(texts, first),
        .end_time = texts_keep(texts, last),
        .size = file->size,
        .command_frame = command_frame,
        .frames = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .outputs = g_array_new(FALSE, FALSE, sizeof(ArtifactOutput)),
    };
    for (guint i = 0; i < file->frames->len; i++) {
        int64_t frame = map_frame(frames, g_array_index(file->frames, int64_t, i));
        if (frame)
            g_array_append_val(artifact.frames, frame);
    }
    for (guint i = 0; i < file->outputs->len; i++) {
        const Output *output = g_ptr_array_index(file->outputs, i);
        ArtifactOutput shown = {map_frame(frames, output->frame), keep_output(texts, output), !output->cut};
        g_array_append_val(artifact.outputs, shown);
    }
    record_add_artifact(record, &artifact);
}

/** How well a file of the hosts and the time of the activity fits it. */
typedef enum {
    FIT_NONE,
    FIT_ACTIVATION, ///< nothing of it is known but an activation
    FIT_OBJECT,     ///< there were calls on an object
    FIT_NAMED,      ///< a command line names the file
} Fit;

static Fit fit(const Span *span, const File *file)
{
    if (!fits(span, file))
        return FIT_NONE;
    if (find_command(span, file->name))
        return FIT_NAMED;
    return span->main->server.port == RPCSS_PORT ? FIT_ACTIVATION : FIT_OBJECT;
}

/** Gives a file to the activities that it fits best. */
static void attach(const File *file, const GPtrArray *spans, FrameMap *frames, Texts *texts)
{
    Fit best = FIT_NONE;
    for (guint i = 0; i < spans->len; i++)
        best = MAX(best, fit(g_ptr_array_index(spans, i), file));
    for (guint i = 0; best != FIT_NONE && i < spans->len; i++) {
        const Span *span = g_ptr_array_index(spans, i);
        if (fit(span, file) == best)
            add_artifact(span->main, file, frames, find_command(span, file->name), texts);
    }
}

void artifacts_mark(const Artifacts *a, RecordSet *set)
{
    g_autoptr(GHashTable) hosts = flow_keys_new();
    flow_keys_add_all(hosts, a->sealed);
    for (guint i = 0; i < a->files->len; i++) {
        const File *file = g_ptr_array_index(a->files, i);
        FlowKey key = hosts_key(&file->client, &file->server);
        flow_keys_add(hosts, &key);
    }
    for (guint i = 0; i < set->records->len; i++) {
        Record *r = g_ptr_array_index(set->records, i);
        Address client, server;
        if (!get_hosts(r, &client, &server))
            continue;
        FlowKey key = hosts_key(&client, &server);
        r->smb = r->smb_unread = g_hash_table_contains(hosts, &key);
    }
}

void artifacts_detach(GPtrArray *records)
{
    for (guint i = 0; i < records->len; i++) {
        Record *r = g_ptr_array_index(records, i);
        g_clear_pointer(&r->artifacts, g_array_unref);
        r->smb = r->smb_unread = false;
    }
}

void artifacts_attach(const Artifacts *a, FrameMap *frames, RecordSet *set)
{
    g_autoptr(GPtrArray) spans = find_spans(set);
    for (guint i = 0; i < spans->len; i++) {
        const Span *span = g_ptr_array_index(spans, i);
        FlowKey hosts = hosts_key(&span->client, &span->server);
        for (guint k = 0; k < span->records->len; k++)
            ((Record *) g_ptr_array_index(span->records, k))->smb = false;
        span->main->smb = true;
        span->main->smb_unread = g_hash_table_contains(a->sealed, &hosts);
    }
    for (guint i = 0; i < a->files->len; i++)
        attach(g_ptr_array_index(a->files, i), spans, frames, set->texts);
    for (guint i = 0; i < spans->len; i++) {
        Record *record = ((const Span *) g_ptr_array_index(spans, i))->main;
        g_autofree char *summary = record->artifacts ? summary_make(record) : NULL;
        if (summary)
            record->summary = texts_keep(set->texts, summary);
    }
}
