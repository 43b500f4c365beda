// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/extract.h"

#include "base/flow-key.h"
#include "base/hash.h"
#include "base/text-escape.h"
#include "capture/layers.h"
#include "capture/pcapng.h"
#include "capture/reader.h"
#include "record/claims.h"
#include "record/text.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#define KERBEROS 88
#define FRAGMENTS_AROUND 32 ///< frames about one that was put together from fragments, in which they stand
#define MAX_COMMENT ((size_t) 400)

G_DEFINE_QUARK(car - extract - error - quark, extract_error)

/** Packets of a flow that a part takes. */
typedef struct {
    guint part;
    uint64_t first, last; ///< frames between which they are
    guint connection;     ///< index of its count
} Extent;

/** Of a connection: how many packets it has, and how many were found. */
typedef struct {
    guint part;
    int64_t expected;
    uint64_t found;
    bool fragments; ///< some came in fragments, which count otherwise
} Connection;

/** Work on one capture. */
typedef struct {
    const ExtractCapture *capture;
    guint index;
    GArray *parts;          ///< ExtractPart
    GHashTable *extents;    ///< FlowKey → GArray of Extent
    GHashTable *clients;    ///< Address → GArray of part, of which all Kerberos is wanted
    GArray *connections;    ///< Connection
    GHashTable *comments;   ///< frame → GPtrArray of char *, for each part: see comment_key()
    GHashTable *interfaces; ///< what it stands for → its number, plus one
    GHashTable *flows;      ///< frame → GArray of part: its flow is wanted
    guint *counts;          ///< of interfaces, by part
    uint64_t *written;      ///< the last frame that was written, by part
    bool *wanted;           ///< something of the capture is, by part
    CaptureReader *reader;  ///< NULL before and after
    CapturePacket packet;   ///< the next one
    bool pending;           ///< there is one
} Work;

typedef struct {
    GArray *works;       ///< Work, in order of the captures' first packets
    GHashTable *by_file; ///< number of the capture → index in `works`, plus one
} Plan;

/** Fragments have no ports. */
static bool record_key(FlowKey *key, const Record *record, bool ports)
{
    Address ip[2];
    if (!address_parse(slice(record->client.ip), &ip[0]) || !address_parse(slice(record->server.ip), &ip[1]) ||
        record->client.port < 0 || record->server.port < 0)
        return false;
    uint16_t port[2] = {ports ? (uint16_t) record->client.port : 0, ports ? (uint16_t) record->server.port : 0};
    (void) flow_key_set(key, ip, port, ports ? IPPROTO_TCP : 0);
    return true;
}

static void unref_array(gpointer data)
{
    g_array_unref(data);
}

static void add_extent(Work *work, const FlowKey *key, Extent extent)
{
    GArray *list = g_hash_table_lookup(work->extents, key);
    if (!list) {
        list = g_array_new(FALSE, FALSE, sizeof(Extent));
        g_hash_table_insert(work->extents, g_memdup2(key, sizeof(*key)), list);
    }
    g_array_append_val(list, extent);
    work->wanted[extent.part] = true;
}

static void add_part(GHashTable *table, gpointer key, guint part)
{
    GArray *list = g_hash_table_lookup(table, key);
    if (!list) {
        list = g_array_new(FALSE, FALSE, sizeof(guint));
        g_hash_table_insert(table, key, list);
    }
    g_array_append_val(list, part);
}

static gpointer comment_key(guint part, int64_t frame)
{
    int64_t *key = g_new(int64_t, 1);
    *key = frame << 16 | part;
    return key;
}

static void add_comment(Work *work, guint part, const Record *record, const Claim *claim)
{
    int64_t *key = comment_key(part, frame_number(claim->frame));
    GPtrArray *list = g_hash_table_lookup(work->comments, key);
    if (!list) {
        list = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(work->comments, key, list);
    } else {
        g_free(key);
    }
    g_autofree char *client = record_text_endpoint(&record->client);
    g_autofree char *server = record_text_endpoint(&record->server);
    g_autofree char *detail = text_escape(claim->detail, false);
    g_autofree char *fitting = text_fit(detail, MAX_COMMENT, TEXT_CUT_END, "…");
    g_ptr_array_add(list, g_strdup_printf("%s%s%s%s (%s → %s)", claim->text, *fitting ? " " : "", fitting,
                                          basis_note(claim->basis), client, server));
}

