// SPDX-License-Identifier: GPL-2.0-or-later
#include "output-check.h"

#include "fuzz.h"

#include <string.h>

// ---- text

static void check_character(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED: fuzz_require(c == '\n'); break;
    default: break;
    }
}

/** Behind a colour, `text` if there is none. */
static const char *behind_colour(const char *text)
{
    static const char *const colours[] = {"\033[0m", "\033[1m", "\033[2m", "\033[1;31m", "\033[1;35m", "\033[33m"};
    for (size_t i = 0; i < G_N_ELEMENTS(colours); i++) {
        if (g_str_has_prefix(text, colours[i]))
            return text + strlen(colours[i]);
    }
    return text;
}

void check_plain(const char *text, size_t len, bool colours)
{
    fuzz_require(strlen(text) == len && g_utf8_validate(text, (gssize) len, NULL));
    fuzz_require(len == 0 || text[len - 1] == '\n');
    for (const char *p = text; *p;) {
        const char *behind = colours ? behind_colour(p) : p;
        if (behind == p) {
            check_character(g_utf8_get_char(p));
            behind = g_utf8_next_char(p);
        }
        p = behind;
    }
}

// ---- JSON

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \n");
}

static const char *pass(const char *p, char wanted)
{
    fuzz_require(*p == wanted);
    return p + 1;
}

static const char *pass_string(const char *p)
{
    p = pass(p, '"');
    while (*p != '"') {
        fuzz_require((unsigned char) *p >= 0x20);
        if (*p++ != '\\')
            continue;
        fuzz_require(*p && strchr("\"\\/bfnrtu", *p));
        for (int i = 0; i < (*p == 'u' ? 4 : 0); i++)
            fuzz_require(g_ascii_isxdigit(p[1 + i]));
        p += *p == 'u' ? 5 : 1;
    }
    return p + 1;
}

static const char *pass_plain(const char *p)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_has_prefix(p, words[i]))
            return p + strlen(words[i]);
    }
    p += *p == '-';
    size_t digits = strspn(p, "0123456789");
    fuzz_require(digits > 0 && (p[0] != '0' || digits == 1));
    p += digits;
    if (*p == '.') {
        size_t fraction = strspn(p + 1, "0123456789");
        fuzz_require(fraction > 0);
        p += 1 + fraction;
    }
    return p;
}

/** Behind the value at `p`. */
static const char *pass_value(const char *p, int depth)
{
    fuzz_require(depth < 16);
    if (*p == '"')
        return pass_string(p);
    if (*p != '{' && *p != '[')
        return pass_plain(p);
    bool object = *p == '{';
    char end = object ? '}' : ']';
    p = skip_space(p + 1);
    for (bool first = true; *p != end; first = false) {
        if (!first)
            p = skip_space(pass(p, ','));
        if (object)
            p = skip_space(pass(skip_space(pass_string(p)), ':'));
        p = skip_space(pass_value(p, depth + 1));
    }
    return p + 1;
}

void check_json(const char *text, size_t len)
{
    check_plain(text, len, false);
    for (const char *p = skip_space(text); *p; p = skip_space(p))
        p = pass_value(p, 0);
}

// ---- CSV

static void check_cell(const char *cell)
{
    while (*cell && g_unichar_isspace(g_utf8_get_char(cell)))
        cell = g_utf8_next_char(cell);
    fuzz_require(!*cell || !g_utf8_strchr("=+-@\t\r\uff1d\uff0b\uff0d\uff20", -1, g_utf8_get_char(cell)));
}

/** Behind the cell at `p`. */
static const char *pass_cell(const char *p)
{
    if (*p != '"')
        return p + strcspn(p, ",\r\n\"");
    check_cell(p + 1);
    for (p++; *p != '"' || p[1] == '"'; p = g_utf8_next_char(p)) {
        fuzz_require(*p);
        p += *p == '"';
        check_character(g_utf8_get_char(p));
    }
    return p + 1;
}

void check_csv(const char *text, size_t len)
{
    fuzz_require(strlen(text) == len && g_utf8_validate(text, (gssize) len, NULL));
    size_t wanted = 0;
    while (*text) {
        size_t cells = 1;
        for (text = pass_cell(text); *text == ','; cells++)
            text = pass_cell(text + 1);
        fuzz_require(text[0] == '\r' && text[1] == '\n' && (!wanted || cells == wanted));
        wanted = cells;
        text += 2;
    }
}

// ---- tables of Zeek

