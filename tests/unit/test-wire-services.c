// SPDX-License-Identifier: GPL-2.0-or-later
#include "stub-builder.h"
#include "wire/services.h"
#include "wmio-property.h"

#define REFERENT 0x00020000

static const Guid iid_enum = {0x027947e1, 0xd731, 0x11ce, {0xa3, 0x57, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01}};
static const Guid iid_call_result = {0x44aca675, 0xe8fc, 0x11d0, {0xa0, 0x7c, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}};

static const char *const command =
    "cmd.exe /Q /c \"C:\\Program Files\\Ünïcode\\x y.exe\" --tag=\"привет 你好 😀\" & echo 'done'";

/** The method that sb_check_truncations has read. */
static WmiInterface checked_interface;
static uint16_t checked_opnum;

static bool request_good(const uint8_t *data, size_t len)
{
    WmiRequest r;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = wmi_request_read(&b, checked_interface, checked_opnum, &r, &why);
    g_assert_true(good || why); // it may be set on the way to success
    if (good) {
        g_assert_false(r.object && r.object_why);
        wmi_request_clear(&r);
    }
    return good;
}

static bool response_good(const uint8_t *data, size_t len)
{
    WmiResponse r;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = wmi_response_read(&b, checked_interface, checked_opnum, &r, &why);
    g_assert_true(good || why); // it may be set on the way to success
    if (good) {
        g_assert_false(r.object && r.object_why);
        wmi_response_clear(&r);
    }
    return good;
}

static WmiRequest request_read(const StubBuilder *s, WmiInterface iface, uint16_t opnum)
{
    WmiRequest r;
    const char *why = "";
    Bytes b = bytes_init(s->bytes->data, s->bytes->len, s->big_endian);
    if (!wmi_request_read(&b, iface, opnum, &r, &why))
        g_error("opnum %u: %s", opnum, why);
    g_assert_true(guid_equal(&r.orpc.causality_id, &sb_causality));
    return r;
}

static WmiResponse response_read(const StubBuilder *s, WmiInterface iface, uint16_t opnum)
{
    WmiResponse r;
    const char *why = "";
    Bytes b = bytes_init(s->bytes->data, s->bytes->len, s->big_endian);
    if (!wmi_response_read(&b, iface, opnum, &r, &why))
        g_error("opnum %u: %s", opnum, why);
    return r;
}

static void check_request(const StubBuilder *s, WmiInterface iface, uint16_t opnum, unsigned mutations)
{
    if (s->big_endian)
        return;
    checked_interface = iface;
    checked_opnum = opnum;
    sb_check_truncations(s->bytes, request_good);
    sb_check_mutations(s->bytes, mutations, request_good);
}

static void check_response(const StubBuilder *s, WmiInterface iface, uint16_t opnum)
{
    if (s->big_endian)
        return;
    checked_interface = iface;
    checked_opnum = opnum;
    sb_check_truncations(s->bytes, response_good);
    sb_check_mutations(s->bytes, 2000, response_good);
}

/** OBJREF of an instance of __PARAMETERS with one string property. */
static GByteArray *object(const char *name, const char *value)
{
    const SbProperty declared = {.name = name, .type = CIM_STRING, .nd = 1};
    const SbProperty property = {.name = name, .type = CIM_STRING, .texts = &value};
    const SbClass c = {.name = "__PARAMETERS", .properties = &declared, .n = 1, .slack = 20};
    g_autoptr(GByteArray) block = sb_wmio_instance(&c, &property, NULL, NULL);
    return sb_objref_object(block);
}