/** The packets of the conversation in one capture. */
static void plan_extent(Work *work, guint part, const Record *record, const RecordPart *here)
{
    FlowKey key;
    if (!record_key(&key, record, true))
        return;
    Connection connection = {.part = part, .expected = here->count};
    Extent extent = {
        .part = part,
        .first = (uint64_t) frame_number(here->first),
        .last = (uint64_t) frame_number(here->last),
        .connection = work->connections->len,
    };
    g_array_append_val(work->connections, connection);
    add_extent(work, &key, extent);
    if (record_key(&key, record, false))
        add_extent(work, &key, extent); // fragments between the same hosts
}

/** The work on the capture of a frame; NULL when that capture is not read. */
static Work *find_work(const Plan *plan, int64_t frame)
{
    gpointer index = g_hash_table_lookup(plan->by_file, GUINT_TO_POINTER(frame_file(frame)));
    return index ? &g_array_index(plan->works, Work, GPOINTER_TO_UINT(index) - 1) : NULL;
}

/** The whole flow that a frame is of is wanted: of the ticket that names a user, of a file with a command's output. */
static void plan_flow_of(const Plan *plan, guint part, int64_t frame)
{
    Work *work = frame ? find_work(plan, frame) : NULL;
    if (work)
        add_part(work->flows, GSIZE_TO_POINTER((size_t) frame_number(frame)), part);
}

static void plan_record(const Plan *plan, guint part, const Record *record)
{
    const RecordPart only = {record->frames.first, record->frames.last, record->frames.count};
    const RecordPart *parts = record->parts ? (const RecordPart *) (void *) record->parts->data : &only;
    for (guint i = 0; i < (record->parts ? record->parts->len : 1); i++) {
        Work *work = parts[i].first ? find_work(plan, parts[i].first) : NULL;
        if (work)
            plan_extent(work, part, record, &parts[i]);
    }
    g_autoptr(GPtrArray) claims = claims_new(record);
    for (guint i = 0; i < claims->len; i++) {
        const Claim *claim = g_ptr_array_index(claims, i);
        Work *work = find_work(plan, claim->frame);
        if (work)
            add_comment(work, part, record, claim);
    }
    plan_flow_of(plan, part, record->auth.user_frame);
    for (guint i = 0; i < record->user_candidates->len; i++)
        plan_flow_of(plan, part, g_array_index(record->user_candidates, UserCandidate, i).frame);
    for (guint i = 0; record->artifacts && i < record->artifacts->len; i++) {
        const GArray *frames = g_array_index(record->artifacts, RecordArtifact, i).frames;
        for (guint k = 0; k < frames->len; k++)
            plan_flow_of(plan, part, g_array_index(frames, int64_t, k));
    }
}

static void plan_client(Work *work, guint part, const Activity *activity)
{
    Address ip;
    if (!address_parse(slice(activity->client.ip), &ip))
        return;
    work->wanted[part] = true;
    GArray *list = g_hash_table_lookup(work->clients, &ip);
    if (list)
        g_array_append_val(list, part);
    else
        add_part(work->clients, g_memdup2(&ip, sizeof(ip)), part);
}

static void plan_all(const Plan *plan, const GArray *parts, bool all_tickets)
{
    for (guint i = 0; i < parts->len; i++) {
        const GPtrArray *activities = g_array_index(parts, ExtractPart, i).activities;
        for (guint j = 0; j < activities->len; j++) {
            const Activity *activity = g_ptr_array_index(activities, j);
            for (guint k = 0; k < activity->records->len; k++)
                plan_record(plan, i, g_ptr_array_index(activity->records, k));
            for (guint k = 0; all_tickets && k < plan->works->len; k++)
                plan_client(&g_array_index(plan->works, Work, k), i, activity);
        }
    }
}

static uint8_t transport_of(const Layers *layers)
{
    switch (layers->kind) {
    case LAYERS_TCP: return IPPROTO_TCP;
    case LAYERS_UDP: return IPPROTO_UDP;
    default: return 0;
    }
}

static void layers_key(FlowKey *key, const Layers *layers)
{
    const uint16_t none[2] = {0};
    bool ports = layers->kind != LAYERS_FRAGMENT;
    (void) flow_key_set(key, layers->ip, ports ? layers->port : none, transport_of(layers));
}

