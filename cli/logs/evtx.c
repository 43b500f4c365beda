// SPDX-License-Identifier: GPL-2.0-or-later
// Windows event log files. Such a file is a header of 4 KiB and chunks of 64 KiB, each complete in itself: libevtx gets
// one at a time, as a file of one chunk, so that memory does not grow with the log and a damaged chunk harms no other.

#include "base/text-escape.h"
#include "logs/reader.h"

#include <errno.h>
#include <libevtx.h>
#include <libxml/xmlreader.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#define HEADER_SIZE 4096
#define CHUNK_SIZE 65536
#define MAX_XML ((size_t) 4 << 20)
#define MAX_DEPTH 16
#define MAX_TEXT ((size_t) 1 << 20) ///< of all values of one event

static const char header_signature[8] = "ElfFile";
static const char chunk_signature[8] = "ElfChnk";

static bool recognise_evtx(const char *head, size_t len)
{
    return len >= sizeof(header_signature) && memcmp(head, header_signature, sizeof(header_signature)) == 0;
}

// XML of one event → fields.

/** The values of one event. Texts lie in `store`, whose length never passes its first size: they stay where they are. */
typedef struct {
    HostFields fields;
    char *store;
    size_t used;
    Slice element[MAX_DEPTH]; ///< names of the open elements
    Slice data_name;          ///< of the open Data element
    bool nameless;            ///< it has none, and no text was seen in it
} EventXml;

static Slice store_text(EventXml *xml, const xmlChar *text)
{
    size_t len = text ? strlen((const char *) text) : 0;
    if (!text || len > MAX_TEXT - xml->used)
        return SLICE_NONE;
    char *copy = xml->store + xml->used;
    memcpy(copy, text, len);
    xml->used += len;
    return (Slice){copy, len};
}

static Slice read_attribute(EventXml *xml, xmlTextReaderPtr reader, const char *name)
{
    xmlChar *value = xmlTextReaderGetAttribute(reader, (const xmlChar *) name);
    Slice text = store_text(xml, value);
    xmlFree(value);
    return text;
}

static const struct {
    const char *element, *attribute;
    HostField field;
} system_attributes[] = {
    {"Provider", "Name", FIELD_PROVIDER},
    {"TimeCreated", "SystemTime", FIELD_TIME},
    {"Execution", "ProcessID", FIELD_EXECUTION_PID},
};

static const struct {
    const char *element;
    HostField field;
} system_elements[] = {
    {"EventID", FIELD_EVENT_ID},
    {"EventRecordID", FIELD_RECORD},
    {"Channel", FIELD_CHANNEL},
    {"Computer", FIELD_COMPUTER},
};

/** A value without a name counts though it is empty. */
static void end_element(EventXml *xml, int depth)
{
    if (depth == 2 && xml->nameless)
        host_fields_parameter(&xml->fields, slice(""));
    xml->nameless = false;
}

static void begin_element(EventXml *xml, xmlTextReaderPtr reader, int depth)
{
    Slice name = store_text(xml, xmlTextReaderConstLocalName(reader));
    xml->element[depth] = name;
    if (depth != 2)
        return;
    xml->data_name = SLICE_NONE;
    xml->nameless = false;
    if (slice_is(xml->element[1], "System")) {
        for (size_t i = 0; i < G_N_ELEMENTS(system_attributes); i++) {
            if (slice_is(name, system_attributes[i].element))
                host_fields_set(&xml->fields, system_attributes[i].field,
                                read_attribute(xml, reader, system_attributes[i].attribute));
        }
    } else if (slice_is(name, "Data")) {
        xml->data_name = read_attribute(xml, reader, "Name");
        xml->nameless = !xml->data_name.text;
        if (xmlTextReaderIsEmptyElement(reader) == 1)
            end_element(xml, depth);
    }
}

