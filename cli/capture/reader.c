// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/reader.h"

#include "capture/wiretap.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wsutil/wslog.h>

#define LINK_TYPES 512 ///< LINKTYPE_… that are looked through
#define TELL 4096      ///< packets after which progress is told

G_DEFINE_QUARK(car - capture - reader - error - quark, capture_reader_error)

struct CaptureReader {
    wtap *file;
    WiretapRecord record;
    uint64_t number; ///< of the last frame read
    int encap;       ///< of the packet before, and what it was found to be
    LinkKind link;
    int link_type;
    CaptureFacts facts;
    Progress *progress;
    uint64_t told_bytes, told_packets;
};

/** libwiretap opens and closes with tables that all files share. */
static GMutex library;

static void start_library(void)
{
    static size_t started;
    if (!g_once_init_enter(&started))
        return;
    ws_log_set_level(LOG_LEVEL_ERROR); // what is wrong with a file is told by the functions' errors
    wtap_init(FALSE);
    g_once_init_leave(&started, 1);
}

/** What went wrong, in the words of a sentence that begins with the file's name. */
static char *explain(int code, const char *info)
{
    const char *text = NULL;
    switch (code) {
    case WTAP_ERR_FILE_UNKNOWN_FORMAT: text = "isn't a capture file in a format that Wireshark understands"; break;
    case WTAP_ERR_SHORT_READ: text = "cut short in the middle of a packet"; break;
    case WTAP_ERR_BAD_FILE: text = "damaged or corrupt"; break;
    case WTAP_ERR_UNSUPPORTED: text = "holds what Wireshark does not support"; break;
    case WTAP_ERR_DECOMPRESS: text = "its compressed data is damaged"; break;
    case WTAP_ERR_DECOMPRESSION_NOT_SUPPORTED: text = "is compressed in a way that Wireshark does not support"; break;
    default: text = code > 0 ? g_strerror(code) : wtap_strerror(code);
    }
    g_autofree char *whole = info && *info ? g_strdup_printf("%s (%s)", text, info) : g_strdup(text);
    return g_utf8_make_valid(whole, -1);
}

#define HEAD 8

/** The first bytes of a file, or of standard input, which they stay in; what is not there is zero. */
static size_t read_head(const char *path, char head[HEAD])
{
    memset(head, 0, HEAD);
    bool input = strcmp(path, "-") == 0;
    struct stat st;
    if (input ? fstat(STDIN_FILENO, &st) != 0 : stat(path, &st) != 0)
        return 0;
    ssize_t n = 0;
    int ends[2];
    if (S_ISREG(st.st_mode)) {
        int fd = input ? STDIN_FILENO : g_open(path, O_RDONLY | O_CLOEXEC, 0);
        n = fd >= 0 ? pread(fd, head, HEAD, 0) : 0;
        if (fd >= 0 && !input)
            (void) close(fd);
    } else if (input && S_ISFIFO(st.st_mode) && pipe2(ends, O_CLOEXEC) == 0) {
        n = tee(STDIN_FILENO, ends[1], HEAD, 0); // which waits for the first of them
        n = n > 0 ? read(ends[0], head, (size_t) n) : 0;
        (void) close(ends[0]);
        (void) close(ends[1]);
    }
    return n > 0 ? (size_t) n : 0;
}