static bool next_packet(CaptureReader *reader, CapturePacket *packet)
{
    return capture_reader_next(reader, packet, NULL); // what is damaged was said when it was read first
}

/** A flow, which may go on in other captures; or the fragments about the frame `middle`. */
static void add_flow(GArray *works, Work *work, const FlowKey *key, guint part, uint64_t middle)
{
    Extent extent = {.part = part, .last = UINT64_MAX, .connection = UINT_MAX};
    if (middle) {
        extent.first = middle > FRAGMENTS_AROUND ? middle - FRAGMENTS_AROUND : 1;
        extent.last = middle + FRAGMENTS_AROUND;
        add_extent(work, key, extent);
        return;
    }
    for (guint i = 0; i < works->len; i++)
        add_extent(&g_array_index(works, Work, i), key, extent);
}

/** Finds the flows of single frames. They may begin before these, so that this is a reading of its own. */
static bool plan_flows(GArray *works, Work *work, GError **error)
{
    if (g_hash_table_size(work->flows) == 0)
        return true;
    g_autoptr(CaptureReader) reader = capture_reader_open(work->capture->path, error);
    if (!reader)
        return false;
    CapturePacket packet = {0};
    guint left = g_hash_table_size(work->flows);
    while (left > 0 && next_packet(reader, &packet)) {
        const GArray *parts = g_hash_table_lookup(work->flows, GSIZE_TO_POINTER((size_t) packet.number));
        if (!parts)
            continue;
        left--;
        Layers layers;
        layers_read(&packet, &layers);
        bool fragment = layers.kind == LAYERS_FRAGMENT;
        if (!fragment && !transport_of(&layers))
            continue;
        FlowKey key;
        layers_key(&key, &layers);
        for (guint i = 0; i < parts->len; i++)
            add_flow(works, work, &key, g_array_index(parts, guint, i), fragment ? packet.number : 0);
    }
    return true;
}

/** Errors are seen in ferror(). */
static void write_bytes(const GByteArray *bytes, FILE *stream)
{
    (void) fwrite(bytes->data, 1, bytes->len, stream);
}

static uint32_t find_interface(Work *work, guint part, const CapturePacket *packet)
{
    int64_t key =
        (int64_t) part << 48 | (int64_t) work->index << 24 | (int64_t) packet->link_type << 8 | packet->digits;
    guint found = GPOINTER_TO_UINT(g_hash_table_lookup(work->interfaces, &key));
    if (found)
        return found - 1;
    g_autofree char *name = g_utf8_make_valid(record_base_name(work->capture->path), -1);
    g_autofree char *description = text_escape(name, false);
    g_autoptr(GByteArray) block = g_byte_array_new();
    pcapng_add_interface(block, packet, description);
    write_bytes(block, g_array_index(work->parts, ExtractPart, part).stream);
    found = ++work->counts[part];
    g_hash_table_insert(work->interfaces, g_memdup2(&key, sizeof(key)), GUINT_TO_POINTER(found));
    return found - 1;
}

static void write_packet(Work *work, guint part, const CapturePacket *packet)
{
    if (work->written[part] == packet->number)
        return;
    work->written[part] = packet->number;
    g_autofree char *name = g_utf8_make_valid(record_base_name(work->capture->path), -1);
    g_autofree char *shown = text_escape(name, false);
    g_autoptr(GPtrArray) comments = g_ptr_array_new();
    g_autofree char *origin = g_strdup_printf("frame %" PRIu64 " of %s", packet->number, shown);
    g_ptr_array_add(comments, origin);
    g_autofree int64_t *key = comment_key(part, (int64_t) packet->number);
    const GPtrArray *claims = g_hash_table_lookup(work->comments, key);
    for (guint i = 0; claims && i < claims->len; i++)
        g_ptr_array_add(comments, g_ptr_array_index(claims, i));
    ExtractPart *to = &g_array_index(work->parts, ExtractPart, part);
    uint32_t interface = find_interface(work, part, packet);
    g_autoptr(GByteArray) block = g_byte_array_sized_new(packet->len + 64);
    pcapng_add_packet(block, interface, packet, comments);
    write_bytes(block, to->stream);
    to->packets++;
}

