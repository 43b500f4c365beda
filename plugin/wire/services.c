// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/services.h"

#define MAX_STRING 65536 ///< UTF-16 units; the SDK's own limits are 8192 for a path and 16384 for a query

#define INOUT "rkv"

/** The parameters of a method, one letter each, in the order in which they are marshaled. */
typedef struct {
    WmiInterface iface;
    uint16_t opnum;
    /** BSTRs: n namespace, p object path, c class, l query language, q query, m method, b text.
     *  Numbers: f flags, t timeout, # count, h status, g GUID (skipped).
     *  Interface pointers: x context, s sink, o object by value, a array of objects (MS-WMI 3.1.4.2.1),
     *  r [in, out] reference, k [in, out] call result, v [in, out] object. */
    const char *request;
    /** r, k, v as above; e [out] reference, o [out] object; a varying array of objects; b text; h status of the
     *  operation, # count, w size and unique pointer to bytes. */
    const char *response;
} Method;

static const Method methods[] = {
    {WMI_SERVICES, 3, "nfxrk", "rk"},    // OpenNamespace
    {WMI_SERVICES, 4, "s", ""},          // CancelAsyncCall
    {WMI_SERVICES, 5, "f", "e"},         // QueryObjectSink
    {WMI_SERVICES, 6, "pfxvk", "vk"},    // GetObject
    {WMI_SERVICES, 7, "pfxs", ""},       // GetObjectAsync
    {WMI_SERVICES, 8, "ofxk", "k"},      // PutClass
    {WMI_SERVICES, 9, "ofxs", ""},       // PutClassAsync
    {WMI_SERVICES, 10, "cfxk", "k"},     // DeleteClass
    {WMI_SERVICES, 11, "cfxs", ""},      // DeleteClassAsync
    {WMI_SERVICES, 12, "cfx", "e"},      // CreateClassEnum
    {WMI_SERVICES, 13, "cfxs", ""},      // CreateClassEnumAsync
    {WMI_SERVICES, 14, "ofxk", "k"},     // PutInstance
    {WMI_SERVICES, 15, "ofxs", ""},      // PutInstanceAsync
    {WMI_SERVICES, 16, "pfxk", "k"},     // DeleteInstance
    {WMI_SERVICES, 17, "pfxs", ""},      // DeleteInstanceAsync
    {WMI_SERVICES, 18, "cfx", "e"},      // CreateInstanceEnum
    {WMI_SERVICES, 19, "cfxs", ""},      // CreateInstanceEnumAsync
    {WMI_SERVICES, 20, "lqfx", "e"},     // ExecQuery
    {WMI_SERVICES, 21, "lqfxs", ""},     // ExecQueryAsync
    {WMI_SERVICES, 22, "lqfx", "e"},     // ExecNotificationQuery
    {WMI_SERVICES, 23, "lqfxs", ""},     // ExecNotificationQueryAsync
    {WMI_SERVICES, 24, "pmfxovk", "vk"}, // ExecMethod
    {WMI_SERVICES, 25, "pmfxos", ""},    // ExecMethodAsync
    {WMI_ENUM, 3, "", ""},               // Reset
    {WMI_ENUM, 4, "t#", "a#"},           // Next
    {WMI_ENUM, 5, "#s", ""},             // NextAsync
    {WMI_ENUM, 6, "", "e"},              // Clone
    {WMI_ENUM, 7, "t#", ""},             // Skip
    {WMI_CALL_RESULT, 3, "t", "o"},      // GetResultObject
    {WMI_CALL_RESULT, 4, "t", "b"},      // GetResultString
    {WMI_CALL_RESULT, 5, "t", "e"},      // GetResultServices
    {WMI_CALL_RESULT, 6, "t", "h"},      // GetCallStatus
    {WMI_FETCH_SMART_ENUM, 3, "", "e"},  // GetSmartEnum
    {WMI_SMART_ENUM, 3, "gt#", "#w"},    // Next
    {WMI_SINK, 3, "a", ""},              // Indicate
    {WMI_SINK, 4, "fhbo", ""},           // SetStatus
};

/** clsid of the unmarshaler of IWbemClassObject, 4590f812-1d3a-11d0-891f-00aa004b2e24 */
static const Guid clsid_object = {0x4590f812, 0x1d3a, 0x11d0, {0x89, 0x1f, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24}};

static const Method *method_find(WmiInterface iface, uint16_t opnum)
{
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (methods[i].iface == iface && methods[i].opnum == opnum)
            return &methods[i];
    }
    return NULL;
}

bool wmi_method_known(WmiInterface iface, uint16_t opnum)
{
    return method_find(iface, opnum);
}