static void test_exec_method(gconstpointer big_endian)
{
    g_autoptr(GByteArray) in = object("CommandLine", command);
    g_autoptr(GByteArray) sink = sb_objref_standard(&sb_iid_sink, &sb_ipid);
    for (unsigned form = 0; form < 4; form++) {
        bool async = form == 3;
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        sb_bstr(&s, "Win32_Process");
        sb_bstr(&s, "Create");
        sb_u32(&s, 0x10);
        sb_interface(&s, NULL);
        sb_interface(&s, in);
        switch (form) {
        case 0: // as Windows asks for both results
            sb_interface_inout(&s, NULL);
            sb_interface_inout(&s, NULL);
            break;
        case 1: // as impacket asks for none
            sb_u32(&s, 0);
            sb_u32(&s, 0);
            break;
        case 2: // out-parameters only, and the trailer of a first call
            sb_interface_inout(&s, NULL);
            sb_u32(&s, 0);
            sb_trailer(&s, &sb_iid_services);
            break;
        default: sb_interface(&s, sink);
        }
        uint16_t opnum = async ? 25 : 24;
        WmiRequest r = request_read(&s, WMI_SERVICES, opnum);
        g_assert_cmpstr(r.object_path, ==, "Win32_Process");
        g_assert_cmpstr(r.method, ==, "Create");
        g_assert_cmpuint(r.flags, ==, 0x10);
        g_assert_false(r.has_context);
        g_assert_true(r.wants_call_result == (form == 0));
        g_assert_true(r.has_sink == async);
        if (async)
            g_assert_true(guid_equal(&r.sink.standard.ipid, &sb_ipid));
        g_assert_true(r.trailer.present == (form == 2));
        g_assert_cmpuint(r.objects->len, ==, 1);
        g_assert_null(r.object_why);
        g_assert_cmpstr(wmio_property(r.object, "CommandLine")->text, ==, command);
        g_assert_null(r.class_name);
        g_assert_null(r.query);
        wmi_request_clear(&r);
        if (form != 2)
            check_request(&s, WMI_SERVICES, opnum, 5000);
    }
}

/** impacket's pointers to an empty MInterfacePointer where a pointer to a null pointer belongs. */
static void test_impacket_pointers(gconstpointer big_endian)
{
    g_auto(StubBuilder) get = sb_request(!!big_endian);
    sb_bstr(&get, "Win32_Process");
    sb_u32(&get, 0);
    sb_interface(&get, NULL);
    for (unsigned i = 0; i < 2; i++) {
        sb_u32(&get, 0x509e);
        sb_u32(&get, 0);
        sb_u32(&get, 0);
    }
    WmiRequest r = request_read(&get, WMI_SERVICES, 6);
    g_assert_cmpstr(r.object_path, ==, "Win32_Process");
    g_assert_true(r.wants_call_result);
    wmi_request_clear(&r);

    g_autoptr(GByteArray) in = object("Name", "RC_Filter_7");
    g_auto(StubBuilder) put = sb_request(!!big_endian);
    sb_interface(&put, in);
    sb_u32(&put, 0);
    sb_interface(&put, NULL);
    sb_u32(&put, 0xd432);
    sb_u32(&put, 0);
    sb_u32(&put, 0);
    r = request_read(&put, WMI_SERVICES, 14);
    g_assert_cmpstr(wmio_property(r.object, "Name")->text, ==, "RC_Filter_7");
    wmi_request_clear(&r);

    // A form of its own, not a permission for bytes at the end.
    const char *why = NULL;
    sb_u32(&put, 0);
    Bytes b = bytes_init(put.bytes->data, put.bytes->len, put.big_endian);
    g_assert_false(wmi_request_read(&b, WMI_SERVICES, 14, &r, &why));
    g_assert_cmpstr(why, ==, "bytes after the last parameter");
}

typedef enum { PATH, CLASS, NAMESPACE } What;

