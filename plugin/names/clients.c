// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/clients.h"

#include <string.h>

static const char *const marks[N_CLIENT_MARKS] = {
    [MARK_CONTEXT_ID_79231] = "auth_context_id 79231 and up",
    [MARK_CONTEXT_ID_4242] = "auth_context_id 4242 and up",
    [MARK_CONTEXT_ID_RANDOM] = "auth_context_id from an unseeded random()",
    [MARK_NDR64] = "NDR64 offered",
    [MARK_TRAILER] = "verification trailer",
    [MARK_REMOTE_ACTIVATION] = "RemoteActivation",
    [MARK_CLIENT_INFO] = "SetClientInfo",
    [MARK_LOCALE_MS] = "locale list that starts with ms_",
    [MARK_LOCALE_CULTURE] = "locale list en-US,en",
    [MARK_NAMESPACE_DOT] = "namespace written //./",
    [MARK_NAMESPACE_BARE] = "namespace without a host",
    [MARK_LOGIN_CONTEXT] = "other interfaces called on the context of IWbemLevel1Login",
    [MARK_TARGET_WORKSTATION] = "NTLM workstation that is the target's address",
    [MARK_WMIEXEC_OUTPUT] = "output redirected to \\\\127.0.0.1\\ADMIN$\\__<time>",
    [MARK_ACTIVATED_CLIENT_ID] = "IWbemLoginClientID activated",
    [MARK_NTLM] = "NTLM",
};

static const char *const families[N_CLIENT_FAMILIES] = {
    [CLIENT_IMPACKET] = "impacket",
    [CLIENT_WMIEXEC] = "impacket's wmiexec or a tool made after it",
    [CLIENT_AIOWMI] = "aiowmi",
    [CLIENT_AIOWMI_KERBEROS] = "aiowmi with Kerberos",
    [CLIENT_SAMBA] = "Samba 4's wmic, as in openvas-smb",
    [CLIENT_TITANIS] = "Titanis",
    [CLIENT_WMIC] = "wmic or a PowerShell WMI cmdlet",
    [CLIENT_SYSTEM_MANAGEMENT] = "System.Management (.NET)",
    [CLIENT_WINDOWS] = "Windows' own RPC",
};

const Vocabulary client_mark_words = {marks, N_CLIENT_MARKS};
const Vocabulary client_family_words = {families, N_CLIENT_FAMILIES};

#define M(mark) (1u << MARK_##mark)
#define CONTEXT_IDS (M(CONTEXT_ID_79231) | M(CONTEXT_ID_4242) | M(CONTEXT_ID_RANDOM))

/** When a family fits: several rows of one family are alternatives. Measured, or read in the client's source. */
static const struct {
    ClientFamily family;
    unsigned all;  ///< marks that must be there
    unsigned none; ///< marks of others that must not
} rules[] = {
    {CLIENT_IMPACKET, M(CONTEXT_ID_79231), M(LOGIN_CONTEXT) | M(WMIEXEC_OUTPUT)},
    {CLIENT_IMPACKET, M(NAMESPACE_DOT), CONTEXT_IDS | M(LOGIN_CONTEXT) | M(CLIENT_INFO) | M(NDR64) | M(WMIEXEC_OUTPUT)},
    {CLIENT_WMIEXEC, M(WMIEXEC_OUTPUT), 0},
    {CLIENT_AIOWMI, M(CONTEXT_ID_4242), 0},
    {CLIENT_AIOWMI, M(NAMESPACE_DOT), CONTEXT_IDS | M(CLIENT_INFO) | M(NDR64)},
    {CLIENT_AIOWMI_KERBEROS, M(CONTEXT_ID_79231), M(NTLM)},
    {CLIENT_SAMBA, M(CONTEXT_ID_RANDOM), 0},
    {CLIENT_TITANIS, M(ACTIVATED_CLIENT_ID), M(NDR64)},
    {CLIENT_TITANIS, M(CLIENT_INFO) | M(NAMESPACE_BARE), CONTEXT_IDS | M(NDR64)},
    {CLIENT_WMIC, M(CLIENT_INFO) | M(LOCALE_MS), 0},
    {CLIENT_SYSTEM_MANAGEMENT, M(CLIENT_INFO) | M(LOCALE_CULTURE), 0},
    // Only where nothing says more.
    {CLIENT_WINDOWS, M(NDR64), CONTEXT_IDS | M(LOCALE_MS) | M(LOCALE_CULTURE) | M(NAMESPACE_DOT)},
};

/** The marks that speak for a family, needed or not. */
static const unsigned typical[N_CLIENT_FAMILIES] = {
    [CLIENT_IMPACKET] = M(CONTEXT_ID_79231) | M(NAMESPACE_DOT),
    [CLIENT_WMIEXEC] = M(WMIEXEC_OUTPUT),
    [CLIENT_AIOWMI] = M(CONTEXT_ID_4242) | M(NAMESPACE_DOT) | M(LOGIN_CONTEXT) | M(TARGET_WORKSTATION),
    [CLIENT_AIOWMI_KERBEROS] = M(CONTEXT_ID_79231) | M(NAMESPACE_DOT) | M(LOGIN_CONTEXT),
    [CLIENT_SAMBA] = M(CONTEXT_ID_RANDOM) | M(REMOTE_ACTIVATION) | M(NAMESPACE_BARE),
    [CLIENT_TITANIS] = M(ACTIVATED_CLIENT_ID) | M(CLIENT_INFO) | M(NAMESPACE_BARE),
    [CLIENT_WMIC] = M(CLIENT_INFO) | M(LOCALE_MS) | M(NDR64) | M(TRAILER),
    [CLIENT_SYSTEM_MANAGEMENT] = M(CLIENT_INFO) | M(LOCALE_CULTURE) | M(NDR64) | M(TRAILER),
    [CLIENT_WINDOWS] = M(NDR64) | M(CLIENT_INFO) | M(TRAILER),
};

/** What an unseeded random() gives first. */
static bool context_id_is_random(uint32_t id)
{
    // A session takes a few of them.
    static const uint32_t sequence[] = {1804289383, 846930886, 1681692777, 1714636915,
                                        1957747793, 424238335, 719885386,  1649760492};
    for (unsigned i = 0; i < sizeof(sequence) / sizeof(sequence[0]); i++)
        if (sequence[i] == id)
            return true;
    return false;
}

ClientMark client_mark_of_context_id(uint32_t id)
{
    const uint32_t contexts_max = 256; // of one connection: both count from their first number on
    if (id >= 79231 && id < 79231 + contexts_max)
        return MARK_CONTEXT_ID_79231;
    if (id >= 4242 && id < 4242 + contexts_max)
        return MARK_CONTEXT_ID_4242;
    return context_id_is_random(id) ? MARK_CONTEXT_ID_RANDOM : MARK_NONE;
}

bool client_command_is_wmiexec(const char *command_line)
{
    return strstr(command_line, "\\\\127.0.0.1\\ADMIN$\\__") != NULL;
}

unsigned client_families(unsigned seen)
{
    unsigned fit = 0;
    for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if ((seen & rules[i].all) == rules[i].all && !(seen & rules[i].none))
            fit |= 1u << rules[i].family;
    return fit;
}

unsigned client_marks_for(unsigned fit, unsigned seen)
{
    unsigned speaking = 0;
    for (ClientFamily family = CLIENT_UNKNOWN + 1; family < N_CLIENT_FAMILIES; family++)
        if (fit & 1u << family)
            speaking |= typical[family];
    return seen & speaking;
}