static void write_tickets(Work *work, const Layers *layers, const CapturePacket *packet)
{
    if (!transport_of(layers) || (layers->port[0] != KERBEROS && layers->port[1] != KERBEROS))
        return;
    for (guint i = 0; i < 2; i++) {
        const GArray *parts = g_hash_table_lookup(work->clients, &layers->ip[i]);
        for (guint j = 0; parts && j < parts->len; j++)
            write_packet(work, g_array_index(parts, guint, j), packet);
    }
}

static bool take_packet(Work *work, const CapturePacket *packet, GError **error)
{
    Layers layers;
    layers_read(packet, &layers);
    bool fragment = layers.kind == LAYERS_FRAGMENT;
    if (!fragment && !transport_of(&layers))
        return true;
    FlowKey key;
    layers_key(&key, &layers);
    const GArray *extents = g_hash_table_lookup(work->extents, &key);
    if (packet->link_type < 0 && (extents || g_hash_table_size(work->clients) > 0)) {
        g_set_error(error, EXTRACT_ERROR, EXTRACT_ERROR_UNREADABLE,
                    "frame %" PRIu64 " has a link layer that pcapng has no number for", packet->number);
        return false;
    }
    for (guint i = 0; extents && i < extents->len; i++) {
        const Extent *extent = &g_array_index(extents, Extent, i);
        if (packet->number < extent->first || packet->number > extent->last)
            continue;
        write_packet(work, extent->part, packet);
        if (extent->connection == UINT_MAX)
            continue;
        Connection *connection = &g_array_index(work->connections, Connection, extent->connection);
        connection->found++;
        connection->fragments |= fragment;
    }
    write_tickets(work, &layers, packet);
    return true;
}

static void count_missing(const Work *work)
{
    for (guint i = 0; i < work->connections->len; i++) {
        const Connection *connection = &g_array_index(work->connections, Connection, i);
        if (!connection->fragments && connection->found < (uint64_t) MAX(connection->expected, 0))
            g_array_index(work->parts, ExtractPart, connection->part).missing++;
    }
}

/** Opens the capture, or goes on to its next packet. */
static bool advance(Work *work, GError **error)
{
    if (!work->reader && !(work->reader = capture_reader_open(work->capture->path, error)))
        return false;
    work->pending = next_packet(work->reader, &work->packet);
    if (!work->pending)
        g_clear_pointer(&work->reader, capture_reader_close);
    return true;
}

static void work_clear(gpointer data)
{
    Work *work = data;
    g_clear_pointer(&work->reader, capture_reader_close);
    g_hash_table_unref(work->extents);
    g_hash_table_unref(work->clients);
    g_array_unref(work->connections);
    g_hash_table_unref(work->comments);
    g_hash_table_unref(work->flows);
    g_free(work->written);
    g_free(work->wanted);
}

/** Whether nothing of the capture is wanted: it is then not read. */
static bool is_idle(const Work *work)
{
    return g_hash_table_size(work->extents) == 0 && g_hash_table_size(work->clients) == 0;
}

static void drop_idle(GArray *works)
{
    guint kept = 0;
    for (guint i = 0; i < works->len; i++) {
        Work *work = &g_array_index(works, Work, i);
        if (is_idle(work))
            work_clear(work);
        else
            g_array_index(works, Work, kept++) = *work;
    }
    g_array_set_clear_func(works, NULL);
    g_array_set_size(works, kept);
    g_array_set_clear_func(works, work_clear);
}

/** Writes the packets of all captures, which are in order of their first packets, in order of time. */
static bool copy_packets(GArray *works, GError **error)
{
    guint opened = 0;
    for (;;) {
        Work *next = NULL;
        for (guint i = 0; i < opened; i++) {
            Work *work = &g_array_index(works, Work, i);
            if (work->pending && (!next || capture_packet_compare(&work->packet, &next->packet) < 0))
                next = work;
        }
        // The one opened last is of those that begin latest: while it is next, another may begin before its second.
        if (opened < works->len && (!next || next == &g_array_index(works, Work, opened - 1))) {
            if (!advance(&g_array_index(works, Work, opened), error))
                return false;
            opened++;
            continue;
        }
        if (!next)
            return true;
        if (!take_packet(next, &next->packet, error) || !advance(next, error)) {
            g_prefix_error(error, "%s: ", next->capture->path);
            return false;
        }
    }
}

