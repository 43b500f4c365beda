// SPDX-License-Identifier: GPL-2.0-or-later
// How it was found, what that cannot tell, and where it is described.

#include "case/report-html.h"
#include "case/report.h"
#include "names/techniques.h"

static const char method[] =
    "<section id=\"method\">\n<h2>Method and limits</h2>\n"
    "<p>The analytic <a href=\"" CAR_ANALYTIC_URL "\" rel=\"noreferrer\">" CAR_ANALYTIC
    "</a> of MITRE (" CAR_ANALYTIC_NAME "; in ATT&amp;CK, detection strategy " ATTACK_STRATEGY
    ") looks for WMI’s interfaces in RPC and for the processes at both ends. "
    "tshark dissects the packets; the plugin of "
    "car-wmi judges each conversation by what it shows:</p>\n"
    "<ul>\n"
    "<li><strong>wmi</strong>: a WMI interface in a Bind, a WMI class in an activation, or an endpoint, interface "
    "pointer "
    "or causality id that such an activation or call gave</li>\n"
    "<li><strong>dcom</strong>: a DCOM interface, and nothing that makes it WMI</li>\n"
    "<li><strong>rpcss</strong>: RPCSS as the target of the first authentication on port 135, the analytic’s own "
    "estimate; other DCOM does the same</li>\n"
    "</ul>\n<p>Limits:</p>\n<ul>\n"
    "<li>What was not captured, or was captured only in part, is not seen. A sealed activation hides what it asks for; "
    "the "
    "connection it leads to is still found.</li>\n"
    "<li>The length of a sealed command line is an estimate, right to within three characters on the captures it was "
    "tried on.</li>\n"
    "<li>The server’s process id is read from the IPID, by a convention of Windows that nothing documents.</li>\n"
    "<li>The client’s host name and process id are what the client says. Nobody checks them.</li>\n"
    "<li>A client family is a hint from a typical pattern, no verdict.</li>\n"
    "<li>Times are those of the capture; hosts’ clocks may differ. Where hosts’ logs were joined, the skew of each "
    "clock "
    "was estimated from events that stand on both sides, and taken into account.</li>\n"
    "<li>A user is the account that logged on over the network. Who sat behind it, a capture cannot tell.</li>\n"
    "</ul>\n<p>References:</p>\n<ul>\n"
    "<li><a href=\"" CAR_ANALYTIC_URL "\" rel=\"noreferrer\">MITRE CAR, " CAR_ANALYTIC ": " CAR_ANALYTIC_NAME
    "</a></li>\n"
    "<li><a href=\"" CAR_RELATED_ANALYTIC_URL "\" rel=\"noreferrer\">MITRE CAR, " CAR_RELATED_ANALYTIC
    ": " CAR_RELATED_ANALYTIC_NAME "</a></li>\n"
    "<li><a href=\"" CAR_LAUNCH_ANALYTIC_URL "\" rel=\"noreferrer\">MITRE CAR, " CAR_LAUNCH_ANALYTIC
    ": " CAR_LAUNCH_ANALYTIC_NAME "</a></li>\n"
    "<li><a href=\"" ATTACK_STRATEGY_URL "\" rel=\"noreferrer\">MITRE ATT&amp;CK, " ATTACK_STRATEGY
    ": " ATTACK_STRATEGY_NAME "</a></li>\n"
    "<li><a href=\"" D3FEND_TECHNIQUE_URL "\" rel=\"noreferrer\">MITRE D3FEND, " D3FEND_TECHNIQUE
    ": " D3FEND_TECHNIQUE_NAME "</a></li>\n";

void report_write_method(const Report *report, FILE *stream)
{
    (void) fputs(method, stream);
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        bool seen = t == TECHNIQUE_WMI; // the analytic's own
        for (guint i = 0; i < report->activities->len && !seen; i++)
            seen = activity_has_technique(g_ptr_array_index(report->activities, i), t);
        if (!seen)
            continue;
        const AttackTechnique *technique = technique_get(t);
        g_autofree char *url = technique_url(technique->id);
        (void) fprintf(stream, "<li><a href=\"%s\" rel=\"noreferrer\">MITRE ATT&amp;CK, %s: %s%s%s</a> (", url,
                       technique->id, technique->parent ? technique->parent_name : "", technique->parent ? ": " : "",
                       technique->name);
        for (size_t j = 0; j < G_N_ELEMENTS(technique->tactics) && technique->tactics[j]; j++)
            (void) fprintf(stream, "%s%s %s", j ? ", " : "tactic ", technique->tactics[j]->id,
                           technique->tactics[j]->name);
        (void) fputs(")</li>\n", stream);
    }
    (void) fputs("</ul>\n</section>\n", stream);
}
