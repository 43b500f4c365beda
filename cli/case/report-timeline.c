// SPDX-License-Identifier: GPL-2.0-or-later
// When: a lane for each pair of hosts, a bar for each activity. Where there are too many of either, the rest share a
// lane, and a lane becomes a histogram.

#include "base/hash.h"
#include "base/text-escape.h"
#include "base/time.h"
#include "case/report-html.h"
#include "case/report.h"

#include <inttypes.h>
#include <string.h>

#define MAX_LANES 14
#define MAX_BARS 300 ///< in all lanes; beyond, lanes are histograms
#define BUCKETS 140
#define LEFT 250
#define RIGHT 900
#define WIDTH 960
#define LANE 34
#define ROWS 3 ///< of bars in a lane, for those that overlap

#define MICRO TIME_MICROSECOND
#define MILLI TIME_MILLISECOND
#define SECOND TIME_SECOND
#define MINUTE TIME_MINUTE
#define HOUR TIME_HOUR
#define DAY TIME_DAY

typedef struct {
    char *name;
    GPtrArray *activities; ///< const Activity *
    ActivityKind worst;
    bool allowed; ///< all are
} Lane;

typedef struct {
    int64_t start, end; ///< nanoseconds since 1970
} Span;

static void lane_free(gpointer data)
{
    Lane *lane = data;
    g_free(lane->name);
    g_ptr_array_unref(lane->activities);
    g_free(lane);
}

static Lane *lane_new(char *name)
{
    Lane *lane = g_new0(Lane, 1);
    lane->name = name;
    lane->activities = g_ptr_array_new();
    lane->worst = ACTIVITY_ENTER;
    lane->allowed = true;
    return lane;
}

static void lane_add(Lane *lane, const Activity *activity)
{
    g_ptr_array_add(lane->activities, (gpointer) activity);
    if (!activity->allowed) {
        lane->worst = lane->allowed ? activity->kind : MIN(lane->worst, activity->kind);
        lane->allowed = false;
    }
}

static char *short_name(const RecordEnd *end)
{
    g_autofree char *escaped = text_escape(activity_host(end), false);
    return text_fit(escaped, 15, TEXT_CUT_END, "…");
}

/** "WS05 → WS06", each name cut to so much that both fit. */
static char *pair_name(const Activity *activity)
{
    g_autofree char *client = short_name(&activity->client);
    g_autofree char *server = short_name(&activity->server);
    return g_strdup_printf("%s → %s", client, server);
}

static int compare_lanes(gconstpointer a, gconstpointer b)
{
    const Lane *x = *(const Lane *const *) a, *y = *(const Lane *const *) b;
    if (x->allowed != y->allowed)
        return x->allowed ? 1 : -1;
    if (x->worst != y->worst)
        return x->worst < y->worst ? -1 : 1;
    if (x->activities->len != y->activities->len)
        return x->activities->len > y->activities->len ? -1 : 1;
    return 0;
}

/** Lanes of those activities whose time is known, the worst first; the last may be that of all others. */
static GPtrArray *make_lanes(const Report *report)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(lane_free);
    g_autoptr(GHashTable) found = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    for (guint i = 0; i < report->activities->len; i++) {
        const Activity *activity = g_ptr_array_index(report->activities, i);
        if (activity->start == NUMBER_UNKNOWN)
            continue;
        char *key =
            g_strdup_printf("%s|%s", activity->client.ip ? activity->client.ip : activity_host(&activity->client),
                            activity->server.ip ? activity->server.ip : activity_host(&activity->server));
        Lane *lane = g_hash_table_lookup(found, key);
        if (!lane) {
            lane = lane_new(pair_name(activity));
            g_ptr_array_add(pairs, lane);
            g_hash_table_insert(found, key, lane);
        } else {
            g_free(key);
        }
        lane_add(lane, activity);
    }
    g_ptr_array_sort(pairs, compare_lanes);
    GPtrArray *lanes = g_ptr_array_new_with_free_func(lane_free);
    guint single = pairs->len > MAX_LANES ? MAX_LANES - 1 : pairs->len;
    for (guint i = 0; i < single; i++)
        g_ptr_array_add(lanes, g_ptr_array_index(pairs, i));
    Lane *others = single < pairs->len ? lane_new(g_strdup_printf("%u other pairs", pairs->len - single)) : NULL;
    for (guint i = single; i < pairs->len; i++) {
        Lane *lane = g_ptr_array_index(pairs, i);
        for (guint j = 0; j < lane->activities->len; j++)
            lane_add(others, g_ptr_array_index(lane->activities, j));
        lane_free(lane);
    }
    g_ptr_array_set_free_func(pairs, NULL);
    if (others)
        g_ptr_array_add(lanes, others);
    return lanes;
}

