// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json-scan.h"

#include "base/text-escape.h"

#include <string.h>

void json_scan_init(JsonScan *scan, char *text, size_t len)
{
    memset(scan, 0, offsetof(JsonScan, path));
    scan->at = text;
    scan->end = text + len;
}

static bool fail(JsonScan *scan)
{
    scan->failed = true;
    return false;
}

static void skip_blanks(JsonScan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\r' || *scan->at == '\n'))
        scan->at++;
}

/** Takes one character when it comes next. */
static bool take(JsonScan *scan, char c)
{
    skip_blanks(scan);
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

/** Takes the rest of a string, whose opening quote was taken. */
static bool take_string(JsonScan *scan, char **text, size_t *len)
{
    char *start = scan->at, *search = start;
    for (;;) {
        char *quote = memchr(search, '"', (size_t) (scan->end - search));
        if (!quote)
            return fail(scan);
        size_t backslashes = 0;
        while (quote - backslashes > start && quote[-1 - (ptrdiff_t) backslashes] == '\\')
            backslashes++;
        if (backslashes % 2 == 0) {
            *text = start;
            *len = (size_t) (quote - start);
            scan->at = quote + 1;
            return true;
        }
        search = quote + 1;
    }
}

/** Appends a name to the path. One that does not fit is cut: it is none that anybody looks for. */
static size_t extend_path(JsonScan *scan, size_t len, const char *name, size_t name_len)
{
    if (len > 0 && len < sizeof(scan->path))
        scan->path[len++] = '.';
    size_t part = MIN(name_len, sizeof(scan->path) - len);
    memcpy(scan->path + len, name, part);
    return len + part;
}

static bool open_level(JsonScan *scan, bool array, size_t path_len)
{
    if (scan->depth == JSON_SCAN_MAX_DEPTH)
        return fail(scan);
    scan->array[scan->depth] = array;
    scan->path_len[++scan->depth] = path_len;
    scan->at++;
    scan->opened = true;
    return true;
}

/** Closes the innermost level when it ends here. */
static bool close_level(JsonScan *scan)
{
    if (!take(scan, scan->array[scan->depth - 1] ? ']' : '}'))
        return false;
    scan->depth--;
    return true;
}

static bool take_plain(JsonScan *scan, JsonValue *value)
{
    char *start = scan->at;
    while (scan->at < scan->end &&
           (g_ascii_isalnum(*scan->at) || *scan->at == '-' || *scan->at == '+' || *scan->at == '.'))
        scan->at++;
    value->text = start;
    value->len = (size_t) (scan->at - start);
    value->type = JSON_PLAIN;
    return value->len > 0 || fail(scan);
}

static void set_path(const JsonScan *scan, JsonValue *value, size_t path_len)
{
    const char *dot = memrchr(scan->path, '.', path_len);
    const char *name = dot ? dot + 1 : scan->path;
    value->path = scan->path;
    value->path_len = path_len;
    value->name = (Slice){name, path_len - (size_t) (name - scan->path)};
}

bool json_scan_next(JsonScan *scan, JsonValue *value)
{
    if (scan->failed || scan->done)
        return false;
    if (!scan->begun) {
        skip_blanks(scan);
        if (scan->at == scan->end || *scan->at != '{')
            return fail(scan);
        scan->begun = true;
        (void) open_level(scan, false, 0);
    }
    for (;;) {
        bool opened = scan->opened;
        scan->opened = false;
        if (close_level(scan)) {
            if (scan->depth > 0)
                continue;
            scan->done = true;
            skip_blanks(scan);
            return scan->at == scan->end ? false : fail(scan);
        }
        if (!opened && !take(scan, ','))
            return fail(scan);
        size_t outer = scan->path_len[scan->depth], path_len = outer;
        if (!scan->array[scan->depth - 1]) {
            char *key;
            size_t key_len;
            if (!take(scan, '"') || !take_string(scan, &key, &key_len) || !take(scan, ':'))
                return fail(scan);
            path_len = extend_path(scan, outer, key, key_len);
        }
        skip_blanks(scan);
        if (scan->at == scan->end)
            return fail(scan);
        if (*scan->at == '{' || *scan->at == '[') {
            bool array = *scan->at == '[';
            if (!open_level(scan, array, path_len))
                return false;
            if (!scan->openings)
                continue;
            set_path(scan, value, path_len);
            value->type = array ? JSON_ARRAY : JSON_OBJECT;
            value->text = NULL;
            value->len = 0;
            return true;
        }
        set_path(scan, value, path_len);
        if (!take(scan, '"'))
            return take_plain(scan, value);
        value->type = JSON_STRING;
        return take_string(scan, &value->text, &value->len);
    }
}

// Unescaping: what comes out is never longer than what went in.

static int read_hex(const char *at, const char *end)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = at + i < end ? g_ascii_xdigit_value(at[i]) : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/** Reads \uXXXX, and the second half of a pair, from behind the "\u". Returns what was read past it. */
static const char *read_unicode(const char *at, const char *end, gunichar *c)
{
    int first = read_hex(at, end);
    *c = '?'; // not U+FFFD, which is longer than the two characters read so far
    if (first < 0)
        return at;
    *c = 0xfffd;
    at += 4;
    if (first >= 0xd800 && first <= 0xdbff && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        int second = read_hex(at + 2, end);
        if (second >= 0xdc00 && second <= 0xdfff) {
            *c = (gunichar) (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            return at + 6;
        }
    }
    if (first != 0 && (first < 0xd800 || first > 0xdfff))
        *c = (gunichar) first;
    return at;
}

static char plain_escape(char c)
{
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
    }
}

static size_t unescape(char *text, size_t len)
{
    char *to = memchr(text, '\\', len);
    const char *at = to, *end = text + len;
    if (!to)
        return len;
    while (at < end) {
        if (*at != '\\' || at + 1 == end) {
            *to++ = *at++;
        } else if (at[1] == 'u') {
            gunichar c;
            at = read_unicode(at + 2, end, &c);
            to += g_unichar_to_utf8(c, to);
        } else {
            *to++ = plain_escape(at[1]);
            at += 2;
        }
    }
    return (size_t) (to - text);
}

Slice json_scan_text(const JsonValue *value)
{
    char *text = value->text;
    size_t len = value->type == JSON_STRING ? unescape(text, value->len) : value->len;
    const char *bad = text;
    while (!g_utf8_validate(bad, (gssize) (len - (size_t) (bad - text)), &bad) && bad < text + len)
        text[bad - text] = '?';
    return (Slice){text, len};
}
