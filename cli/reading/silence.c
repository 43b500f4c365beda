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

static void tell_keys(const Reading *reading)
{
    const ReadingSeen *seen = &reading->seen;
    const char *const files[] = {reading->options->keytab, reading->options->password_file};
    static const char *const options[] = {"--keytab", "--nt-password-file"};
    if (seen->opened)
        return; // by which of the two cannot be told
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        if (files[i])
            warn_user("%s %s opened no call: %s", options[i], files[i],
                      seen->sealed ? "its keys are not those of the sealed calls" : "none is sealed");
    }
}

static void tell_rules(const Reading *reading)
{
    g_autoptr(GPtrArray) unused = reading->allow ? allow_unused(reading->allow) : g_ptr_array_new();
    for (guint i = 0; i < unused->len; i++)
        warn_user("rule [%s] in %s matched nothing", (const char *) g_ptr_array_index(unused, i),
                  reading->options->allow);
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

static void tell_looked_at(const Reading *reading)
{
    const ReadingSeen *seen = &reading->seen;
    if (seen->scan.packets > 0) {
        g_autofree char *scan = describe_scan(reading);
        warn_user("nothing matched in %s", scan);
    } else {
        warn_user("nothing matched");
    }
    if (reading->left_out > 0)
        warn_user("connections that match, but not what was asked for: %u", reading->left_out);
    static const char *const kinds[] = {
        [CONFIDENCE_RPCSS] = "may be DCOM by their authentication alone",
        [CONFIDENCE_DCOM] = "carry DCOM that is not known to be WMI",
    };
    for (Confidence c = CONFIDENCE_DCOM; c > CONFIDENCE_NONE; c--) {
        if (seen->weaker[c] > 0)
            warn_user("connections that %s: %u (--min-confidence %s shows them)", kinds[c], seen->weaker[c],
                      confidence_name(c));
    }
    if (seen->sealed_activations > 0)
        warn_user("activations that are sealed, so that what they asked for is not known: %u",
                  seen->sealed_activations);
    if (seen->scan.winrm > 0)
        warn_user("not looked at: WMI over WinRM (conversations with ports 5985 and 5986: %" PRIu64
                  "), DCOM over HTTP and over SMB pipes",
                  seen->scan.winrm);
    else
        warn_user("not looked at: WMI over WinRM, DCOM over HTTP and over SMB pipes");
}

void silence_tell(const Reading *reading)
{
    tell_keys(reading);
    tell_rules(reading);
    if (reading->options->host_logs->len > 0 && reading->options->captures->len == 0)
        return; // there was no capture
    if (reading_matches(reading) + reading->allowed == 0)
        tell_looked_at(reading);
}