static void take_text(EventXml *xml, xmlTextReaderPtr reader, int depth)
{
    Slice text = store_text(xml, xmlTextReaderConstValue(reader));
    if (slice_is(xml->element[1], "System") && depth == 3) {
        for (size_t i = 0; i < G_N_ELEMENTS(system_elements); i++) {
            if (slice_is(xml->element[2], system_elements[i].element))
                host_fields_set(&xml->fields, system_elements[i].field, text);
        }
    } else if (slice_is(xml->element[1], "EventData") && depth == 3) {
        if (xml->data_name.text)
            host_fields_data(&xml->fields, xml->data_name, text);
        else
            host_fields_parameter(&xml->fields, text);
        xml->nameless = false;
    } else if (slice_is(xml->element[1], "UserData") && depth == 4) {
        host_fields_data(&xml->fields, xml->element[3], text);
    }
}

/** False when it is no XML that an event is made of. */
static bool read_xml(EventXml *xml, const char *text, size_t len)
{
    host_fields_clear(&xml->fields);
    xml->used = 0;
    memset(xml->element, 0, sizeof(xml->element));
    xmlTextReaderPtr reader =
        xmlReaderForMemory(text, (int) len, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!reader)
        return false;
    int status;
    while ((status = xmlTextReaderRead(reader)) == 1) {
        int depth = xmlTextReaderDepth(reader), type = xmlTextReaderNodeType(reader);
        if (depth >= MAX_DEPTH || type == XML_READER_TYPE_DOCUMENT_TYPE) {
            status = -1;
            break;
        }
        if (type == XML_READER_TYPE_ELEMENT)
            begin_element(xml, reader, depth);
        else if (type == XML_READER_TYPE_END_ELEMENT)
            end_element(xml, depth);
        else if (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
                 type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE)
            take_text(xml, reader, depth);
    }
    xmlFreeTextReader(reader);
    return status == 0;
}

/** What XML does not allow, a log can hold: a control character in a command line must not hide the event. */
static void make_allowed(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char) text[i];
        bool noncharacter =
            c == 0xef && i + 2 < len && (unsigned char) text[i + 1] == 0xbf && (unsigned char) text[i + 2] >= 0xbe;
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            text[i] = '?';
        if (noncharacter)
            text[i] = text[i + 1] = text[i + 2] = '?';
    }
    text_make_valid(text, len);
}

// Records → events.

typedef struct {
    HostReading *reading;
    EventXml xml;
    int fd; ///< in memory: the file of one chunk that libevtx reads
} Evtx;

/** False when the record cannot be read. */
static bool take_record(Evtx *evtx, libevtx_record_t *record)
{
    uint32_t id = 0;
    size_t size = 0;
    if (libevtx_record_get_event_identifier(record, &id, NULL) == 1 && !(host_event_kinds(id) & evtx->reading->wanted))
        return true;
    if (libevtx_record_get_utf8_xml_string_size(record, &size, NULL) != 1 || size < 2 || size > MAX_XML)
        return false;
    g_autofree char *text = g_malloc(size);
    if (libevtx_record_get_utf8_xml_string(record, (uint8_t *) text, size, NULL) != 1)
        return false;
    size_t len = strnlen(text, size - 1);
    make_allowed(text, len);
    HostEvent event;
    if (!read_xml(&evtx->xml, text, len))
        return false;
    if (host_event_make(&evtx->xml.fields, evtx->reading->wanted, evtx->reading->shown, &event))
        host_reading_give(evtx->reading, &event);
    return true;
}

static bool write_at(int fd, const void *data, size_t len, off_t offset)
{
    return pwrite(fd, data, len, offset) == (ssize_t) len;
}

static void put_number(uint8_t *to, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t) (value >> (8 * i));
}

/** The header of a file of one chunk. */
static void make_header(uint8_t header[HEADER_SIZE])
{
    memset(header, 0, HEADER_SIZE);
    memcpy(header, header_signature, sizeof(header_signature));
    put_number(header + 24, 2, 8);   // next record
    put_number(header + 32, 128, 4); // size of what is used of it
    put_number(header + 36, 1, 2);   // version 3.1
    put_number(header + 38, 3, 2);
    put_number(header + 40, HEADER_SIZE, 2);
    put_number(header + 42, 1, 2); // chunks
    put_number(header + 124, crc32(0, header, 120), 4);
}