static gboolean same_address(gconstpointer a, gconstpointer b)
{
    return address_equal(a, b);
}

static guint hash_address(gconstpointer address)
{
    return (guint) hash_bytes(address, sizeof(Address));
}

static void add_origin(GPtrArray *comments, const ExtractCapture *capture)
{
    g_autofree char *path = g_utf8_make_valid(capture->path, -1);
    g_autofree char *shown = text_escape(path, false);
    g_ptr_array_add(comments, g_strdup_printf("from %s, SHA-256 %s, %" PRId64 " bytes", shown,
                                              capture->sha256 ? capture->sha256 : "unknown", capture->size));
}

/** Names all captures, or, where there is a file an activity, those from which it takes something. */
static void write_section(const GArray *captures, const GArray *works, guint part, FILE *stream)
{
    bool all = works->len == 0 || g_array_index(works, Work, 0).parts->len == 1;
    g_autoptr(GPtrArray) comments = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(comments, g_strdup("Packets of remote WMI, copied as they are by car-wmi " CAR_VERSION
                                       "; comments say where each stood and what it shows"));
    for (guint i = 0; all && i < captures->len; i++)
        add_origin(comments, &g_array_index(captures, ExtractCapture, i));
    for (guint i = 0; !all && i < works->len; i++) {
        const Work *work = &g_array_index(works, Work, i);
        if (work->wanted[part])
            add_origin(comments, work->capture);
    }
    g_autoptr(GByteArray) block = g_byte_array_new();
    pcapng_add_section(block, comments);
    write_bytes(block, stream);
}

/** Whether the captures are still those that the records are of. */
static bool check_captures(const GArray *captures, GError **error)
{
    for (guint i = 0; i < captures->len; i++) {
        const ExtractCapture *capture = &g_array_index(captures, ExtractCapture, i);
        FileIdentity now;
        bool there = file_identity_take(&now, capture->path);
        const char *change = file_identity_change(&capture->identity, there ? &now : NULL);
        if (!change)
            continue;
        g_set_error(error, EXTRACT_ERROR, EXTRACT_ERROR_UNREADABLE,
                    "%s: %s while it was read: its packets are not written", capture->path, change);
        return false;
    }
    return true;
}

bool extract_write(GArray *captures, GArray *parts, bool all_tickets, GError **error)
{
    g_autofree guint *counts = g_new0(guint, parts->len);
    g_autoptr(GHashTable) interfaces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GArray) works = g_array_new(FALSE, TRUE, sizeof(Work));
    g_array_set_clear_func(works, work_clear);
    g_autoptr(GHashTable) by_file = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < captures->len; i++) {
        Work work = {
            .capture = &g_array_index(captures, ExtractCapture, i),
            .index = i,
            .parts = parts,
            .extents = g_hash_table_new_full(flow_key_hash, flow_key_equal, g_free, unref_array),
            .clients = g_hash_table_new_full(hash_address, same_address, g_free, unref_array),
            .connections = g_array_new(FALSE, FALSE, sizeof(Connection)),
            .comments = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) g_ptr_array_unref),
            .interfaces = interfaces,
            .flows = g_hash_table_new_full(NULL, NULL, NULL, unref_array),
            .counts = counts,
            .written = g_new0(uint64_t, parts->len),
            .wanted = g_new0(bool, parts->len),
        };
        g_array_append_val(works, work);
        g_hash_table_insert(by_file, GUINT_TO_POINTER(work.capture->file), GUINT_TO_POINTER(works->len));
    }
    const Plan plan = {works, by_file};
    plan_all(&plan, parts, all_tickets);
    for (guint i = 0; i < works->len; i++) {
        Work *work = &g_array_index(works, Work, i);
        if (!plan_flows(works, work, error)) {
            g_prefix_error(error, "%s: ", work->capture->path);
            return false;
        }
    }
    drop_idle(works);
    for (guint i = 0; i < parts->len; i++)
        write_section(captures, works, i, g_array_index(parts, ExtractPart, i).stream);
    if (!copy_packets(works, error))
        return false;
    for (guint i = 0; i < works->len; i++)
        count_missing(&g_array_index(works, Work, i));
    return check_captures(captures, error);
}