static void test_one_string(gconstpointer big_endian)
{
    static const struct {
        uint16_t opnum;
        What what;
        unsigned inout;
        bool sink;
    } cases[] = {
        {3, NAMESPACE, 2, false}, {6, PATH, 2, false},   {7, PATH, 0, true},   {10, CLASS, 1, false},
        {11, CLASS, 0, true},     {12, CLASS, 0, false}, {13, CLASS, 0, true}, {16, PATH, 1, false},
        {17, PATH, 0, true},      {18, CLASS, 0, false}, {19, CLASS, 0, true},
    };
    static const char *const texts[] = {"Win32_Process.Handle=\"4242\"", "Объект", "", NULL};
    g_autoptr(GByteArray) sink = sb_objref_standard(&sb_iid_sink, &sb_ipid);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (size_t t = 0; t < G_N_ELEMENTS(texts); t++) {
            g_auto(StubBuilder) s = sb_request(!!big_endian);
            sb_bstr(&s, texts[t]);
            sb_u32(&s, 0x20030);
            sb_interface(&s, NULL);
            for (unsigned k = 0; k < cases[i].inout; k++)
                sb_interface_inout(&s, NULL);
            if (cases[i].sink)
                sb_interface(&s, sink);
            WmiRequest r = request_read(&s, WMI_SERVICES, cases[i].opnum);
            g_assert_cmpstr(r.object_path, ==, cases[i].what == PATH ? texts[t] : NULL);
            g_assert_cmpstr(r.class_name, ==, cases[i].what == CLASS ? texts[t] : NULL);
            g_assert_cmpstr(r.namespace_path, ==, cases[i].what == NAMESPACE ? texts[t] : NULL);
            g_assert_cmpuint(r.flags, ==, 0x20030);
            g_assert_true(r.has_sink == cases[i].sink);
            g_assert_true(r.wants_call_result == (cases[i].inout > 0));
            g_assert_null(r.object);
            g_assert_null(r.object_why);
            wmi_request_clear(&r);
            check_request(&s, WMI_SERVICES, cases[i].opnum, 500);
        }
    }
}

static void test_query(gconstpointer big_endian)
{
    static const char wql[] = "SELECT * FROM __InstanceModificationEvent WITHIN 60 WHERE TargetInstance ISA 'Привет'";
    g_autoptr(GByteArray) sink = sb_objref_standard(&sb_iid_sink, &sb_ipid);
    for (uint16_t opnum = 20; opnum <= 23; opnum++) {
        bool async = opnum & 1;
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        sb_bstr(&s, "WQL");
        sb_bstr(&s, wql);
        sb_u32(&s, 0x30);
        sb_interface(&s, NULL);
        if (async)
            sb_interface(&s, sink);
        WmiRequest r = request_read(&s, WMI_SERVICES, opnum);
        g_assert_cmpstr(r.query_language, ==, "WQL");
        g_assert_cmpstr(r.query, ==, wql);
        g_assert_true(r.has_sink == async);
        wmi_request_clear(&r);
        check_request(&s, WMI_SERVICES, opnum, 2000);
    }
}

static void test_put(gconstpointer big_endian)
{
    g_autoptr(GByteArray) in = object("CommandLineTemplate", command);
    g_autoptr(GByteArray) sink = sb_objref_standard(&sb_iid_sink, &sb_ipid);
    g_autoptr(GByteArray) data = g_byte_array_new();
    g_byte_array_append(data, (const uint8_t *) "context", 7);
    g_autoptr(GByteArray) context = sb_objref_custom(&sb_iid_object, &sb_clsid_object, data);
    static const uint16_t opnums[] = {8, 9, 14, 15};
    for (size_t i = 0; i < G_N_ELEMENTS(opnums); i++) {
        bool async = opnums[i] & 1;
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        sb_interface(&s, in);
        sb_u32(&s, 2);
        sb_interface(&s, context);
        if (async)
            sb_interface(&s, sink);
        else
            sb_interface_inout(&s, NULL);
        WmiRequest r = request_read(&s, WMI_SERVICES, opnums[i]);
        g_assert_cmpstr(wmio_property(r.object, "CommandLineTemplate")->text, ==, command);
        g_assert_cmpuint(r.objects->len, ==, 1);
        g_assert_cmpuint(r.flags, ==, 2);
        g_assert_true(r.has_context);
        g_assert_true(r.has_sink == async);
        wmi_request_clear(&r);
        check_request(&s, WMI_SERVICES, opnums[i], 2000);
    }
}

