// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/time.h"

#include "base/number.h"

#include <glib.h>
#include <string.h>

#define FILETIME_1970 UINT64_C(116444736000000000) ///< 100 ns since 1601
#define END (INT64_C(9214646400) * TIME_SECOND)    ///< 2262, which nanoseconds do not reach the end of

/** What is still to be read. */
typedef struct {
    const char *at, *end;
} Reader;

/** `digits` to `max_digits` digits; -1 when there are fewer. */
static int read_number(Reader *r, int min_digits, int max_digits)
{
    int value = 0, count = 0;
    while (count < max_digits && r->at < r->end && g_ascii_isdigit(*r->at)) {
        value = value * 10 + (*r->at++ - '0');
        count++;
    }
    return count < min_digits ? -1 : value;
}

static bool read_char(Reader *r, const char *set)
{
    if (r->at == r->end || !*r->at || !strchr(set, *r->at))
        return false;
    r->at++;
    return true;
}

/** Days since 1970 of a date in the Gregorian calendar. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2; // the year begins in March: the leap day comes last
    int64_t era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool read_date(Reader *r, int *year, int *month, int *day)
{
    int first = read_number(r, 1, 4);
    if (first < 0 || r->at == r->end)
        return false;
    char separator = *r->at++;
    int second = read_number(r, 1, 2);
    if (second < 0 || r->at == r->end || *r->at++ != separator)
        return false;
    int third = read_number(r, 1, 4);
    switch (separator) {
    case '-':
        *year = first;
        *month = second;
        *day = third;
        break;
    case '/':
        *year = third;
        *month = first;
        *day = second;
        break;
    case '.':
        *year = third;
        *month = second;
        *day = first;
        break;
    default: return false;
    }
    return *year >= 1970 && *year < 2262 && *month >= 1 && *month <= 12 && *day >= 1 && *day <= 31 &&
           g_date_valid_dmy((GDateDay) *day, (GDateMonth) *month, (GDateYear) *year);
}

static bool read_clock(Reader *r, WrittenTime *time)
{
    int hour = read_number(r, 1, 2);
    if (hour < 0 || hour > 23 || !read_char(r, ":"))
        return false;
    int minute = read_number(r, 2, 2), second = 0;
    if (minute < 0 || minute > 59)
        return false;
    time->precision = TIME_MINUTE;
    if (read_char(r, ":")) {
        second = read_number(r, 2, 2);
        if (second < 0 || second > 60)
            return false;
        time->precision = TIME_SECOND;
    }
    int64_t fraction = 0;
    if (read_char(r, ".,")) {
        while (r->at < r->end && g_ascii_isdigit(*r->at)) {
            if (time->precision > 1) {
                time->precision /= 10;
                fraction += (*r->at - '0') * time->precision;
            }
            r->at++;
        }
    }
    if (r->end - r->at >= 3 && r->at[0] == ' ' && (r->at[2] | 0x20) == 'm') {
        bool afternoon = (r->at[1] | 0x20) == 'p';
        hour = hour % 12 + (afternoon ? 12 : 0);
        r->at += 3;
    }
    time->time += (hour * 60 + minute) * TIME_MINUTE + second * TIME_SECOND + fraction;
    return true;
}

static bool read_zone(Reader *r, WrittenTime *time)
{
    if (read_char(r, "Zz")) {
        time->zoned = true;
        return true;
    }
    if (r->at == r->end)
        return true;
    bool west = *r->at == '-';
    if (!read_char(r, "+-"))
        return false;
    int hours = read_number(r, 2, 2);
    (void) read_char(r, ":");
    int minutes = read_number(r, 2, 2);
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return false;
    int64_t offset = (hours * 60 + minutes) * TIME_MINUTE;
    time->time += west ? offset : -offset;
    time->zoned = true;
    return true;
}

bool time_parse(Slice text, WrittenTime *time)
{
    if (!text.text)
        return false;
    Reader r = {text.text, text.text + text.len};
    int year, month, day;
    *time = (WrittenTime){.time = NUMBER_UNKNOWN};
    if (!read_date(&r, &year, &month, &day) || !read_char(&r, "T "))
        return false;
    time->time = days_from_date(year, month, day) * 24 * 60 * TIME_MINUTE;
    return read_clock(&r, time) && read_zone(&r, time) && r.at == r.end && time->time >= 0 && time->time < END;
}

int64_t time_parse_utc(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    WrittenTime time;
    bool strict = len >= strlen("2020-08-06T07:56:41Z") && strspn(text, "0123456789-T:.Z") == len && text[4] == '-' &&
                  text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':' && text[len - 1] == 'Z';
    return strict && time_parse((Slice){text, len}, &time) ? time.time : NUMBER_UNKNOWN;
}

int64_t time_parse_bound(const char *text, bool end)
{
    bool day = strlen(text) == strlen("2026-12-31");
    g_autofree char *whole = day ? g_strconcat(text, "T00:00:00Z", NULL) : g_strdup(text);
    int64_t time = time_parse_utc(whole);
    return time != NUMBER_UNKNOWN && day && end ? time + TIME_DAY : time;
}

int64_t time_from_epoch(Slice text)
{
    const char *dot = text.text ? memchr(text.text, '.', text.len) : NULL;
    Slice whole = {text.text, dot ? (size_t) (dot - text.text) : text.len};
    int64_t seconds = number_parse(whole), unit = TIME_SECOND;
    if (seconds < 0 || seconds >= END / TIME_SECOND)
        return NUMBER_UNKNOWN;
    int64_t time = seconds * TIME_SECOND;
    for (const char *at = dot ? dot + 1 : NULL; at && at < text.text + text.len && g_ascii_isdigit(*at); at++) {
        unit /= 10;
        time += (*at - '0') * unit;
    }
    return time;
}

int64_t time_from_filetime(uint64_t filetime)
{
    if (filetime < FILETIME_1970 || filetime - FILETIME_1970 >= (uint64_t) END / 100)
        return NUMBER_UNKNOWN;
    return (int64_t) (filetime - FILETIME_1970) * 100;
}

char *time_format(int64_t seconds, uint32_t nanoseconds, int digits)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    if (!date)
        return NULL;
    g_autofree char *whole = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S");
    g_autofree char *fraction = g_strdup_printf("%09u", nanoseconds);
    return g_strdup_printf("%s%s%.*sZ", whole, digits > 0 ? "." : "", digits, fraction);
}

char *time_text(int64_t time)
{
    if (time < 0)
        return NULL;
    return time_format(time / TIME_SECOND, (uint32_t) (time % TIME_SECOND), time % TIME_SECOND == 0 ? 0 : 3);
}