static void string_read(Bytes *b, char **out)
{
    g_free(*out);
    *out = ndr_bstr_read(b, MAX_STRING);
}

static uint32_t number_read(Bytes *b)
{
    bytes_align(b, 4);
    return bytes_u32(b);
}

/** Keeps what ndr_interface_pointer_read or a sibling found; no method has two of a kind. */
static void reference_take(int found, Objref *ref, Objref *out, bool *has)
{
    if (found != 1)
        return;
    *out = *ref;
    *has = true;
}

/** Takes what ndr_interface_pointer_read or a sibling found where an object by value belongs. */
static void object_take(int found, Objref *ref, GArray *objects, const char **why)
{
    if (found != 1)
        return;
    if (ref->kind == OBJREF_CUSTOM && guid_equal(&ref->clsid, &clsid_object)) {
        WmiObjectBytes object = {ref->data, ref->data_len};
        g_array_append_val(objects, object);
    } else {
        *why = "not an object by value";
    }
    objref_clear(ref);
}

static void object_decode(const GArray *objects, WmioObject **out, const char **why)
{
    if (!objects->len)
        return;
    const WmiObjectBytes *first = &g_array_index(objects, WmiObjectBytes, 0);
    Bytes b = bytes_init(first->data, first->len, false);
    (void) wmio_object_read(&b, out, why);
}

/** `count` referents, then what they refer to. */
static void object_array_read(Bytes *b, uint32_t count, GArray *objects, const char **why)
{
    if (count > bytes_left(b) / 4)
        b->failed = true;
    Bytes referents = bytes_sub(b, (size_t) count * 4);
    for (uint32_t i = 0; i < count && !b->failed; i++) {
        Objref ref;
        if (bytes_u32(&referents))
            object_take(ndr_interface_data_read(b, &ref) ? 1 : -1, &ref, objects, why);
    }
}

/** An [in, out] interface pointer of a request. True when the client wants the result: it then passes a pointer to a
 *  null pointer. impacket leaves the inner pointer out and passes one to an empty MInterfacePointer, which a server
 * reads as the same, with bytes left over. What else is passed there is ignored. */
static bool inout_read(Bytes *b, bool impacket)
{
    Objref ref;
    if (!number_read(b))
        return false;
    if (impacket) {
        uint32_t max_count = bytes_u32(b);
        if (bytes_u32(b) || max_count)
            b->failed = true;
    } else if (ndr_interface_pointer_read(b, &ref) == 1) {
        objref_clear(&ref);
    }
    return true;
}

static bool request_parameter_read(Bytes *b, char kind, bool impacket, WmiRequest *r)
{
    Objref ref;
    switch (kind) {
    case 'n': string_read(b, &r->namespace_path); break;
    case 'p': string_read(b, &r->object_path); break;
    case 'c': string_read(b, &r->class_name); break;
    case 'l': string_read(b, &r->query_language); break;
    case 'q': string_read(b, &r->query); break;
    case 'm': string_read(b, &r->method); break;
    case 'b': string_read(b, &r->text); break;
    case 'f': r->flags = number_read(b); break;
    case 't': r->timeout = number_read(b); break;
    case '#': r->count = number_read(b); break;
    case 'h': r->status = number_read(b); break;
    case 'g':
        bytes_align(b, 4);
        bytes_skip(b, 16);
        break;
    case 'x':
        r->has_context = ndr_interface_pointer_read(b, &ref) == 1;
        if (r->has_context)
            objref_clear(&ref);
        break;
    case 's': reference_take(ndr_interface_pointer_read(b, &ref), &ref, &r->sink, &r->has_sink); break;
    case 'o': object_take(ndr_interface_pointer_read(b, &ref), &ref, r->objects, &r->object_why); break;
    case 'a':
        r->count = number_read(b);
        if (bytes_u32(b) != r->count)
            b->failed = true;
        object_array_read(b, r->count, r->objects, &r->object_why);
        break;
    case 'r':
    case 'v': (void) inout_read(b, impacket); break;
    case 'k': r->wants_call_result = inout_read(b, impacket); break;
    default: g_assert_not_reached();
    }
    return !b->failed;
}

/** The [in, out] parameters, which come last, and the end of the stub. */
static bool request_end_parse(Bytes *b, const char *kinds, bool impacket, WmiRequest *out, const char **why)
{
    for (const char *p = kinds; *p; p++)
        (void) request_parameter_read(b, *p, impacket, out);
    return stub_end_read(b, &out->trailer, why);
}

