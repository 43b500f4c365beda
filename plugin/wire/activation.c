// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/activation.h"

#include "wire/orpc.h"

#define MAX_IIDS 64
#define MAX_PROPERTIES 10           ///< MAX_ACTPROP_LIMIT (MS-DCOM 2.2.28.1)
#define MAX_SERVER_NAME 1024        ///< UTF-16 units with the NUL
#define SERIALIZATION_HEADER_SIZE 8 ///< of each of the two headers of MS-RPCE 2.2.6

#define OPNUM_RESOLVE_OXID 0
#define OPNUM_RESOLVE_OXID2 4

/** The GUIDs of MS-DCOM 1.9 differ in their first part alone. */
enum {
    IID_ACTIVATION_PROPERTIES_IN = 0x1a2,
    IID_ACTIVATION_PROPERTIES_OUT = 0x1a3,
    CLSID_ACTIVATION_PROPERTIES_IN = 0x338,
    CLSID_ACTIVATION_PROPERTIES_OUT = 0x339,
    CLSID_SECURITY_INFO = 0x1a6,
    CLSID_INSTANTIATION_INFO = 0x1ab,
    CLSID_SCM_REPLY_INFO = 0x1b6,
    CLSID_PROPS_OUT_INFO = 0x339,
};

static bool guid_is_dcom(const Guid *g, uint32_t data1)
{
    Guid expected = {.data1 = data1, .data4 = {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
    return guid_equal(g, &expected);
}

/** Conformance that must agree with a count in the structure. */
static bool max_count_is(Bytes *b, uint32_t count)
{
    bytes_align(b, 4);
    if (bytes_u32(b) != count)
        b->failed = true;
    return !b->failed;
}

/** Conformant array of `count` elements: a cursor over them. */
static Bytes array_read(Bytes *b, uint32_t count, size_t element_size)
{
    if (max_count_is(b, count) && count > bytes_left(b) / element_size)
        b->failed = true;
    return bytes_sub(b, b->failed ? 0 : count * element_size);
}

static void iids_read(Bytes *b, uint32_t count, GArray *iids)
{
    Bytes array = array_read(b, count, 16);
    while (bytes_left(&array) && iids->len < MAX_IIDS) {
        Guid iid = guid_read(&array);
        g_array_append_val(iids, iid);
    }
}

/** Unsigned short count, then the conformant array of protocol sequences: the end of three requests. */
static void protseqs_skip(Bytes *b)
{
    uint16_t count = bytes_u16(b);
    (void) array_read(b, count, 2);
}

/** Type serialization version 1 (MS-RPCE 2.2.6): the headers, then an object whose offsets count from its start. */
static Bytes serialized_object_read(Bytes *b)
{
    Bytes common = bytes_sub(b, SERIALIZATION_HEADER_SIZE);
    common.big_endian = false;
    uint8_t version = bytes_u8(&common);
    uint8_t endianness = bytes_u8(&common);
    uint16_t length = bytes_u16(&common);
    if (version != 1 || endianness != 0x10 || length != SERIALIZATION_HEADER_SIZE)
        b->failed = true;
    Bytes private = bytes_sub(b, SERIALIZATION_HEADER_SIZE);
    return bytes_sub(b, bytes_u32(&private));
}

typedef struct {
    Guid clsid;
    Bytes object;
} Property;

/** The activation properties BLOB (MS-DCOM 2.2.22, 2.2.28) of an object reference of the given kind. Returns the number
 * of properties, 0 when malformed. */
static size_t properties_read(const Objref *objref, uint32_t iid, uint32_t clsid, Property properties[MAX_PROPERTIES])
{
    if (objref->kind != OBJREF_CUSTOM || !guid_is_dcom(&objref->iid, iid) || !guid_is_dcom(&objref->clsid, clsid))
        return 0;
    Bytes blob = bytes_init(objref->data, objref->data_len, false);
    uint32_t blob_size = bytes_u32(&blob);
    bytes_skip(&blob, 4);
    blob = bytes_sub(&blob, blob_size);

    Bytes after = blob; // the first property
    Bytes header = serialized_object_read(&blob);
    bytes_skip(&header, 4); // totalSize
    uint32_t header_size = bytes_u32(&header);
    bytes_skip(&header, 8);
    uint32_t count = bytes_u32(&header);
    bytes_skip(&header, 16); // classInfoClsid
    uint32_t clsids_ref = bytes_u32(&header);
    uint32_t sizes_ref = bytes_u32(&header);
    bytes_skip(&header, 4);
    if (header.failed || !clsids_ref || !sizes_ref || count > MAX_PROPERTIES)
        return 0;
    Bytes clsids = array_read(&header, count, 16);
    Bytes sizes = array_read(&header, count, 4);
    // The header may be longer than what is known of it.
    if (header_size < blob.pos)
        return 0;
    bytes_skip(&after, header_size);
    for (uint32_t i = 0; i < count; i++) {
        properties[i].clsid = guid_read(&clsids);
        Bytes property = bytes_sub(&after, bytes_u32(&sizes));
        properties[i].object = serialized_object_read(&property);
        after.failed |= property.failed;
    }
    return header.failed || after.failed ? 0 : count;
}

/** InstantiationInfoData (MS-DCOM 2.2.22.2.1) */
static bool instantiation_info_read(Bytes *b, ActivationRequest *out)
{
    out->clsid = guid_read(b);
    bytes_skip(b, 12);
    uint32_t iid_count = bytes_u32(b);
    bytes_skip(b, 4);
    uint32_t iids_ref = bytes_u32(b);
    bytes_skip(b, 8);
    if (iids_ref)
        iids_read(b, iid_count, out->iids);
    return !b->failed;
}

/** SecurityInfoData (MS-DCOM 2.2.22.2.7): only the COSERVERINFO's name is of interest. */
static bool security_info_read(Bytes *b, ActivationRequest *out)
{
    bytes_skip(b, 4);
    uint32_t server_info_ref = bytes_u32(b);
    bytes_skip(b, 4);
    if (!server_info_ref)
        return !b->failed;
    bytes_skip(b, 4);
    uint32_t name_ref = bytes_u32(b);
    bytes_skip(b, 8);
    if (b->failed)
        return false;
    // Servers do not look at the name, so that whatever stands there must not hide the class.
    if (name_ref)
        out->server_name = ndr_wstring_read(b, MAX_SERVER_NAME);
    return true;
}

static bool properties_in_read(const Objref *objref, ActivationRequest *out)
{
    Property properties[MAX_PROPERTIES];
    size_t count = properties_read(objref, IID_ACTIVATION_PROPERTIES_IN, CLSID_ACTIVATION_PROPERTIES_IN, properties);
    bool has_instantiation = false, has_security = false;
    for (size_t i = 0; i < count; i++) {
        Property *p = &properties[i];
        // Of two properties of one kind it is unknown which the server obeys.
        if (guid_is_dcom(&p->clsid, CLSID_INSTANTIATION_INFO)) {
            if (has_instantiation || !instantiation_info_read(&p->object, out))
                return false;
            has_instantiation = true;
        } else if (guid_is_dcom(&p->clsid, CLSID_SECURITY_INFO)) {
            if (has_security || !security_info_read(&p->object, out))
                return false;
            has_security = true;
        }
    }
    return has_instantiation;
}

/** RemoteGetClassObject and RemoteCreateInstance (MS-DCOM 3.1.2.5.2.3.2, 3.1.2.5.2.3.3). The latter has pUnkOuter in
 * front, which has to be NULL; so the first pointer that is not is pActProperties in either. */
static bool scm_request_read(Bytes *b, ActivationRequest *out)
{
    Objref objref;
    int got = ndr_interface_pointer_read(b, &objref);
    if (got == 0)
        got = ndr_interface_pointer_read(b, &objref);
    if (got != 1)
        return false;
    bool ok = properties_in_read(&objref, out);
    objref_clear(&objref);
    return ok;
}

/** RemoteActivation (MS-DCOM 3.1.2.5.2.3.1) */
static bool remote_activation_request_read(Bytes *b, ActivationRequest *out)
{
    out->clsid = guid_read(b);
    g_free(ndr_unique_wstring_read(b, MAX_SERVER_NAME)); // pwszObjectName: a persistent object, not a server
    Objref storage;
    int got = ndr_interface_pointer_read(b, &storage);
    if (got < 0)
        return false;
    if (got == 1)
        objref_clear(&storage);
    bytes_align(b, 4);
    bytes_skip(b, 8);
    uint32_t iid_count = bytes_u32(b);
    if (bytes_u32(b))
        iids_read(b, iid_count, out->iids);
    protseqs_skip(b);
    return !b->failed;
}

bool activation_request_read(Bytes *b, ActivationKind kind, ActivationRequest *out)
{
    *out = (ActivationRequest){.iids = g_array_new(FALSE, FALSE, sizeof(Guid))};
    OrpcThis orpc;
    if (orpc_this_read(b, &orpc)) {
        out->causality_id = orpc.causality_id;
        if (kind == ACTIVATION_SCM ? scm_request_read(b, out) : remote_activation_request_read(b, out))
            return true;
    }
    activation_request_clear(out);
    return false;
}

void activation_request_clear(ActivationRequest *r)
{
    if (r->iids)
        g_array_unref(r->iids);
    g_free(r->server_name);
    *r = (ActivationRequest){0};
}

static void bindings_replace(ActivationResponse *out, GPtrArray *bindings)
{
    if (!bindings)
        return;
    g_ptr_array_unref(out->bindings);
    out->bindings = bindings;
    out->has_endpoint = true;
}

/** DUALSTRINGARRAY behind a pointer's referent: its conformance comes first. */
static void ndr_dualstringarray_read(Bytes *b, ActivationResponse *out)
{
    bytes_align(b, 4);
    uint32_t max_count = bytes_u32(b);
    Bytes ahead = *b;
    if (bytes_u16(&ahead) != max_count)
        b->failed = true;
    bindings_replace(out, dualstringarray_read(b));
    ndr_padding_skip(b);
}

/** An array of `count` unique pointers to MInterfacePointer: the first of them into the entries of `out->interfaces`.
 */
static void interface_array_read(Bytes *b, uint32_t count, ActivationResponse *out)
{
    Bytes referents = array_read(b, count, 4);
    for (uint32_t i = 0; i < count && !b->failed; i++) {
        Objref objref;
        if (!bytes_u32(&referents) || !ndr_interface_data_read(b, &objref))
            continue;
        if (i < out->interfaces->len && objref.kind != OBJREF_CUSTOM) {
            ActivatedInterface *interface = &g_array_index(out->interfaces, ActivatedInterface, i);
            interface->ipid = objref.standard.ipid;
            interface->oxid = objref.standard.oxid;
            if (guid_is_null(&interface->iid)) // RemoteActivation: the IIDs stand in the request alone
                interface->iid = objref.iid;
        }
        objref_clear(&objref);
    }
}

static void results_read(Bytes *b, uint32_t count, ActivationResponse *out)
{
    Bytes array = array_read(b, count, 4);
    for (guint i = 0; i < out->interfaces->len; i++)
        g_array_index(out->interfaces, ActivatedInterface, i).status = bytes_u32(&array);
}

/** PropsOutInfo (MS-DCOM 2.2.22.2.9) */
static bool props_out_info_read(Bytes *b, ActivationResponse *out)
{
    uint32_t count = bytes_u32(b);
    uint32_t iids_ref = bytes_u32(b);
    uint32_t results_ref = bytes_u32(b);
    uint32_t interfaces_ref = bytes_u32(b);
    if (b->failed || !iids_ref)
        return !b->failed;
    GArray *iids = g_array_new(FALSE, FALSE, sizeof(Guid));
    iids_read(b, count, iids);
    for (guint i = 0; i < iids->len; i++) {
        ActivatedInterface interface = {.iid = g_array_index(iids, Guid, i)};
        g_array_append_val(out->interfaces, interface);
    }
    g_array_unref(iids);
    if (results_ref)
        results_read(b, count, out);
    if (interfaces_ref)
        interface_array_read(b, count, out);
    return !b->failed;
}

/** ScmReplyInfoData with its customREMOTE_REPLY_SCM_INFO (MS-DCOM 2.2.22.2.8) */
static bool scm_reply_info_read(Bytes *b, ActivationResponse *out)
{
    bytes_skip(b, 4);
    if (!bytes_u32(b))
        return !b->failed;
    out->oxid = bytes_u64(b);
    uint32_t bindings_ref = bytes_u32(b);
    out->ipid_remunknown = guid_read(b);
    bytes_skip(b, 8);
    if (bindings_ref)
        ndr_dualstringarray_read(b, out);
    return !b->failed;
}

static bool properties_out_read(const Objref *objref, ActivationResponse *out)
{
    Property properties[MAX_PROPERTIES];
    size_t count = properties_read(objref, IID_ACTIVATION_PROPERTIES_OUT, CLSID_ACTIVATION_PROPERTIES_OUT, properties);
    bool has_reply = false, has_output = false;
    for (size_t i = 0; i < count; i++) {
        Property *p = &properties[i];
        if (guid_is_dcom(&p->clsid, CLSID_SCM_REPLY_INFO)) {
            if (has_reply || !scm_reply_info_read(&p->object, out))
                return false;
            has_reply = true;
        } else if (guid_is_dcom(&p->clsid, CLSID_PROPS_OUT_INFO)) {
            if (has_output || !props_out_info_read(&p->object, out))
                return false;
            has_output = true;
        }
    }
    return count > 0;
}

static bool scm_response_read(Bytes *b, ActivationResponse *out)
{
    Objref objref;
    int got = ndr_interface_pointer_read(b, &objref);
    if (got < 0)
        return false;
    if (got == 1) {
        bool ok = properties_out_read(&objref, out);
        objref_clear(&objref);
        if (!ok)
            return false;
    }
    bytes_align(b, 4);
    out->status = bytes_u32(b);
    return !b->failed;
}

static bool remote_activation_response_read(Bytes *b, ActivationResponse *out)
{
    bytes_align(b, 8);
    out->oxid = bytes_u64(b);
    if (bytes_u32(b))
        ndr_dualstringarray_read(b, out);
    bytes_align(b, 4);
    out->ipid_remunknown = guid_read(b);
    bytes_skip(b, 8); // pAuthnHint, pServerVersion
    uint32_t result = bytes_u32(b);
    // How many interfaces were requested is the conformance of both arrays.
    Bytes ahead = *b;
    uint32_t count = bytes_u32(&ahead);
    g_array_set_size(out->interfaces, MIN(count, MAX_IIDS));
    interface_array_read(b, count, out);
    results_read(b, count, out);
    out->status = bytes_u32(b);
    if (!out->status)
        out->status = result;
    return !b->failed;
}

static void response_init(ActivationResponse *out)
{
    *out = (ActivationResponse){
        .bindings = g_ptr_array_new(),
        .interfaces = g_array_new(FALSE, TRUE, sizeof(ActivatedInterface)),
    };
}

bool activation_response_read(Bytes *b, ActivationKind kind, ActivationResponse *out)
{
    response_init(out);
    uint32_t flags;
    if (orpc_that_read(b, &flags) &&
        (kind == ACTIVATION_SCM ? scm_response_read(b, out) : remote_activation_response_read(b, out)))
        return true;
    activation_response_clear(out);
    return false;
}

void activation_response_clear(ActivationResponse *r)
{
    if (r->bindings)
        g_ptr_array_unref(r->bindings);
    if (r->interfaces)
        g_array_unref(r->interfaces);
    *r = (ActivationResponse){0};
}

bool oxid_response_read(Bytes *b, uint16_t opnum, ActivationResponse *out)
{
    if (opnum != OPNUM_RESOLVE_OXID && opnum != OPNUM_RESOLVE_OXID2)
        return false;
    response_init(out);
    if (bytes_u32(b))
        ndr_dualstringarray_read(b, out);
    out->ipid_remunknown = guid_read(b);
    bytes_skip(b, opnum == OPNUM_RESOLVE_OXID2 ? 8 : 4); // pAuthnHint, pComVersion
    out->status = bytes_u32(b);
    if (!b->failed)
        return true;
    activation_response_clear(out);
    return false;
}

bool oxid_request_read(Bytes *b, uint64_t *oxid)
{
    *oxid = bytes_u64(b);
    protseqs_skip(b);
    return !b->failed;
}
