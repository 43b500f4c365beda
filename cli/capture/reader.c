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

/** How a file is unpacked that is compressed in a way that libwiretap does not read; NULL when it is not. */
static const char *find_packing(const char *path)
{
    static const struct {
        const char *magic, *advice;
    } packings[] = {
        {"\xfd"
         "7zXZ",
         "is compressed by xz: unpack it first (xz -dk)"},
        {"BZh", "is compressed by bzip2: unpack it first (bzip2 -dk)"},
        {"PK\3\4", "is a zip archive: unpack it first (unzip)"},
    };
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    char head[8] = {0};
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof(head)) : 0;
    if (fd >= 0)
        (void) close(fd);
    for (size_t i = 0; i < G_N_ELEMENTS(packings); i++) {
        size_t len = strlen(packings[i].magic);
        if (n >= (ssize_t) len && memcmp(head, packings[i].magic, len) == 0)
            return packings[i].advice;
    }
    return NULL;
}

/** libwiretap takes pictures, programs and the like for captures with one packet. */
static bool is_capture(wtap *file)
{
    int encap = wtap_file_encap(file);
    return encap != WTAP_ENCAP_MIME && encap != WTAP_ENCAP_JSON;
}

CaptureReader *capture_reader_open(const char *path, GError **error)
{
    start_library();
    int code = 0;
    g_autofree char *info = NULL;
    g_mutex_lock(&library);
    wtap *file = wtap_open_offline(path, WTAP_TYPE_AUTO, &code, &info, FALSE);
    if (file && !is_capture(file)) {
        wtap_close(file);
        file = NULL;
        code = WTAP_ERR_FILE_UNKNOWN_FORMAT;
    }
    g_mutex_unlock(&library);
    if (!file) {
        const char *packing = code == WTAP_ERR_FILE_UNKNOWN_FORMAT ? find_packing(path) : NULL;
        g_autofree char *text = packing ? g_strdup(packing) : explain(code, info);
        g_set_error_literal(error, CAPTURE_READER_ERROR, CAPTURE_READER_ERROR_OPEN, text);
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
    const int types[] = {wtap_pcap_file_type_subtype(), wtap_pcap_nsec_file_type_subtype(),
                         wtap_pcapng_file_type_subtype()};
    int type = wtap_file_type_subtype(reader->file);
    return type == types[0] || type == types[1] || type == types[2];
}

bool capture_reader_has_nothing(const CaptureReader *reader)
{
    return reader->number == 0 && wtap_read_so_far(reader->file) == 0;
}

void capture_reader_close(CaptureReader *reader)
{
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

const char *capture_reader_link(const CaptureReader *reader)
{
    return wtap_encap_description(reader->encap);
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
    return true;
}