static bool request_parse(Bytes *b, const Method *m, WmiRequest *out, const char **why)
{
    if (!m) {
        *why = "unknown method";
        return false;
    }
    if (!orpc_this_read(b, &out->orpc)) {
        *why = "no ORPC request";
        return false;
    }
    const char *p = m->request;
    for (; *p && !strchr(INOUT, *p); p++) {
        if (!request_parameter_read(b, *p, false, out)) {
            *why = "parameters do not fit the method";
            return false;
        }
    }
    Bytes inout = *b;
    if (!request_end_parse(b, p, false, out, why)) {
        *b = inout;
        if (!request_end_parse(b, p, true, out, why))
            return false;
    }
    if (strchr(m->request, 'o'))
        object_decode(out->objects, &out->object, &out->object_why);
    return true;
}

bool wmi_request_read(Bytes *b, WmiInterface iface, uint16_t opnum, WmiRequest *out, const char **why)
{
    *out = (WmiRequest){.objects = g_array_new(FALSE, FALSE, sizeof(WmiObjectBytes))};
    if (request_parse(b, method_find(iface, opnum), out, why))
        return true;
    wmi_request_clear(out);
    return false;
}

void wmi_request_clear(WmiRequest *r)
{
    g_free(r->namespace_path);
    g_free(r->object_path);
    g_free(r->class_name);
    g_free(r->query_language);
    g_free(r->query);
    g_free(r->method);
    g_free(r->text);
    if (r->objects)
        g_array_unref(r->objects);
    wmio_object_free(r->object);
    if (r->has_sink)
        objref_clear(&r->sink);
    *r = (WmiRequest){0};
}

static void buffer_read(Bytes *b, WmiResponse *r)
{
    uint32_t size = number_read(b);
    if (!bytes_u32(b))
        return;
    if (bytes_u32(b) != size)
        b->failed = true;
    r->buffer = bytes_take(b, size);
    r->buffer_len = r->buffer ? size : 0;
    ndr_padding_skip(b);
}

static bool response_parameter_read(Bytes *b, char kind, WmiResponse *r)
{
    Objref ref;
    switch (kind) {
    case 'e': reference_take(ndr_interface_pointer_read(b, &ref), &ref, &r->reference, &r->has_reference); break;
    case 'r': reference_take(ndr_interface_pointer_inout_read(b, &ref), &ref, &r->reference, &r->has_reference); break;
    case 'k':
        reference_take(ndr_interface_pointer_inout_read(b, &ref), &ref, &r->call_result, &r->has_call_result);
        break;
    case 'o': object_take(ndr_interface_pointer_read(b, &ref), &ref, r->objects, &r->object_why); break;
    case 'v': object_take(ndr_interface_pointer_inout_read(b, &ref), &ref, r->objects, &r->object_why); break;
    case 'a': {
        uint32_t max_count = number_read(b), offset = bytes_u32(b), actual_count = bytes_u32(b);
        if (offset || actual_count > max_count)
            b->failed = true;
        object_array_read(b, actual_count, r->objects, &r->object_why);
        break;
    }
    case 'b': string_read(b, &r->text); break;
    case 'h':
        r->operation_status = number_read(b);
        r->has_operation_status = true;
        break;
    case '#': r->returned = number_read(b); break;
    case 'w': buffer_read(b, r); break;
    default: g_assert_not_reached();
    }
    return !b->failed;
}

static bool response_parse(Bytes *b, const Method *m, WmiResponse *out, const char **why)
{
    uint32_t flags;
    if (!m) {
        *why = "unknown method";
        return false;
    }
    if (!orpc_that_read(b, &flags)) {
        *why = "no ORPC response";
        return false;
    }
    for (const char *p = m->response; *p; p++) {
        if (!response_parameter_read(b, *p, out)) {
            *why = "results do not fit the method";
            return false;
        }
    }
    if (!stub_status_read(b, &out->status, why))
        return false;
    if (!strchr(m->response, 'a'))
        object_decode(out->objects, &out->object, &out->object_why);
    return true;
}

bool wmi_response_read(Bytes *b, WmiInterface iface, uint16_t opnum, WmiResponse *out, const char **why)
{
    *out = (WmiResponse){.objects = g_array_new(FALSE, FALSE, sizeof(WmiObjectBytes))};
    if (response_parse(b, method_find(iface, opnum), out, why))
        return true;
    wmi_response_clear(out);
    return false;
}

void wmi_response_clear(WmiResponse *r)
{
    if (r->has_reference)
        objref_clear(&r->reference);
    if (r->has_call_result)
        objref_clear(&r->call_result);
    if (r->objects)
        g_array_unref(r->objects);
    wmio_object_free(r->object);
    g_free(r->text);
    *r = (WmiResponse){0};
}