/** A malformed object, one by reference, and none: the rest of the request holds. */
static void test_bad_object(void)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    g_byte_array_append(data, (const uint8_t *) "\x78\x56\x34\x12\x01\0\0\0\x03", 9);
    g_autoptr(GByteArray) malformed = sb_objref_custom(&sb_iid_object, &sb_clsid_object, data);
    g_autoptr(GByteArray) foreign = sb_objref_custom(&sb_iid_object, &sb_iid_services, data);
    g_autoptr(GByteArray) standard = sb_objref_standard(&sb_iid_object, &sb_ipid);
    const struct {
        const GByteArray *objref;
        const char *why;
    } cases[] = {
        {malformed, "neither class nor instance"},
        {foreign, "not an object by value"},
        {standard, "not an object by value"},
        {NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(StubBuilder) s = sb_request(false);
        sb_bstr(&s, "Win32_Process");
        sb_bstr(&s, "Create");
        sb_u32(&s, 0);
        sb_interface(&s, NULL);
        sb_interface(&s, cases[i].objref);
        sb_u32(&s, 0);
        sb_u32(&s, 0);
        WmiRequest r = request_read(&s, WMI_SERVICES, 24);
        g_assert_cmpstr(r.method, ==, "Create");
        g_assert_null(r.object);
        g_assert_cmpstr(r.object_why, ==, cases[i].why);
        wmi_request_clear(&r);
    }
}

static void test_small_requests(gconstpointer big_endian)
{
    g_autoptr(GByteArray) sink = sb_objref_standard(&sb_iid_sink, &sb_ipid);
    {
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        sb_interface(&s, sink);
        WmiRequest r = request_read(&s, WMI_SERVICES, 4);
        g_assert_true(r.has_sink);
        wmi_request_clear(&r);
        check_request(&s, WMI_SERVICES, 4, 1000);
    }
    {
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        sb_u32(&s, 0xffffffff);
        sb_u32(&s, 10);
        WmiRequest r = request_read(&s, WMI_ENUM, 4);
        g_assert_cmpuint(r.timeout, ==, 0xffffffff);
        g_assert_cmpuint(r.count, ==, 10);
        wmi_request_clear(&r);
        check_request(&s, WMI_ENUM, 4, 1000);
    }
    {
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        sb_guid(&s, &sb_ipid);
        sb_u32(&s, 1000);
        sb_u32(&s, 10);
        WmiRequest r = request_read(&s, WMI_SMART_ENUM, 3);
        g_assert_cmpuint(r.timeout, ==, 1000);
        g_assert_cmpuint(r.count, ==, 10);
        wmi_request_clear(&r);
        check_request(&s, WMI_SMART_ENUM, 3, 1000);
    }
    static const struct {
        WmiInterface iface;
        uint16_t opnum;
    } empty[] = {{WMI_ENUM, 3}, {WMI_ENUM, 6}, {WMI_FETCH_SMART_ENUM, 3}};
    for (size_t i = 0; i < G_N_ELEMENTS(empty); i++) {
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        WmiRequest r = request_read(&s, empty[i].iface, empty[i].opnum);
        wmi_request_clear(&r);
        sb_trailer(&s, &iid_enum);
        r = request_read(&s, empty[i].iface, empty[i].opnum);
        g_assert_true(r.trailer.has_iid && guid_equal(&r.trailer.iid, &iid_enum));
        wmi_request_clear(&r);
    }
}

static void test_sink(gconstpointer big_endian)
{
    g_autoptr(GByteArray) one = object("Name", "lsass.exe");
    g_auto(StubBuilder) s = sb_request(!!big_endian);
    sb_u32(&s, 3);
    sb_u32(&s, 3);
    sb_u32(&s, REFERENT);
    sb_u32(&s, 0);
    sb_u32(&s, REFERENT + 4);
    for (unsigned i = 0; i < 2; i++) {
        sb_u32(&s, one->len);
        sb_u32(&s, one->len);
        g_byte_array_append(s.bytes, one->data, one->len);
        sb_align(&s, 4);
    }
    WmiRequest r = request_read(&s, WMI_SINK, 3);
    g_assert_cmpuint(r.count, ==, 3);
    g_assert_cmpuint(r.objects->len, ==, 2);
    g_assert_null(r.object);
    wmi_request_clear(&r);
    checked_interface = WMI_SINK;
    checked_opnum = 3;
    if (!big_endian)
        sb_check_mutations(s.bytes, 5000, request_good);

    g_auto(StubBuilder) status = sb_request(!!big_endian);
    sb_u32(&status, 0);
    sb_u32(&status, 0x80041010);
    sb_bstr(&status, "Win32_Process.Handle=\"1\"");
    sb_interface(&status, one);
    r = request_read(&status, WMI_SINK, 4);
    g_assert_cmpuint(r.status, ==, 0x80041010);
    g_assert_cmpstr(r.text, ==, "Win32_Process.Handle=\"1\"");
    g_assert_cmpstr(wmio_property(r.object, "Name")->text, ==, "lsass.exe");
    wmi_request_clear(&r);
}

