// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/classes.h"
#include "names/interfaces-dcom.h"
#include "names/interfaces.h"
#include "names/status.h"

#include <glib.h>

static void test_interfaces(void)
{
    const Interface *services = interface_by_name("IWbemServices");
    g_assert_nonnull(services);
    g_assert_cmpint(services->family, ==, FAMILY_WMI);
    char text[GUID_TEXT_SIZE];
    g_assert_cmpstr(guid_format(&services->uuid, text), ==, "9556dc99-828c-11cf-a37e-00aa003240c7");
    g_assert_true(interface_find(&services->uuid) == services);
    g_assert_null(interface_by_name("IWbemNothing"));
    g_assert_null(interface_find(&(Guid){.data1 = 1}));
}

static void test_methods(void)
{
    const Interface *services = interface_by_name("IWbemServices");
    g_assert_cmpstr(method_find(services, 24)->name, ==, "ExecMethod");
    g_assert_cmpint(method_find(services, 24)->stage, ==, STAGE_EXECUTE);
    g_assert_cmpstr(method_find(services, 2)->name, ==, "Release");
    g_assert_null(method_find(services, 26));
    // 135/tcp: opnums below 3 are not IUnknown's.
    const Interface *activator = interface_by_name("ISystemActivator");
    g_assert_cmpstr(method_find(activator, 4)->name, ==, "RemoteCreateInstance");
    g_assert_cmpstr(method_find(activator, 0)->name, ==, "Opnum0NotUsedOnWire");
    g_assert_cmpstr(method_find(interface_by_name("IRemoteActivation"), 0)->name, ==, "RemoteActivation");
}

/** Of each interface of other services: it is found, by one name, and so are its methods. */
static void test_other_services(void)
{
    g_assert_cmpuint(dcom_interfaces_n, >, 150);
    for (size_t i = 0; i < dcom_interfaces_n; i++) {
        const DcomInterface *d = &dcom_interfaces[i];
        g_assert_true(interface_find(&d->interface.uuid) == &d->interface);
        g_assert_null(interface_by_name(d->interface.name));
        g_auto(GStrv) methods = g_strsplit(d->methods, " ", -1);
        unsigned opnum = d->first_opnum;
        g_assert_true(opnum == (d->interface.family == FAMILY_AUTOMATION ? 7 : 3));
        for (size_t m = 0; methods[m] && *methods[m]; m++, opnum++) {
            const char *name;
            size_t len = method_name_find(&d->interface, (uint16_t) opnum, &name);
            g_assert_cmpuint(len, ==, strlen(methods[m]));
            g_assert_cmpint(strncmp(name, methods[m], len), ==, 0);
            g_assert_false(interface_lacks_method(&d->interface, (uint16_t) opnum));
        }
        const char *name;
        g_assert_cmpuint(method_name_find(&d->interface, (uint16_t) opnum, &name), ==, 0);
        g_assert_true(interface_lacks_method(&d->interface, (uint16_t) opnum));
        g_assert_cmpstr(method_find(&d->interface, 2)->name, ==, "Release");
        const Method *invoke = method_find(&d->interface, 6);
        if (d->interface.family == FAMILY_AUTOMATION)
            g_assert_cmpstr(invoke->name, ==, "Invoke");
    }
    // MS-FSRM: an object, though its IDL does not say so
    static const Guid report = {0xd8cc81d9, 0x46b8, 0x4fa4, {0xbf, 0xa5, 0x4a, 0xa9, 0xde, 0xc9, 0xb6, 0x38}};
    g_assert_cmpstr(interface_find(&report)->name, ==, "IFsrmReport");
    // MS-WCCE: ICertRequestD
    static const Guid request = {0xd99e6e70, 0xfc88, 0x11d0, {0xb4, 0x98, 0x00, 0xa0, 0xc9, 0x03, 0x12, 0xf3}};
    const Interface *found = interface_find(&request);
    const char *name;
    g_assert_cmpstr(found->name, ==, "ICertRequestD");
    g_assert_cmpuint(method_name_find(found, 3, &name), ==, 7);
    g_assert_true(g_str_has_prefix(name, "Request "));
}

/** An operation number beyond the last method is none of the interface's. */
static void test_lacking_methods(void)
{
    static const struct {
        const char *interface;
        uint16_t opnum;
        bool lacks;
    } cases[] = {
        {"IWbemServices", 25, false},    {"IWbemServices", 26, true}, {"IWbemLevel1Login", 6, false},
        {"IWbemLevel1Login", 20, true},  {"IWbemServices", 1, false}, {"IRemUnknown", 6, true},
        {"IRemUnknown2", 6, false},      {"IOXIDResolver", 6, true},  {"IDispatch", 20, false},
        {"IWbemQualifierSet", 9, false}, // of which no method is known
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(interface_lacks_method(interface_by_name(cases[i].interface), cases[i].opnum), ==,
                        cases[i].lacks);
}

static void test_classes(void)
{
    Guid login = {0x8bc3f05e, 0xd86b, 0x11d0, {0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}};
    Guid mmc20 = {0x49b2791a, 0xb1ae, 0x4c90, {0x9b, 0x8e, 0xe8, 0x60, 0xba, 0x07, 0xf8, 0x89}};
    g_assert_cmpint(class_find(&login)->kind, ==, CLASS_WMI);
    g_assert_cmpint(class_find(&mmc20)->kind, ==, CLASS_LATERAL);
    g_assert_null(class_find(&(Guid){0}));
}

static void test_guid_text(void)
{
    static const char *const good[] = {"8bc3f05e-d86b-11d0-a075-00c04fb68820", "8BC3F05E-D86B-11D0-A075-00C04FB68820",
                                       "{8bc3f05e-d86b-11d0-a075-00c04fb68820}"};
    static const char *const bad[] = {"",
                                      "8bc3f05e-d86b-11d0-a075-00c04fb6882",
                                      "8bc3f05e-d86b-11d0-a075-00c04fb688200",
                                      "8bc3f05e+d86b-11d0-a075-00c04fb68820",
                                      "8bc3f05e-d86b-11d0-a075-00c04fb6882g",
                                      "8bc3f05e-d86b-11d0-a075-00c04fb6882\xc0",
                                      "{8bc3f05e-d86b-11d0-a075-00c04fb68820 ",
                                      "8bc3f05ed86b11d0a07500c04fb68820----"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        Guid guid = {0};
        char text[GUID_TEXT_SIZE];
        g_assert_true(guid_parse(good[i], strlen(good[i]), &guid));
        g_assert_cmpstr(guid_format(&guid, text), ==, good[0]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        Guid guid;
        g_assert_false(guid_parse(bad[i], strlen(bad[i]), &guid));
    }
}

static void test_denied(void)
{
    g_assert_true(status_is_denied(0x80070005));
    g_assert_true(status_is_denied(0x80041003));
    g_assert_true(status_is_denied(5));
    g_assert_false(status_is_denied(0));
    g_assert_false(status_is_denied(0x80041002)); // not found
    size_t n;
    const StatusName *names = status_names(&n);
    for (size_t i = 0; i < n; i++)
        if (status_is_denied(names[i].status))
            g_assert_nonnull(g_strrstr(names[i].name, "DENIED"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tables/interfaces", test_interfaces);
    g_test_add_func("/tables/guid-text", test_guid_text);
    g_test_add_func("/tables/methods", test_methods);
    g_test_add_func("/tables/classes", test_classes);
    g_test_add_func("/tables/other-services", test_other_services);
    g_test_add_func("/tables/lacking-methods", test_lacking_methods);
    g_test_add_func("/tables/denied", test_denied);
    return g_test_run();
}
