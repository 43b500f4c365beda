// SPDX-License-Identifier: GPL-2.0-or-later
#include "logs/input.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK ((size_t) 1 << 20)

G_STATIC_ASSERT(HOST_INPUT_MAX_LINE + CHUNK < UINT_MAX);

struct HostInput {
    gzFile file; ///< reads what is not compressed as it is
    char *buffer;
    size_t size, start, end; ///< of the buffer; what was read and not yet given lies between start and end
    bool ended;
    bool skipping;         ///< the rest of a line that is too long
    bool utf16;            ///< as Windows PowerShell writes text: little endian, made UTF-8 on the way
    unsigned char rest[4]; ///< of UTF-16: the start of a character whose end was not read yet
    size_t rest_len;
    char *fault;
};

static gzFile open_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    const char *fault = NULL;
    if (fd < 0)
        fault = errno == ENOENT ? "does not exist" : g_strerror(errno);
    else if (fstat(fd, &st) != 0)
        fault = g_strerror(errno);
    else if (!S_ISREG(st.st_mode)) // it is read more than once
        fault = S_ISDIR(st.st_mode) ? "is a directory: name the logs in it" : "is no regular file";
    else if (st.st_size == 0)
        fault = "is empty";
    gzFile file = fault ? NULL : gzdopen(fd, "rb");
    if (file) {
        (void) gzbuffer(file, 1 << 18);
        return file;
    }
    if (fd >= 0)
        (void) close(fd);
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, fault ? fault : "cannot be opened");
    return NULL;
}

void host_input_free(HostInput *input)
{
    (void) gzclose(input->file);
    g_free(input->buffer);
    g_free(input->fault);
    g_free(input);
}

static size_t read_raw(HostInput *input, void *buffer, size_t len)
{
    int got = gzread(input->file, buffer, (unsigned) len);
    int code;
    const char *message = gzerror(input->file, &code);
    // zlib from 1.3.2 on tells of it only with the data before it, older ones with the end, too.
    if (!input->fault && code != Z_OK && code != Z_STREAM_END)
        input->fault = g_strdup(code == Z_ERRNO ? g_strerror(errno) : message && *message ? message : "is damaged");
    if (got <= 0)
        input->ended = true;
    return got > 0 ? (size_t) got : 0;
}

/** Reads UTF-16 and gives UTF-8, which takes up to half as much room again. */
static size_t read_utf16(HostInput *input, char *buffer, size_t len)
{
    g_autofree unsigned char *raw = g_malloc(len / 2);
    memcpy(raw, input->rest, input->rest_len);
    size_t have = input->rest_len + read_raw(input, raw + input->rest_len, len / 2 - input->rest_len), i = 0;
    char *to = buffer;
    while (have - i >= 2) {
        gunichar c = (gunichar) (raw[i] | raw[i + 1] << 8);
        size_t units = 2;
        if (c >= 0xd800 && c <= 0xdbff) {
            if (have - i < 4 && !input->ended)
                break;
            gunichar low = have - i < 4 ? 0 : (gunichar) (raw[i + 2] | raw[i + 3] << 8);
            bool pair = low >= 0xdc00 && low <= 0xdfff;
            c = pair ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
            units = pair ? 4 : 2;
        } else if (c >= 0xdc00 && c <= 0xdfff) {
            c = 0xfffd;
        }
        to += g_unichar_to_utf8(c, to);
        i += units;
    }
    input->rest_len = have - i;
    memcpy(input->rest, raw + i, input->rest_len);
    return (size_t) (to - buffer);
}

/** Reads on behind what is in the buffer. False when nothing came. */
static bool fill(HostInput *input)
{
    if (input->ended)
        return false;
    if (input->start > 0) {
        memmove(input->buffer, input->buffer + input->start, input->end - input->start);
        input->end -= input->start;
        input->start = 0;
    }
    if (input->size - input->end < CHUNK / 2) {
        input->size += CHUNK;
        input->buffer = g_realloc(input->buffer, input->size);
    }
    char *to = input->buffer + input->end;
    size_t room = input->size - input->end;
    size_t got = input->utf16 ? read_utf16(input, to, room) : read_raw(input, to, room);
    input->end += got;
    return got > 0;
}

/** Text may begin with a mark of its coding: UTF-8 needs none, UTF-16 says so by it. */
static void pass_mark(HostInput *input)
{
    if (input->end >= 3 && memcmp(input->buffer, "\xef\xbb\xbf", 3) == 0)
        input->start = 3;
    if (input->end < 2 || memcmp(input->buffer, "\xff\xfe", 2) != 0)
        return;
    (void) gzrewind(input->file);
    (void) gzread(input->file, input->buffer, 2);
    input->end = 0;
    input->ended = false;
    input->utf16 = true;
}

HostInput *host_input_open(const char *path, GError **error)
{
    gzFile file = open_file(path, error);
    if (!file)
        return NULL;
    HostInput *input = g_new0(HostInput, 1);
    input->file = file;
    input->size = CHUNK;
    input->buffer = g_malloc(input->size);
    if (fill(input))
        pass_mark(input);
    return input;
}

const char *host_input_head(HostInput *input, size_t *len)
{
    while (input->end - input->start < HOST_INPUT_HEAD && fill(input))
        continue;
    *len = MIN(input->end - input->start, HOST_INPUT_HEAD);
    return input->buffer + input->start;
}

size_t host_input_read(HostInput *input, void *buffer, size_t len)
{
    size_t done = 0;
    while (done < len) {
        size_t part = MIN(len - done, input->end - input->start);
        memcpy((char *) buffer + done, input->buffer + input->start, part);
        input->start += part;
        done += part;
        if (done < len && !fill(input))
            break;
    }
    return done;
}

HostLine host_input_line(HostInput *input, char **line, size_t *len)
{
    size_t searched = 0;
    for (;;) {
        char *from = input->buffer + input->start;
        size_t have = input->end - input->start;
        char *newline = memchr(from + searched, '\n', have - searched);
        if (newline || (have > 0 && input->ended)) {
            *line = from;
            *len = newline ? (size_t) (newline - from) : have;
            input->start += *len + (newline != NULL);
            if (*len > 0 && from[*len - 1] == '\r')
                (*len)--;
            bool whole = !input->skipping;
            input->skipping = false;
            return whole ? HOST_LINE_OK : HOST_LINE_TOO_LONG;
        }
        searched = have;
        if (have > HOST_INPUT_MAX_LINE) { // its end is looked for without keeping it
            input->start = input->end;
            input->skipping = true;
            searched = 0;
        }
        if (!fill(input) && input->start == input->end) {
            bool skipped = input->skipping;
            input->skipping = false;
            return skipped ? HOST_LINE_TOO_LONG : HOST_LINE_END;
        }
    }
}

const char *host_input_fault(const HostInput *input)
{
    return input->fault;
}
