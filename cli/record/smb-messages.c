// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/smb-messages.h"

#include "base/number.h"
#include "base/time.h"
#include "base/unknown.h"

#include <string.h>

typedef enum {
    // of the packet
    FRAME,
    TIME,
    SOURCE4,
    DESTINATION4,
    SOURCE6,
    DESTINATION6,
    STREAM,
    N_PACKET_FIELDS,
    // of the message
    COMMAND = N_PACKET_FIELDS,
    RESPONSE,
    MESSAGE,
    STATUS,
    SHARE,
    NAME,
    FILE_ID,
    FILE_SIZE,
    OFFSET,
    READ_DATA,
    NONCE,
    N_FIELDS
} Field;

typedef enum { DIALECT_NONE, DIALECT_SMB1, DIALECT_SMB2 } Dialect;

const char smb_messages_protocols[] = "frame ip ipv6 tcp smb smb2 data";
const char smb_messages_filter[] = "smb2.cmd in {5,8} || smb2.header.transform.nonce || smb.cmd in {0x2e,0xa2}";

enum { SMB1_READ = 0x2e, SMB1_CREATE = 0xa2, SMB2_CREATE = 5, SMB2_READ = 8 };

/** `dialect`: only in a message of this one. */
static const struct {
    const char *name;
    Field field;
    Dialect dialect;
} known[] = {
    {"frame.number", FRAME, DIALECT_NONE},
    {"frame.time_epoch", TIME, DIALECT_NONE},
    {"ip.src", SOURCE4, DIALECT_NONE},
    {"ip.dst", DESTINATION4, DIALECT_NONE},
    {"ipv6.src", SOURCE6, DIALECT_NONE},
    {"ipv6.dst", DESTINATION6, DIALECT_NONE},
    {"tcp.stream", STREAM, DIALECT_NONE},
    {"smb2.cmd", COMMAND, DIALECT_SMB2},
    {"smb2.flags.response", RESPONSE, DIALECT_SMB2},
    {"smb2.msg_id", MESSAGE, DIALECT_SMB2},
    {"smb2.nt_status", STATUS, DIALECT_SMB2},
    {"smb2.tree", SHARE, DIALECT_SMB2},
    {"smb2.filename", NAME, DIALECT_SMB2},
    {"smb2.fid", FILE_ID, DIALECT_SMB2},
    {"smb2.eof", FILE_SIZE, DIALECT_SMB2},
    {"smb2.file_offset", OFFSET, DIALECT_SMB2},
    {"smb2.read_data", READ_DATA, DIALECT_SMB2},
    {"data.data", READ_DATA, DIALECT_SMB2}, // where Wireshark knows no protocol for what is read
    {"smb2.header.transform.nonce", NONCE, DIALECT_SMB2},
    {"smb.cmd", COMMAND, DIALECT_SMB1},
    {"smb.flags.response", RESPONSE, DIALECT_SMB1},
    {"smb.mid", MESSAGE, DIALECT_SMB1},
    {"smb.nt_status", STATUS, DIALECT_SMB1},
    {"smb.path", SHARE, DIALECT_SMB1},
    {"smb.file", NAME, DIALECT_SMB1},
    {"smb.fid", FILE_ID, DIALECT_SMB1},
    {"smb.end_of_file", FILE_SIZE, DIALECT_SMB1},
    {"smb.file.rw.offset", OFFSET, DIALECT_SMB1},
    {"smb.file_data", READ_DATA, DIALECT_SMB1},
};

struct SmbMessages {
    SmbMessagesTaker taker;
    Dialect dialect;           ///< of the message under way
    guint count;               ///< of messages in the packet
    bool readable, sealed;     ///< of the packet: a message that can be read, and one that cannot
    GString *fields[N_FIELDS]; ///< empty: not there
};

SmbMessages *smb_messages_new(SmbMessagesTaker taker)
{
    SmbMessages *m = g_new0(SmbMessages, 1);
    m->taker = taker;
    for (Field field = 0; field < N_FIELDS; field++)
        m->fields[field] = g_string_new(NULL);
    return m;
}

void smb_messages_free(SmbMessages *m)
{
    for (Field field = 0; field < N_FIELDS; field++)
        (void) g_string_free(m->fields[field], TRUE);
    g_free(m);
}

static Slice get(const SmbMessages *m, Field field)
{
    return (Slice){m->fields[field]->str, m->fields[field]->len};
}

static void clear(SmbMessages *m, Field from, Field to)
{
    for (Field field = from; field < to; field++)
        (void) g_string_truncate(m->fields[field], 0);
}

static bool get_ends(const SmbMessages *m, Address *source, Address *destination)
{
    bool v4 = address_parse(get(m, SOURCE4), source) && address_parse(get(m, DESTINATION4), destination);
    return v4 || (address_parse(get(m, SOURCE6), source) && address_parse(get(m, DESTINATION6), destination));
}

static SmbCommand get_command(const SmbMessages *m)
{
    int64_t command = number_parse(get(m, COMMAND));
    bool smb1 = m->dialect == DIALECT_SMB1;
    if (command == (smb1 ? SMB1_CREATE : SMB2_CREATE))
        return SMB_OPEN;
    return command == (smb1 ? SMB1_READ : SMB2_READ) ? SMB_READ : SMB_OTHER;
}

