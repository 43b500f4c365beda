// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What Wireshark looks for in a plugin.
 */
#include "compat.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT extern const char plugin_version[];
EXPORT extern const int plugin_want_major, plugin_want_minor;
EXPORT void plugin_register(void);
EXPORT uint32_t plugin_describe(void);
void car_register_protocol(void);
void car_register_handoff(void);

const char plugin_version[] = CAR_VERSION;
const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

void plugin_register(void)
{
    static const proto_plugin car = {car_register_protocol, car_register_handoff};
    proto_register_plugin(&car);
}

/** Asked by Wireshark 4.4 and later: a dissector. */
uint32_t plugin_describe(void)
{
    return 1;
}