static void test_object_responses(gconstpointer big_endian)
{
    g_autoptr(GByteArray) out = object("ReturnValue", "0");
    g_autoptr(GByteArray) call_result = sb_objref_standard(&iid_call_result, &sb_ipid);
    static const uint16_t opnums[] = {6, 24};
    for (size_t i = 0; i < G_N_ELEMENTS(opnums); i++) {
        g_auto(StubBuilder) s = sb_response(!!big_endian);
        sb_interface_inout(&s, out);
        sb_u32(&s, 0);
        sb_u32(&s, 0);
        WmiResponse r = response_read(&s, WMI_SERVICES, opnums[i]);
        g_assert_cmpuint(r.status, ==, 0);
        g_assert_cmpstr(wmio_property(r.object, "ReturnValue")->text, ==, "0");
        g_assert_false(r.has_call_result);
        g_assert_false(r.has_reference);
        wmi_response_clear(&r);
        check_response(&s, WMI_SERVICES, opnums[i]);

        g_auto(StubBuilder) later = sb_response(!!big_endian);
        sb_interface_inout(&later, NULL);
        sb_interface_inout(&later, call_result);
        sb_u32(&later, 0x40010);
        r = response_read(&later, WMI_SERVICES, opnums[i]);
        g_assert_cmpuint(r.status, ==, 0x40010);
        g_assert_null(r.object);
        g_assert_null(r.object_why);
        g_assert_true(r.has_call_result);
        g_assert_true(guid_equal(&r.call_result.iid, &iid_call_result));
        wmi_response_clear(&r);
        check_response(&later, WMI_SERVICES, opnums[i]);

        g_auto(StubBuilder) failed = sb_response(!!big_endian);
        sb_u32(&failed, 0);
        sb_u32(&failed, 0);
        sb_u32(&failed, 0x80041002);
        r = response_read(&failed, WMI_SERVICES, opnums[i]);
        g_assert_cmpuint(r.status, ==, 0x80041002);
        wmi_response_clear(&r);
    }
}

static void test_reference_responses(gconstpointer big_endian)
{
    static const struct {
        WmiInterface iface;
        uint16_t opnum;
    } cases[] = {
        {WMI_SERVICES, 5},  {WMI_SERVICES, 12}, {WMI_SERVICES, 18},   {WMI_SERVICES, 20},
        {WMI_SERVICES, 22}, {WMI_ENUM, 6},      {WMI_CALL_RESULT, 5}, {WMI_FETCH_SMART_ENUM, 3},
    };
    g_autoptr(GByteArray) objref = sb_objref_standard(&iid_enum, &sb_ipid);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(StubBuilder) s = sb_response(!!big_endian);
        sb_interface(&s, objref);
        sb_u32(&s, 0);
        WmiResponse r = response_read(&s, cases[i].iface, cases[i].opnum);
        g_assert_true(r.has_reference);
        g_assert_true(guid_equal(&r.reference.iid, &iid_enum));
        g_assert_true(guid_equal(&r.reference.standard.ipid, &sb_ipid));
        wmi_response_clear(&r);
        check_response(&s, cases[i].iface, cases[i].opnum);

        g_auto(StubBuilder) failed = sb_response(!!big_endian);
        sb_interface(&failed, NULL);
        sb_u32(&failed, 0x80041017);
        r = response_read(&failed, cases[i].iface, cases[i].opnum);
        g_assert_cmpuint(r.status, ==, 0x80041017);
        g_assert_false(r.has_reference);
        wmi_response_clear(&r);
    }

    g_autoptr(GByteArray) services = sb_objref_standard(&sb_iid_services, &sb_ipid);
    g_auto(StubBuilder) s = sb_response(!!big_endian);
    sb_interface_inout(&s, services);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    WmiResponse r = response_read(&s, WMI_SERVICES, 3);
    g_assert_true(r.has_reference);
    g_assert_true(guid_equal(&r.reference.iid, &sb_iid_services));
    wmi_response_clear(&r);
    check_response(&s, WMI_SERVICES, 3);
}

