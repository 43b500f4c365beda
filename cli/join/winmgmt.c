// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/winmgmt.h"

#include "base/slice.h"

#include <string.h>

#define RPCSS_PORT 135

/** The word behind an option of a service host: svchost.exe -k netsvcs -p -s Winmgmt. Absent when there is none. */
static Slice option_value(const char *command_line, const char *option)
{
    bool wanted = false;
    for (const char *at = command_line; at && *at;) {
        at += strspn(at, " \t\"");
        size_t len = strcspn(at, " \t\"");
        const Slice word = {at, len};
        if (wanted && len > 0)
            return word;
        wanted = slice_is_any_case(word, option);
        at += len;
    }
    return SLICE_NONE;
}

WinmgmtHost winmgmt_host(const char *image, const char *command_line, const char *service)
{
    const Slice program = slice_base(slice(image));
    const Slice group = option_value(command_line, "-k"), named = option_value(command_line, "-s");
    bool is_host = slice_is_any_case(program, "svchost.exe");
    if (program.text && !is_host)
        return WINMGMT_HOST_OTHER;
    if (!is_host)
        return WINMGMT_HOST_UNKNOWN;
    if (group.text && slice_is_any_case(group, "winmgmt"))
        return WINMGMT_HOST_OWN_GROUP;
    bool is_other_group = group.text && !slice_is_any_case(group, "netsvcs");
    const Slice served = named.text ? named : slice(service);
    if (is_other_group || (served.text && !slice_is_any_case(served, "Winmgmt")))
        return WINMGMT_HOST_OTHER;
    if (served.text)
        return WINMGMT_HOST_NAMED;
    return group.text ? WINMGMT_HOST_GROUP : WINMGMT_HOST_UNKNOWN;
}

void winmgmt_note(Record *record)
{
    static const char *const notes[] = {
        [WINMGMT_HOST_NAMED] = "the service host with Winmgmt, as the analytic expects",
        [WINMGMT_HOST_GROUP] =
            "a service host of the group netsvcs, as the analytic expects; which service is not told",
        [WINMGMT_HOST_OWN_GROUP] = "the service host with Winmgmt, in a group of its own instead of netsvcs",
        [WINMGMT_HOST_OTHER] = "not the service host of netsvcs with Winmgmt, which serves WMI",
    };
    if (record->confidence != CONFIDENCE_WMI || record->callback || record->server.port == RPCSS_PORT)
        return;
    for (guint i = 0; i < record->processes->len; i++) {
        Process *process = &g_array_index(record->processes, Process, i);
        if (process->role != ROLE_SERVER || !process->log_sources)
            continue;
        process->winmgmt = winmgmt_host(process->image, process->command_line, process->service);
        if (notes[process->winmgmt])
            process->note = notes[process->winmgmt];
    }
}
