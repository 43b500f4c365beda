// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/silence.h"

#include "base/time.h"
#include "base/warn.h"

#include <inttypes.h>

/** "1 packet", "2 packets". */
static void append_count(GString *text, const char *before, uint64_t count, const char *what)
{
    g_string_append_printf(text, "%s%" PRIu64 " %s%s", before, count, what, count == 1 ? "" : "s");
}

static void add_line(GPtrArray *lines, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add_line(GPtrArray *lines, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(lines, g_strdup_vprintf(format, args));
    va_end(args);
}

static void add_idle_keys(const Reading *reading, bool paths, GPtrArray *lines)
{
    const ReadingSeen *seen = &reading->seen;
    const char *const files[] = {reading->options->keytab, reading->options->password_file};
    static const char *const options[] = {"--keytab", "--nt-password-file"};
    if (seen->opened)
        return; // by which of the two cannot be told
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        if (files[i])
            add_line(lines, "%s%s%s opened no call: %s", options[i], paths ? " " : "", paths ? files[i] : "",
                     seen->sealed ? "its keys are not those of the sealed calls" : "none is sealed");
    }
}

GPtrArray *silence_idle(const Reading *reading, bool paths)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    add_idle_keys(reading, paths, lines);
    g_autoptr(GPtrArray) unused = reading->allow ? allow_unused(reading->allow) : g_ptr_array_new();
    for (guint i = 0; i < unused->len; i++)
        add_line(lines, "rule [%s] in %s matched nothing", (const char *) g_ptr_array_index(unused, i),
                 reading->options->allow);
    return lines;
}

/** Owned by the caller. */
static char *describe_scan(const Reading *reading)
{
    const ReadingSeen *seen = &reading->seen;
    const ScanCounts *scan = &seen->scan;
    GString *text = g_string_new(NULL);
    append_count(text, "", scan->packets, "packet");
    g_autofree char *first = time_format(scan->first.secs, scan->first.nsecs, 0);
    g_autofree char *last = time_format(scan->last.secs, scan->last.nsecs, 0);
    if (first && last)
        g_string_append_printf(text, " from %s to %s", first, last);
    append_count(text, ", with ", scan->conversations, "TCP conversation");
    if (!reading->options->everything) {
        g_string_append_printf(text, ", %" PRIu64 " of them DCE/RPC", scan->rpc);
        if (scan->rpc_middle > 0)
            g_string_append_printf(text, " (%" PRIu64 " joined in the middle)", scan->rpc_middle);
    }
    return g_string_free(text, FALSE);
}

static void add_sealed(const Reading *reading, GPtrArray *lines)
{
    if (reading->seen.sealed_activations > 0)
        add_line(lines, "activations that are sealed, so that what they asked for is not known: %u",
                 reading->seen.sealed_activations);
}

static void add_out_of_scope(const Reading *reading, GPtrArray *lines)
{
    uint64_t winrm = reading->seen.scan.winrm;
    g_autofree char *conversations =
        winrm > 0 ? g_strdup_printf(" (conversations with ports 5985 and 5986: %" PRIu64 ")", winrm) : g_strdup("");
    add_line(lines, "not looked at: WMI over WinRM%s, DCOM over HTTP and over SMB pipes", conversations);
}

GPtrArray *silence_looked_at(const Reading *reading)
{
    const ReadingSeen *seen = &reading->seen;
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    if (seen->scan.packets > 0)
        g_ptr_array_add(lines, describe_scan(reading));
    else
        add_line(lines,
                 "how many packets and conversations the capture holds was not counted, as tshark read it by itself");
    add_line(lines,
             "connections found: %u of WMI, %u of DCOM that is not known to be WMI, %u that may be DCOM by their "
             "authentication alone",
             seen->connections[CONFIDENCE_WMI], seen->connections[CONFIDENCE_DCOM],
             seen->connections[CONFIDENCE_RPCSS]);
    if (reading->left_out > 0)
        add_line(lines, "left out, as they are not what was asked for: %u", reading->left_out);
    add_sealed(reading, lines);
    add_out_of_scope(reading, lines);
    return lines;
}

/** The same where nothing matched, and what else there would be to show. */
static GPtrArray *nothing_matched(const Reading *reading)
{
    static const char *const kinds[] = {
        [CONFIDENCE_RPCSS] = "may be DCOM by their authentication alone",
        [CONFIDENCE_DCOM] = "carry DCOM that is not known to be WMI",
    };
    const ReadingSeen *seen = &reading->seen;
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *scan = seen->scan.packets > 0 ? describe_scan(reading) : NULL;
    add_line(lines, "nothing matched%s%s", scan ? " in " : "", scan ? scan : "");
    if (reading->left_out > 0)
        add_line(lines, "connections that match, but not what was asked for: %u", reading->left_out);
    for (Confidence c = CONFIDENCE_DCOM; c > CONFIDENCE_NONE; c--) {
        if (reading_weaker(reading, c) > 0)
            add_line(lines, "connections that %s: %u (--min-confidence %s shows them)", kinds[c],
                     reading_weaker(reading, c), confidence_name(c));
    }
    add_sealed(reading, lines);
    add_out_of_scope(reading, lines);
    return lines;
}

static void tell(const GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++)
        warn_user("%s", (const char *) g_ptr_array_index(lines, i));
}

void silence_tell(const Reading *reading)
{
    g_autoptr(GPtrArray) idle = silence_idle(reading, true);
    tell(idle);
    if (reading->options->host_logs->len > 0 && reading->options->captures->len == 0)
        return; // there was no capture
    if (reading_matches(reading) + reading->allowed > 0)
        return;
    g_autoptr(GPtrArray) nothing = nothing_matched(reading);
    tell(nothing);
}