void check_table(const char *text, size_t len)
{
    fuzz_require(strlen(text) == len && g_utf8_validate(text, (gssize) len, NULL));
    fuzz_require(len == 0 || text[len - 1] == '\n');
    size_t wanted = 0, cells = 1;
    bool comment = *text == '#';
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        if (*p == '\t') {
            cells++;
            continue;
        }
        check_character(g_utf8_get_char(p));
        if (*p != '\n')
            continue;
        fuzz_require(comment || !wanted || cells == wanted);
        wanted = comment ? wanted : cells;
        cells = 1;
        comment = p[1] == '#';
    }
}

// ---- HTML

#define MAX_NAME 32
#define MAX_OPEN 64

typedef struct {
    char open[MAX_OPEN][MAX_NAME]; ///< names of the elements that are open
    unsigned depth;
} Elements;

static const char *pass_name(const char *p, char name[MAX_NAME])
{
    size_t len = strcspn(p, " =/>\"'<\n");
    fuzz_require(len > 0 && len < MAX_NAME);
    memcpy(name, p, len);
    name[len] = '\0';
    fuzz_require(!strstr(name, HOSTILE_WORD));
    return p + len;
}

static void check_attribute(const char *name, const char *value, size_t len)
{
    static const char *const targets[] = {"#", "https://attack.mitre.org/", "https://car.mitre.org/",
                                          "https://d3fend.mitre.org/"};
    g_autofree char *text = g_strndup(value, len);
    fuzz_require(!g_str_has_prefix(name, "on") && strcmp(name, "src") != 0 && strcmp(name, "style") != 0);
    bool known = strcmp(name, "href") != 0;
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++)
        known |= g_str_has_prefix(text, targets[i]);
    fuzz_require(known);
}

static const char *pass_attributes(const char *p)
{
    while (*p == ' ' || *p == '\n') {
        char name[MAX_NAME];
        p = pass_name(p + 1, name);
        p = pass(pass(p, '='), '"');
        size_t len = strcspn(p, "\"<");
        check_attribute(name, p, len);
        p = pass(p + len, '"');
    }
    return p;
}

static bool is_void(const char *name)
{
    static const char *const names[] = {"meta", "br", "wbr"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static const char *pass_tag(Elements *elements, const char *p)
{
    char name[MAX_NAME];
    bool closes = *p == '/';
    p = pass_name(p + closes, name);
    if (closes) {
        fuzz_require(elements->depth > 0 && strcmp(elements->open[--elements->depth], name) == 0);
        return pass(p, '>');
    }
    static const char *const forbidden[] = {"script", "img", "iframe", "object", "embed", "link", "base", "form"};
    for (size_t i = 0; i < G_N_ELEMENTS(forbidden); i++)
        fuzz_require(strcmp(name, forbidden[i]) != 0);
    p = pass_attributes(p);
    bool alone = *p == '/';
    p = pass(p + alone, '>');
    if (strcmp(name, "style") == 0) {
        const char *end = strstr(p, "</style>");
        fuzz_require(end);
        return end + strlen("</style>");
    }
    if (!alone && !is_void(name)) {
        fuzz_require(elements->depth < MAX_OPEN);
        memcpy(elements->open[elements->depth++], name, sizeof(name));
    }
    return p;
}

static const char *pass_entity(const char *p)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&nbsp;"};
    for (size_t i = 0; i < G_N_ELEMENTS(entities); i++) {
        if (g_str_has_prefix(p, entities[i]))
            return p + strlen(entities[i]);
    }
    __builtin_trap();
}

void check_html(const char *text, size_t len)
{
    static const char type[] = "<!DOCTYPE html>";
    check_plain(text, len, false);
    fuzz_require(g_str_has_prefix(text, type));
    Elements elements = {0};
    for (const char *p = text + strlen(type); *p;) {
        if (*p == '<')
            p = pass_tag(&elements, p + 1);
        else if (*p == '&')
            p = pass_entity(p);
        else
            p++;
    }
    fuzz_require(elements.depth == 0);
}

// ---- Markdown

void check_markdown(const char *text, size_t len)
{
    check_plain(text, len, false);
    g_autoptr(GString) outside = g_string_new(NULL);
    for (const char *p = text; *p;) {
        size_t ticks = strspn(p, "`");
        if (ticks == 0) {
            g_string_append_c(outside, *p++);
            continue;
        }
        // The span ends with as many of them, in the same line.
        for (p += ticks; strspn(p, "`") != ticks; p += MAX(strspn(p, "`"), 1u))
            fuzz_require(*p && *p != '\n');
        p += ticks;
    }
    fuzz_require(!strstr(outside->str, HOSTILE_WORD) && !strchr(outside->str, '<'));
}