typedef int (*CountFunc)(libevtx_file_t *file, int *count, libevtx_error_t **error);
typedef int (*GetFunc)(libevtx_file_t *file, int index, libevtx_record_t **record, libevtx_error_t **error);

static void take_records(Evtx *evtx, libevtx_file_t *file, CountFunc count_records, GetFunc get)
{
    int count = 0;
    if (count_records(file, &count, NULL) != 1)
        count = 0;
    for (int i = 0; i < count; i++) {
        libevtx_record_t *record = NULL;
        bool good = get(file, i, &record, NULL) == 1 && take_record(evtx, record);
        evtx->reading->stats->damaged += !good;
        if (record)
            (void) libevtx_record_free(&record, NULL);
    }
}

/** Of a damaged chunk the records that libevtx can still find are used, too. */
static void take_chunk(Evtx *evtx, const char *chunk)
{
    char path[64];
    (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", evtx->fd);
    libevtx_file_t *file = NULL;
    if (!write_at(evtx->fd, chunk, CHUNK_SIZE, HEADER_SIZE) || libevtx_file_initialize(&file, NULL) != 1 ||
        libevtx_file_open(file, path, LIBEVTX_OPEN_READ, NULL) != 1) {
        evtx->reading->stats->damaged++;
    } else {
        bool damaged = libevtx_file_is_corrupted(file, NULL) == 1;
        take_records(evtx, file, libevtx_file_get_number_of_records, libevtx_file_get_record_by_index);
        if (damaged) {
            evtx->reading->stats->damaged++;
            take_records(evtx, file, libevtx_file_get_number_of_recovered_records,
                         libevtx_file_get_recovered_record_by_index);
        }
        (void) libevtx_file_close(file, NULL);
    }
    if (file)
        (void) libevtx_file_free(&file, NULL);
}

static bool is_empty(const char *chunk)
{
    return chunk[0] == '\0' && memcmp(chunk, chunk + 1, CHUNK_SIZE - 1) == 0;
}

static void take_chunks(Evtx *evtx)
{
    g_autofree char *chunk = g_malloc(CHUNK_SIZE);
    size_t len = host_input_read(evtx->reading->input, chunk, HEADER_SIZE);
    if (len < HEADER_SIZE) {
        evtx->reading->stats->note = g_strdup("ends in its header");
        return;
    }
    while ((len = host_input_read(evtx->reading->input, chunk, CHUNK_SIZE)) == CHUNK_SIZE) {
        if (memcmp(chunk, chunk_signature, sizeof(chunk_signature)) == 0)
            take_chunk(evtx, chunk);
        else if (!is_empty(chunk)) // room that the log has not used yet is empty
            evtx->reading->stats->damaged++;
    }
    if (len == 0)
        return;
    memset(chunk + len, 0, CHUNK_SIZE - len);
    if (memcmp(chunk, chunk_signature, sizeof(chunk_signature)) == 0)
        take_chunk(evtx, chunk);
    evtx->reading->stats->note = g_strdup("ends in the middle of a chunk");
}

static bool read_evtx(HostReading *reading, GError **error)
{
    uint8_t header[HEADER_SIZE];
    make_header(header);
    Evtx *evtx = g_new0(Evtx, 1);
    evtx->reading = reading;
    evtx->fd = memfd_create("car-wmi", MFD_CLOEXEC);
    bool ready = evtx->fd >= 0 && write_at(evtx->fd, header, HEADER_SIZE, 0);
    if (ready) {
        evtx->xml.store = g_malloc(MAX_TEXT);
        take_chunks(evtx);
        g_free(evtx->xml.store);
    } else {
        g_set_error(error, HOST_READ_ERROR, HOST_READ_ERROR_UNREADABLE, "no memory for it: %s", g_strerror(errno));
    }
    if (evtx->fd >= 0)
        (void) close(evtx->fd);
    g_free(evtx);
    return ready;
}

const HostReader host_reader_evtx = {
    .name = "EVTX",
    .expected = "a Windows event log (.evtx)",
    .recognise = recognise_evtx,
    .read = read_evtx,
};
