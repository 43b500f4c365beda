// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Where the Wireshark releases differ. No other file asks for the version.
 */
#ifndef CAR_PLUGIN_COMPAT_H
#define CAR_PLUGIN_COMPAT_H

#include <epan/packet.h>
// needs the one above
#include <epan/conversation_filter.h>
#include <ws_version.h>

#define CAR_WIRESHARK(major, minor)                                                                                    \
    (WIRESHARK_VERSION_MAJOR > (major) || (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

/** Whether core added this data source for a DCE/RPC stub that it decrypted. */
static inline bool is_decrypted_stub(const struct data_source *source)
{
#if CAR_WIRESHARK(4, 6)
    char *name = get_data_source_description(source);
#else
    char *name = get_data_source_name(source);
#endif
    bool is = strncmp(name, "Decrypted stub data", 19) == 0;
    wmem_free(NULL, name);
    return is;
}

/** The value of an unsigned field. */
static inline uint32_t field_uint(const field_info *field)
{
#if CAR_WIRESHARK(4, 2)
    return fvalue_get_uinteger(field->value);
#else
    return fvalue_get_uinteger((fvalue_t *) &field->value);
#endif
}

#if CAR_WIRESHARK(4, 4)
typedef bool WsBool; ///< of preferences and callbacks
#else
typedef gboolean WsBool;
#endif

// Parameters of the callbacks of a conversation filter, and its registration.
#if CAR_WIRESHARK(4, 4)
#define CONVERSATION_FILTER_PARAMETERS packet_info *pinfo, void *user_data _U_
#define CONVERSATION_FILTER_REGISTER(protocol, title, is_valid, build)                                                 \
    register_conversation_filter(protocol, title, is_valid, build, NULL)
#else
#define CONVERSATION_FILTER_PARAMETERS packet_info *pinfo
#define CONVERSATION_FILTER_REGISTER(protocol, title, is_valid, build)                                                 \
    register_conversation_filter(protocol, title, is_valid, build)
#endif

#if CAR_WIRESHARK(4, 6)
#define STAT_TAP_INIT_RESULT bool
#define STAT_TAP_INIT_RETURN(ok) return (ok)
#else
#define STAT_TAP_INIT_RESULT void
#define STAT_TAP_INIT_RETURN(ok) return
#endif

#endif