static double position(const Span *span, int64_t time)
{
    return LEFT + (double) (time - span->start) / (double) (span->end - span->start) * (RIGHT - LEFT);
}

/** So that few marks stand on the axis, at round times. */
static int64_t mark_step(const Span *span)
{
    static const int64_t steps[] = {
        MICRO,       2 * MICRO,   5 * MICRO,  10 * MICRO,  20 * MICRO,  50 * MICRO,  100 * MICRO, 200 * MICRO,
        500 * MICRO, MILLI,       2 * MILLI,  5 * MILLI,   10 * MILLI,  20 * MILLI,  50 * MILLI,  100 * MILLI,
        200 * MILLI, 500 * MILLI, SECOND,     2 * SECOND,  5 * SECOND,  10 * SECOND, 15 * SECOND, 30 * SECOND,
        MINUTE,      2 * MINUTE,  5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR,        2 * HOUR,
        3 * HOUR,    6 * HOUR,    12 * HOUR,  DAY,         2 * DAY,     7 * DAY,     14 * DAY,    30 * DAY,
        90 * DAY,    365 * DAY,   730 * DAY,
    };
    int64_t length = span->end - span->start;
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (length / steps[i] <= 5)
            return steps[i];
    }
    return length / 5;
}

static char *mark_text(int64_t time, int64_t step)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time / SECOND);
    if (step >= DAY)
        return g_date_time_format(date, "%Y-%m-%d");
    g_autofree char *whole = g_date_time_format(date, "%H:%M:%S");
    if (step >= SECOND)
        return g_steal_pointer(&whole);
    int digits = step >= MILLI ? 3 : 6;
    return g_strdup_printf("%s.%0*" PRId64, whole, digits, time % SECOND / (digits == 3 ? MILLI : MICRO));
}

static void write_axis(const Span *span, guint height, FILE *stream)
{
    int64_t step = mark_step(span);
    for (int64_t time = (span->start + step - 1) / step * step; time <= span->end; time += step) {
        g_autofree char *text = mark_text(time, step);
        double x = position(span, time);
        (void) fprintf(stream,
                       "<line class=\"grid\" x1=\"%.1f\" y1=\"24\" x2=\"%.1f\" y2=\"%u\"/>"
                       "<text class=\"soft\" x=\"%.1f\" y=\"16\" text-anchor=\"middle\">%s</text>\n",
                       x, x, height, x, text);
    }
}

static int compare_starts(gconstpointer a, gconstpointer b)
{
    int64_t x = (*(const Activity *const *) a)->start, y = (*(const Activity *const *) b)->start;
    return (x > y) - (x < y);
}

/** One activity, and in which row of its lane it stands. */
typedef struct {
    const Activity *activity;
    double x, width;
    guint row;
} Bar;

/** Bars in order of their starts, those that overlap in rows of their own as far as there are any; how many are used. */
static guint place_bars(const Lane *lane, const Span *span, GArray *bars)
{
    double ends[ROWS] = {0};
    guint used = 1;
    g_autoptr(GPtrArray) order = g_ptr_array_copy(lane->activities, NULL, NULL);
    g_ptr_array_sort(order, compare_starts);
    for (guint i = 0; i < order->len; i++) {
        const Activity *activity = g_ptr_array_index(order, i);
        double x = position(span, activity->start);
        Bar bar = {activity, x, MAX(4.0, position(span, MAX(activity->end, activity->start)) - x), 0};
        while (bar.row + 1 < ROWS && ends[bar.row] > x)
            bar.row++;
        ends[bar.row] = MAX(ends[bar.row], x + bar.width + 1);
        used = MAX(used, bar.row + 1);
        g_array_append_val(bars, bar);
    }
    return used;
}

static void write_bars(const Lane *lane, const Span *span, guint top, FILE *stream)
{
    g_autoptr(GArray) bars = g_array_new(FALSE, FALSE, sizeof(Bar));
    guint row = (LANE - 4) / place_bars(lane, span, bars);
    for (guint i = 0; i < bars->len; i++) {
        const Bar *bar = &g_array_index(bars, Bar, i);
        // Not by colour alone: the worse, the higher.
        guint height = (row - 1) * (10 - activity_rank(bar->activity)) / 10;
        (void) fprintf(stream, "<rect class=\"%s\" x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%u\"/>\n",
                       html_class(bar->activity), bar->x, top + 2 + (bar->row + 1) * row - height, bar->width, height);
    }
}