/** What else is known of a file that begins like this, and that libwiretap does not take for a capture; NULL: nothing. */
static const char *explain_head(const char head[HEAD], size_t len)
{
    static const struct {
        const char *magic, *fault;
    } kinds[] = {
        {"\xfd"
         "7zXZ",
         "is compressed by xz: unpack it first (xz -dk)"},
        {"BZh", "is compressed by bzip2: unpack it first (bzip2 -dk)"},
        {"PK\3\4", "is a zip archive: unpack it first (unzip)"},
        {"\n\r\r\n", "cut short in its first block"},
        {"\xd4\xc3\xb2\xa1", "cut short in its first block"},
        {"\xa1\xb2\xc3\xd4", "cut short in its first block"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (len > 1 && memcmp(head, kinds[i].magic, MIN(len, strlen(kinds[i].magic))) == 0)
            return kinds[i].fault;
    }
    return NULL;
}

static bool is_native(wtap *file)
{
    const int types[] = {wtap_pcap_file_type_subtype(), wtap_pcap_nsec_file_type_subtype(),
                         wtap_pcapng_file_type_subtype()};
    int type = wtap_file_type_subtype(file);
    return type == types[0] || type == types[1] || type == types[2];
}

static bool is_text(const char *bytes, size_t len)
{
    bool text = len > 0;
    for (size_t i = 0; i < len && text; i++)
        text = g_ascii_isprint(bytes[i]) || g_ascii_isspace(bytes[i]);
    return text;
}

/** libwiretap takes pictures, programs, films, logs and the like for captures, some with one packet. */
static bool is_capture(wtap *file, const char head[HEAD], size_t len)
{
    // Its recordings begin with no magic number: libwiretap finds them in text.
    if (wtap_file_encap(file) == WTAP_ENCAP_IXVERIWAVE && is_text(head, len))
        return false;
    static const int others[] = {
        WTAP_ENCAP_MIME,        WTAP_ENCAP_JSON,          WTAP_ENCAP_MPEG,
        WTAP_ENCAP_MPEG_2_TS,   WTAP_ENCAP_MP4,           WTAP_ENCAP_JPEG_JFIF,
        WTAP_ENCAP_BER,         WTAP_ENCAP_TNEF,          WTAP_ENCAP_RUBY_MARSHAL,
        WTAP_ENCAP_RFC7468,     WTAP_ENCAP_LOGCAT,        WTAP_ENCAP_LOGCAT_BRIEF,
        WTAP_ENCAP_LOGCAT_TAG,  WTAP_ENCAP_LOGCAT_THREAD, WTAP_ENCAP_LOGCAT_PROCESS,
        WTAP_ENCAP_LOGCAT_TIME, WTAP_ENCAP_LOGCAT_LONG,   WTAP_ENCAP_LOGCAT_THREADTIME,
        WTAP_ENCAP_LOG_3GPP,    WTAP_ENCAP_ERI_ENB_LOG,   WTAP_ENCAP_SYSTEMD_JOURNAL,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(others) && !is_native(file); i++) {
        if (wtap_file_encap(file) == others[i])
            return false;
    }
    return true;
}

/** Why a file cannot be opened. Owned by the caller. */
static char *explain_open(const char head[HEAD], size_t len, int code, const char *info)
{
    const char *fault = code == WTAP_ERR_FILE_UNKNOWN_FORMAT ? explain_head(head, len) : NULL;
    if (code == WTAP_ERR_SHORT_READ)
        fault = "cut short in its first block";
    return fault ? g_strdup(fault) : explain(code, info);
}

CaptureReader *capture_reader_open(const char *path, GError **error)
{
    start_library();
    int code = 0;
    g_autofree char *info = NULL;
    char head[HEAD];
    size_t len = read_head(path, head);
    g_mutex_lock(&library);
    wtap *file = wtap_open_offline(path, WTAP_TYPE_AUTO, &code, &info, FALSE);
    if (file && !is_capture(file, head, len)) {
        wtap_close(file);
        file = NULL;
        code = WTAP_ERR_FILE_UNKNOWN_FORMAT;
    }
    g_mutex_unlock(&library);
    if (!file) {
        g_autofree char *text = explain_open(head, len, code, info);
        bool other = code == WTAP_ERR_FILE_UNKNOWN_FORMAT && !explain_head(head, len);
        g_set_error_literal(error, CAPTURE_READER_ERROR, other ? CAPTURE_READER_ERROR_OTHER : CAPTURE_READER_ERROR_OPEN,
                            text);
        return NULL;
    }
    CaptureReader *reader = g_new0(CaptureReader, 1);
    reader->file = file;
    reader->encap = WTAP_ENCAP_UNKNOWN;
    reader->link_type = -1;
    g_mutex_lock(&library);
    wiretap_record_init(&reader->record);
    g_mutex_unlock(&library);
    return reader;
}

static void tell(CaptureReader *reader)
{
    uint64_t bytes = (uint64_t) MAX(wtap_read_so_far(reader->file), 0);
    progress_read(reader->progress, bytes - reader->told_bytes, reader->number - reader->told_packets);
    reader->told_bytes = bytes;
    reader->told_packets = reader->number;
}

void capture_reader_set_progress(CaptureReader *reader, Progress *progress)
{
    reader->progress = progress;
}

bool capture_reader_is_independent(const CaptureReader *reader)
{
    return is_native(reader->file);
}

bool capture_reader_has_nothing(const CaptureReader *reader)
{
    return reader->number == 0 && wtap_read_so_far(reader->file) == 0;
}

void capture_facts_clear(CaptureFacts *facts)
{
    g_clear_pointer(&facts->links, g_ptr_array_unref);
}

CaptureFacts capture_reader_take_facts(CaptureReader *reader)
{
    CaptureFacts facts = reader->facts;
    reader->facts = (CaptureFacts){0};
    reader->encap = WTAP_ENCAP_UNKNOWN;
    return facts;
}

static void note_link(CaptureFacts *facts, int encap)
{
    if (!facts->links)
        facts->links = g_ptr_array_new();
    const char *link = wtap_encap_description(encap);
    if (link && !g_ptr_array_find(facts->links, link, NULL))
        g_ptr_array_add(facts->links, (gpointer) link);
}

static void note_packet(CaptureFacts *facts, const CapturePacket *packet)
{
    if (facts->packets == 0 || capture_packet_compare(packet, &facts->first) < 0)
        facts->first = *packet;
    if (facts->packets == 0 || capture_packet_compare(&facts->last, packet) <= 0)
        facts->last = *packet;
    facts->packets++;
}

void capture_reader_close(CaptureReader *reader)
{
    capture_facts_clear(&reader->facts);
    if (reader->progress)
        tell(reader);
    g_mutex_lock(&library);
    wiretap_record_clear(&reader->record);
    wtap_close(reader->file);
    g_mutex_unlock(&library);
    g_free(reader);
}

/** -1 when there is none, or when Wireshark keeps a part of the packet's head elsewhere. */
static int find_link_type(int encap)
{
    if (wtap_encap_requires_phdr(encap))
        return -1;
    for (int type = 0; type < LINK_TYPES; type++) {
        if (wtap_pcap_encap_to_wtap_encap(type) == encap)
            return type;
    }
    return -1;
}

static LinkKind find_link(int encap)
{
    switch (encap) {
    case WTAP_ENCAP_ETHERNET: return LINK_ETHERNET;
    case WTAP_ENCAP_RAW_IP:
    case WTAP_ENCAP_RAW_IP4:
    case WTAP_ENCAP_RAW_IP6: return LINK_IP;
    case WTAP_ENCAP_SLL: return LINK_COOKED;
    case WTAP_ENCAP_SLL2: return LINK_COOKED2;
    case WTAP_ENCAP_NULL:
    case WTAP_ENCAP_LOOP: return LINK_NULL;
    case WTAP_ENCAP_PPP: return LINK_PPP;
    case WTAP_ENCAP_CHDLC: return LINK_CHDLC;
    default: return LINK_OTHER;
    }
}

LinkKind capture_reader_link_kind(int link_type)
{
    return find_link(wtap_pcap_encap_to_wtap_encap(link_type));
}

bool capture_reader_next(CaptureReader *reader, CapturePacket *packet, GError **error)
{
    const wtap_rec *rec = &reader->record.rec;
    do {
        int code = 0;
        g_autofree char *info = NULL;
        if (!wiretap_read(reader->file, &reader->record, &code, &info)) {
            if (code == 0)
                return false;
            g_autofree char *text = explain(code, info);
            g_set_error(error, CAPTURE_READER_ERROR, CAPTURE_READER_ERROR_DAMAGED, "%s, after frame %" G_GUINT64_FORMAT,
                        text, reader->number);
            return false;
        }
        reader->number++;
        if (reader->progress && reader->number % TELL == 0)
            tell(reader);
    } while (rec->rec_type != REC_TYPE_PACKET);

    const wtap_packet_header *header = &rec->rec_header.packet_header;
    if (header->pkt_encap != reader->encap) {
        reader->encap = header->pkt_encap;
        reader->link = find_link(reader->encap);
        reader->link_type = find_link_type(reader->encap);
        note_link(&reader->facts, reader->encap);
    }
    packet->number = reader->number;
    packet->data = wiretap_data(&reader->record);
    packet->len = header->caplen;
    packet->wire_len = header->len;
    packet->link = reader->link;
    packet->link_type = reader->link_type;
    packet->digits = CLAMP(rec->tsprec, 0, 9);
    bool timed = rec->presence_flags & WTAP_HAS_TS;
    packet->secs = timed ? (int64_t) rec->ts.secs : 0;
    packet->nsecs = timed ? (uint32_t) CLAMP(rec->ts.nsecs, 0, 999999999) : 0;
    note_packet(&reader->facts, packet);
    return true;
}