static bool is_answer_true(Slice value)
{
    return value.len > 0 && (value.text[0] == '1' || value.text[0] == 'T');
}

/** The message under way is complete. */
static void end_message(SmbMessages *m)
{
    static const char related[] = "ffffffff-ffff-ffff-ffff-ffffffffffff"; // MS-SMB2 3.2.4.1.4
    SmbMessage message = {
        .frame = number_parse(get(m, FRAME)),
        .time = time_from_epoch(get(m, TIME)),
        .stream = get(m, STREAM),
        .first = m->count == 0,
        .response = is_answer_true(get(m, RESPONSE)),
        .is_related = m->dialect == DIALECT_SMB2 && slice_is(get(m, FILE_ID), related),
        .command = get_command(m),
        .message = get(m, MESSAGE),
        .status = number_parse(get(m, STATUS)),
        .share = get(m, SHARE),
        .name = get(m, NAME),
        .file = get(m, FILE_ID),
        .size = number_parse(get(m, FILE_SIZE)),
        .offset = number_parse(get(m, OFFSET)),
        .data = get(m, READ_DATA),
    };
    bool whole = get(m, COMMAND).len > 0;
    m->readable |= whole;
    m->sealed |= !whole && get(m, NONCE).len > 0;
    if (m->dialect != DIALECT_NONE && whole && message.message.len > 0 && message.stream.len > 0 &&
        get(m, RESPONSE).len > 0 && get_ends(m, &message.source, &message.destination)) {
        m->taker.message(&message, m->taker.data);
        m->count++;
    }
    clear(m, N_PACKET_FIELDS, N_FIELDS);
    m->dialect = DIALECT_NONE;
}

static void end_packet(SmbMessages *m)
{
    end_message(m);
    Address source, destination;
    if (m->sealed && !m->readable && get_ends(m, &source, &destination))
        m->taker.sealed(&source, &destination, m->taker.data);
    m->count = 0;
    m->readable = m->sealed = false;
    clear(m, 0, N_FIELDS);
}

/** The text of an attribute, as it is written. False when there is none. */
static bool get_attribute(Slice line, const char *start, Slice *out)
{
    const char *at = memmem(line.text, line.len, start, strlen(start));
    if (!at)
        return false;
    at += strlen(start);
    const char *end = memchr(at, '"', (size_t) (line.text + line.len - at));
    *out = (Slice){at, end ? (size_t) (end - at) : 0};
    return end != NULL;
}

static void append_unescaped(GString *out, Slice text)
{
    static const struct {
        const char *written;
        char is;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#x27;", '\''}, {"&apos;", '\''}};
    for (size_t i = 0; i < text.len;) {
        size_t len = 1;
        char c = text.text[i];
        for (size_t k = 0; c == '&' && k < G_N_ELEMENTS(entities) && len == 1; k++) {
            size_t n = strlen(entities[k].written);
            if (text.len - i >= n && memcmp(text.text + i, entities[k].written, n) == 0) {
                c = entities[k].is;
                len = n;
            }
        }
        g_string_append_c(out, c);
        i += len;
    }
}

static void take_field(SmbMessages *m, Slice line)
{
    Slice name, value;
    size_t i = 0;
    if (!get_attribute(line, "<field name=\"", &name))
        return;
    while (i < G_N_ELEMENTS(known) && !slice_is(name, known[i].name))
        i++;
    if (i == G_N_ELEMENTS(known) || (known[i].dialect != DIALECT_NONE && known[i].dialect != m->dialect))
        return;
    GString *field = m->fields[known[i].field];
    bool of_packet = known[i].dialect == DIALECT_NONE;
    // Of a message, the first; of a packet, what is next to the message: a tunnel has addresses of its own.
    if (of_packet ? m->count > 0 || m->dialect != DIALECT_NONE : field->len > 0)
        return;
    bool bytes = known[i].field == READ_DATA && get_attribute(line, " value=\"", &value);
    if (!bytes && !get_attribute(line, " show=\"", &value))
        return;
    (void) g_string_truncate(field, 0);
    append_unescaped(field, value);
}

void smb_messages_line(SmbMessages *m, const char *text, size_t len)
{
    static const char packet[] = "</packet>";
    Slice line = {text, len}, name;
    while (line.len > 0 && *line.text == ' ') {
        line.text++;
        line.len--;
    }
    if (line.len >= strlen(packet) && memcmp(line.text, packet, strlen(packet)) == 0) {
        end_packet(m);
    } else if (line.len > 2 && memcmp(line.text, "<f", 2) == 0) {
        take_field(m, line);
    } else if (line.len > 2 && memcmp(line.text, "<p", 2) == 0 && get_attribute(line, "<proto name=\"", &name) &&
               (slice_is(name, "smb") || slice_is(name, "smb2"))) {
        end_message(m);
        m->dialect = slice_is(name, "smb2") ? DIALECT_SMB2 : DIALECT_SMB1;
    }
}