static void write_histogram(const Lane *lane, const Span *span, guint top, FILE *stream)
{
    guint counts[BUCKETS] = {0}, most = 0;
    const Activity *worst[BUCKETS] = {0};
    for (guint i = 0; i < lane->activities->len; i++) {
        const Activity *activity = g_ptr_array_index(lane->activities, i);
        double share = (position(span, activity->start) - LEFT) / (RIGHT - LEFT);
        guint bucket = MIN((guint) (share * BUCKETS), BUCKETS - 1);
        most = MAX(most, ++counts[bucket]);
        const Activity *old = worst[bucket];
        if (!old || activity_rank(activity) < activity_rank(old))
            worst[bucket] = activity;
    }
    double width = (double) (RIGHT - LEFT) / BUCKETS;
    for (guint i = 0; i < BUCKETS; i++) {
        if (counts[i] == 0)
            continue;
        double height = 4 + (double) (LANE - 8) * counts[i] / most;
        (void) fprintf(stream, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                       html_class(worst[i]), LEFT + width * i, top + LANE - 3 - height, width - 0.6, height);
    }
}

static void write_legend(const Report *report, FILE *stream)
{
    bool seen[ACTIVITY_KINDS] = {0}, allowed = false;
    (void) fputs("<ul class=\"legend\">\n", stream);
    for (guint i = 0; i < report->activities->len; i++) {
        const Activity *activity = g_ptr_array_index(report->activities, i);
        bool *known = activity->allowed ? &allowed : &seen[activity->kind];
        if (*known)
            continue;
        *known = true;
        (void) fputs("<li>", stream);
        html_badge(stream, activity);
        (void) fputs("</li>\n", stream);
    }
    (void) fputs("</ul>\n", stream);
}

static Span make_span(const GPtrArray *lanes, guint *bars)
{
    Span span = {.start = INT64_MAX};
    for (guint i = 0; i < lanes->len; i++) {
        const Lane *lane = g_ptr_array_index(lanes, i);
        *bars += lane->activities->len;
        for (guint j = 0; j < lane->activities->len; j++) {
            const Activity *activity = g_ptr_array_index(lane->activities, j);
            span.start = MIN(span.start, activity->start);
            span.end = MAX(span.end, MAX(activity->start, activity->end));
        }
    }
    if (span.end - span.start < MILLI) { // all at once
        span.start -= MIN(span.start, 500 * MICRO);
        span.end = span.start + MILLI;
    }
    return span;
}

static void write_picture(const GPtrArray *lanes, FILE *stream)
{
    guint bars = 0, top = 28, height = top + lanes->len * (LANE + 4);
    Span span = make_span(lanes, &bars);
    g_autoptr(GDateTime) first = g_date_time_new_from_unix_utc(span.start / SECOND);
    g_autofree char *day = g_date_time_format(first, "%Y-%m-%d, UTC");
    html_begin_scroll(stream, "Timeline");
    (void) fprintf(stream,
                   "<svg viewBox=\"0 0 %d %u\" role=\"img\" aria-label=\"When each pair of hosts was active; the same "
                   "stands in the list of "
                   "activities\">\n<text class=\"soft\" x=\"0\" y=\"16\">%s</text>\n",
                   WIDTH, height, day);
    for (guint i = 0; i < lanes->len; i++)
        (void) fprintf(stream, "<rect class=\"lane\" x=\"%d\" y=\"%u\" width=\"%d\" height=\"%d\"/>\n", LEFT,
                       top + i * (LANE + 4), RIGHT - LEFT + 6, LANE);
    write_axis(&span, height, stream);
    for (guint i = 0; i < lanes->len; i++) {
        const Lane *lane = g_ptr_array_index(lanes, i);
        guint y = top + i * (LANE + 4);
        (void) fprintf(stream, "<text x=\"%d\" y=\"%u\" text-anchor=\"end\">", LEFT - 10, y + LANE / 2 + 4);
        html_text(stream, lane->name, 40);
        (void) fputs("</text>\n", stream);
        if (bars > MAX_BARS)
            write_histogram(lane, &span, y, stream);
        else
            write_bars(lane, &span, y, stream);
        (void) fprintf(stream, "<text class=\"soft\" x=\"%d\" y=\"%u\">%u</text>\n", RIGHT + 12, y + LANE / 2 + 4,
                       lane->activities->len);
    }
    (void) fputs("</svg>\n", stream);
    html_end_scroll(stream);
    if (bars > MAX_BARS)
        (void) fputs("<p class=\"soft\">A column is as high as activities began in its time; its colour is that of the "
                     "worst.</p>\n",
                     stream);
}

void report_write_timeline(const Report *report, FILE *stream)
{
    g_autoptr(GPtrArray) lanes = make_lanes(report);
    (void) fputs("<section id=\"timeline\">\n<h2>Timeline</h2>\n", stream);
    if (lanes->len > 0) {
        write_legend(report, stream);
        write_picture(lanes, stream);
    } else {
        (void) fputs("<p>No activity tells its time.</p>\n", stream);
    }
    (void) fputs("</section>\n", stream);
}