static void test_bare_responses(gconstpointer big_endian)
{
    static const uint16_t with_call_result[] = {8, 10, 14, 16}, without[] = {4, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25};
    for (size_t i = 0; i < G_N_ELEMENTS(with_call_result); i++) {
        g_auto(StubBuilder) s = sb_response(!!big_endian);
        sb_u32(&s, 0);
        sb_u32(&s, 0x80041003);
        WmiResponse r = response_read(&s, WMI_SERVICES, with_call_result[i]);
        g_assert_cmpuint(r.status, ==, 0x80041003);
        g_assert_false(r.has_call_result);
        wmi_response_clear(&r);
        check_response(&s, WMI_SERVICES, with_call_result[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(without); i++) {
        g_auto(StubBuilder) s = sb_response(!!big_endian);
        sb_u32(&s, 0x80041003);
        WmiResponse r = response_read(&s, WMI_SERVICES, without[i]);
        g_assert_cmpuint(r.status, ==, 0x80041003);
        wmi_response_clear(&r);
        check_response(&s, WMI_SERVICES, without[i]);
    }
}

static void test_next(gconstpointer big_endian)
{
    g_autoptr(GByteArray) one = object("Name", "a");
    g_autoptr(GByteArray) two = object("Name", "bb");
    g_auto(StubBuilder) s = sb_response(!!big_endian);
    sb_u32(&s, 10);
    sb_u32(&s, 0);
    sb_u32(&s, 2);
    sb_u32(&s, REFERENT);
    sb_u32(&s, REFERENT + 4);
    for (unsigned i = 0; i < 2; i++) {
        const GByteArray *o = i ? two : one;
        sb_u32(&s, o->len);
        sb_u32(&s, o->len);
        g_byte_array_append(s.bytes, o->data, o->len);
        sb_align(&s, 4);
    }
    sb_u32(&s, 2);
    sb_u32(&s, 1);
    WmiResponse r = response_read(&s, WMI_ENUM, 4);
    g_assert_cmpuint(r.returned, ==, 2);
    g_assert_cmpuint(r.status, ==, 1);
    g_assert_cmpuint(r.objects->len, ==, 2);
    g_assert_null(r.object);
    const WmiObjectBytes *bytes = &g_array_index(r.objects, WmiObjectBytes, 1);
    Bytes b = bytes_init(bytes->data, bytes->len, false);
    WmioObject *o;
    const char *why;
    g_assert_true(wmio_object_read(&b, &o, &why));
    g_assert_cmpstr(wmio_property(o, "Name")->text, ==, "bb");
    wmio_object_free(o);
    wmi_response_clear(&r);
    check_response(&s, WMI_ENUM, 4);

    g_auto(StubBuilder) empty = sb_response(!!big_endian);
    sb_u32(&empty, 1);
    sb_u32(&empty, 0);
    sb_u32(&empty, 0);
    sb_u32(&empty, 0);
    sb_u32(&empty, 1);
    r = response_read(&empty, WMI_ENUM, 4);
    g_assert_cmpuint(r.returned, ==, 0);
    g_assert_cmpuint(r.status, ==, 1);
    wmi_response_clear(&r);
    check_response(&empty, WMI_ENUM, 4);
}

static void test_smart_next(gconstpointer big_endian)
{
    g_auto(StubBuilder) s = sb_response(!!big_endian);
    sb_u32(&s, 1);
    sb_u32(&s, 5);
    sb_u32(&s, REFERENT);
    sb_u32(&s, 5);
    g_byte_array_append(s.bytes, (const uint8_t *) "abcde", 5);
    sb_align(&s, 4);
    sb_u32(&s, 0);
    WmiResponse r = response_read(&s, WMI_SMART_ENUM, 3);
    g_assert_cmpuint(r.returned, ==, 1);
    g_assert_cmpuint(r.buffer_len, ==, 5);
    g_assert_true(memcmp(r.buffer, "abcde", 5) == 0);
    wmi_response_clear(&r);
    check_response(&s, WMI_SMART_ENUM, 3);

    g_auto(StubBuilder) empty = sb_response(!!big_endian);
    for (unsigned i = 0; i < 3; i++)
        sb_u32(&empty, 0);
    sb_u32(&empty, 1);
    r = response_read(&empty, WMI_SMART_ENUM, 3);
    g_assert_null(r.buffer);
    g_assert_cmpuint(r.buffer_len, ==, 0);
    wmi_response_clear(&r);
}

static void test_call_result(gconstpointer big_endian)
{
    g_auto(StubBuilder) s = sb_response(!!big_endian);
    sb_u32(&s, 0x80041010);
    sb_u32(&s, 0);
    WmiResponse r = response_read(&s, WMI_CALL_RESULT, 6);
    g_assert_true(r.has_operation_status);
    g_assert_cmpuint(r.operation_status, ==, 0x80041010);
    g_assert_cmpuint(r.status, ==, 0);
    wmi_response_clear(&r);
    check_response(&s, WMI_CALL_RESULT, 6);

    static const char *const texts[] = {"__EventFilter.Name=\"Фильтр\"", "x", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(StubBuilder) t = sb_response(!!big_endian);
        sb_bstr(&t, texts[i]);
        sb_u32(&t, 0);
        r = response_read(&t, WMI_CALL_RESULT, 4);
        g_assert_cmpstr(r.text, ==, texts[i]);
        wmi_response_clear(&r);
        check_response(&t, WMI_CALL_RESULT, 4);
    }

    g_autoptr(GByteArray) out = object("ProcessId", "4880");
    g_auto(StubBuilder) o = sb_response(!!big_endian);
    sb_interface(&o, out);
    sb_u32(&o, 0);
    r = response_read(&o, WMI_CALL_RESULT, 3);
    g_assert_cmpstr(wmio_property(r.object, "ProcessId")->text, ==, "4880");
    wmi_response_clear(&r);
    check_response(&o, WMI_CALL_RESULT, 3);
}

static void test_unknown(void)
{
    WmiRequest q;
    WmiResponse r;
    const char *why = NULL;
    g_auto(StubBuilder) s = sb_request(false);
    Bytes b = bytes_init(s.bytes->data, s.bytes->len, false);
    g_assert_true(wmi_method_known(WMI_SERVICES, 24));
    g_assert_false(wmi_method_known(WMI_SERVICES, 26));
    g_assert_false(wmi_request_read(&b, WMI_SERVICES, 26, &q, &why));
    g_assert_cmpstr(why, ==, "unknown method");
    g_assert_false(wmi_response_read(&b, WMI_SINK, 0, &r, &why));
    g_assert_cmpstr(why, ==, "unknown method");
}

/** What a wrong key leaves of a stub is read by no method. */
static void test_noise(void)
{
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t noise[256];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t) g_test_rand_int();
        for (int iface = WMI_SERVICES; iface <= WMI_SINK; iface++) {
            for (uint16_t opnum = 3; opnum <= 25; opnum++) {
                checked_interface = (WmiInterface) iface;
                checked_opnum = opnum;
                g_assert_false(request_good(noise, sizeof noise));
                g_assert_false(response_good(noise, sizeof noise));
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sb_add_test("/services/exec-method", test_exec_method);
    sb_add_test("/services/impacket-pointers", test_impacket_pointers);
    sb_add_test("/services/one-string", test_one_string);
    sb_add_test("/services/query", test_query);
    sb_add_test("/services/put", test_put);
    g_test_add_func("/services/bad-object", test_bad_object);
    sb_add_test("/services/small-requests", test_small_requests);
    sb_add_test("/services/sink", test_sink);
    sb_add_test("/services/object-responses", test_object_responses);
    sb_add_test("/services/reference-responses", test_reference_responses);
    sb_add_test("/services/bare-responses", test_bare_responses);
    sb_add_test("/services/next", test_next);
    sb_add_test("/services/smart-next", test_smart_next);
    sb_add_test("/services/call-result", test_call_result);
    g_test_add_func("/services/unknown", test_unknown);
    g_test_add_func("/services/noise", test_noise);
    return g_test_run();
}
