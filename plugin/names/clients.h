// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Families of WMI clients, and the marks by which their traffic is known. To add a mark, add it to the enum and its words in
 * clients.c; a family has rows there.
 */
#ifndef CAR_NAMES_CLIENTS_H
#define CAR_NAMES_CLIENTS_H

#include "names/words.h"

#include <stdbool.h>

/** What a client does that few others do. */
typedef enum {
    MARK_NONE,
    MARK_CONTEXT_ID_79231,    ///< auth_context_id in the verifier: 79231 and up
    MARK_CONTEXT_ID_4242,     ///< auth_context_id: 4242 and up
    MARK_CONTEXT_ID_RANDOM,   ///< auth_context_id: what glibc's random() gives when nothing seeded it
    MARK_NDR64,               ///< NDR64 offered in a Bind
    MARK_TRAILER,             ///< a verification trailer behind a request's parameters
    MARK_REMOTE_ACTIVATION,   ///< activated by IRemoteActivation, the way from before Windows XP
    MARK_CLIENT_INFO,         ///< SetClientInfo or SetClientInfoEx
    MARK_LOCALE_MS,           ///< NTLMLogin with a locale list that starts with "ms_"
    MARK_LOCALE_CULTURE,      ///< NTLMLogin with the locale list "en-US,en"
    MARK_NAMESPACE_DOT,       ///< NTLMLogin to "//./root/…"
    MARK_NAMESPACE_BARE,      ///< NTLMLogin to "root\…", without a host
    MARK_LOGIN_CONTEXT,       ///< calls of other interfaces on the presentation context of IWbemLevel1Login
    MARK_TARGET_WORKSTATION,  ///< NTLM: the client's workstation is the server's address
    MARK_WMIEXEC_OUTPUT,      ///< a command line's output goes to "\\127.0.0.1\ADMIN$\__<time>"
    MARK_ACTIVATED_CLIENT_ID, ///< the activation of WMI's login asks for IWbemLoginClientID, not for IWbemLevel1Login
    MARK_NTLM,                ///< authenticated with NTLM
    N_CLIENT_MARKS
} ClientMark;

typedef enum {
    CLIENT_UNKNOWN,
    CLIENT_IMPACKET,
    CLIENT_WMIEXEC,
    CLIENT_AIOWMI,
    CLIENT_AIOWMI_KERBEROS,
    CLIENT_SAMBA,
    CLIENT_TITANIS,
    CLIENT_WMIC,
    CLIENT_SYSTEM_MANAGEMENT,
    CLIENT_WINDOWS,
    N_CLIENT_FAMILIES
} ClientFamily;

/** What marks and families are called, for people. */
extern const Vocabulary client_mark_words, client_family_words;

/** The mark that an auth_context_id is, or MARK_NONE. */
ClientMark client_mark_of_context_id(uint32_t id);

/** Whether the output of a command line goes to where wmiexec collects it. */
bool client_command_is_wmiexec(const char *command_line);

/** The families that fit, from marks seen: bit masks of ClientFamily and ClientMark. What was not seen speaks for nobody. */
unsigned client_families(unsigned marks);

/** Of the marks seen, those that speak for one of these families. */
unsigned client_marks_for(unsigned families, unsigned marks);

#endif
