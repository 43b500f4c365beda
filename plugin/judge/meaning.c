// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/meaning.h"

#include "judge/keep.h"
#include "names/classes.h"
#include "wire/login.h"
#include "wire/services.h"

#define PROPERTIES_MAX 256 ///< kept of one object

static bool wmi_interface(const Interface *interface, WmiInterface *out)
{
    static const struct {
        const char *name;
        WmiInterface value;
    } known[] = {
        {"IWbemServices", WMI_SERVICES},       {"IEnumWbemClassObject", WMI_ENUM},
        {"IWbemCallResult", WMI_CALL_RESULT},  {"IWbemFetchSmartEnum", WMI_FETCH_SMART_ENUM},
        {"IWbemWCOSmartEnum", WMI_SMART_ENUM}, {"IWbemObjectSink", WMI_SINK},
        {"IWbemObjectSinkEx", WMI_SINK},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (strcmp(known[i].name, interface->name) != 0)
            continue;
        *out = known[i].value;
        return true;
    }
    return false;
}

static const char *path_class(wmem_allocator_t *pool, const char *path)
{
    size_t len;
    const char *class_name = path ? wmi_path_class(path, &len) : NULL;
    return class_name ? wmem_strndup(pool, class_name, len) : NULL;
}

static const Property *take_properties(wmem_allocator_t *pool, const WmioObject *object, unsigned *n)
{
    *n = MIN(object->properties->len, PROPERTIES_MAX);
    Property *properties = wmem_alloc_array(pool, Property, *n);
    for (unsigned i = 0; i < *n; i++) {
        const WmioProperty *p = g_ptr_array_index(object->properties, i);
        properties[i] = (Property){.name = keep_string(pool, p->name), .value = keep_string(pool, p->text)};
    }
    return properties;
}

static const char *property_value(const void *details, const char *name)
{
    const CallDetails *d = details;
    for (unsigned i = 0; i < d->n_properties; i++)
        if (g_ascii_strcasecmp(d->properties[i].name, name) == 0)
            return d->properties[i].value;
    return NULL;
}

/** What a process creation or an event consumer runs. */
static const char *find_command_line(const CallDetails *d)
{
    static const char *const names[] = {"CommandLine", "CommandLineTemplate", "ExecutablePath"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = property_value(d, names[i]);
        if (value)
            return value;
    }
    return NULL;
}

static void take_wmi_request(wmem_allocator_t *pool, CallDetails *d, WmiInterface interface, uint16_t opnum,
                             Bytes *stub)
{
    WmiRequest r;
    const char *why;
    if (!wmi_request_read(stub, interface, opnum, &r, &why)) {
        d->undecodable = why;
        return;
    }
    d->namespace_path = keep_string(pool, r.namespace_path);
    d->query = keep_string(pool, r.query);
    d->query_language = keep_string(pool, r.query_language);
    d->object_path = keep_string(pool, r.object_path);
    d->wmi_method = keep_string(pool, r.method);
    d->class_name = r.class_name ? keep_string(pool, r.class_name) : path_class(pool, r.object_path);
    if (r.object) {
        // The class of in-parameters is __PARAMETERS; what is called stands in the path.
        if (!r.method)
            d->class_name = keep_string(pool, r.object->class_name);
        d->properties = take_properties(pool, r.object, &d->n_properties);
        d->command_line = find_command_line(d);
    } else if (r.object_why) {
        d->undecodable = r.object_why;
    }
    wmi_request_clear(&r);
}

static void take_client(wmem_allocator_t *pool, CallDetails *d, const ClientInfo *c)
{
    d->has_client = true;
    d->client_host = keep_string(pool, c->machine);
    d->client_fqdn = keep_string(pool, c->fqdn);
    d->client_pid = c->pid;
    if (!c->process_start)
        return;
    uint32_t nsecs;
    d->has_client_start = true;
    d->client_start.secs = (time_t) filetime_to_unix(c->process_start, &nsecs);
    d->client_start.nsecs = (int) nsecs;
}

static bool is_method(const Interface *interface, uint16_t opnum, const char *name, uint16_t wanted)
{
    return opnum == wanted && strcmp(interface->name, name) == 0;
}

const CallDetails *meaning_of_request(wmem_allocator_t *pool, const Interface *interface, uint16_t opnum, Bytes *stub)
{
    CallDetails *d = wmem_new0(pool, CallDetails);
    WmiInterface wmi;
    const char *why = NULL; // a decoder may set it on the way to success
    bool ok = true;
    bool is_client_info = is_method(interface, opnum, "IWbemLoginClientID", 3);
    if (is_client_info || is_method(interface, opnum, "IWbemLoginClientIDEx", 3)) {
        ClientInfo c;
        ok = (is_client_info ? client_info_read : client_info_ex_read)(stub, &c, &why);
        if (ok) {
            take_client(pool, d, &c);
            client_info_clear(&c);
        }
    } else if (is_method(interface, opnum, "IWbemLevel1Login", 3)) {
        OrpcThis orpc;
        ok = establish_position_request_read(stub, &orpc, &why);
    } else if (is_method(interface, opnum, "IWbemLevel1Login", 6)) {
        NtlmLoginRequest r;
        ok = ntlm_login_request_read(stub, &r, &why);
        if (ok) {
            d->namespace_path = keep_string(pool, r.resource);
            d->locale = keep_string(pool, r.locale);
            ntlm_login_request_clear(&r);
        }
    } else if (wmi_interface(interface, &wmi) && wmi_method_known(wmi, opnum)) {
        take_wmi_request(pool, d, wmi, opnum, stub);
    } else {
        return NULL;
    }
    if (!ok)
        d->undecodable = why;
    return d;
}

static void add_reference(wmem_allocator_t *pool, CallOutcome *o, const Objref *objref)
{
    struct Reference *grown = wmem_alloc_array(pool, struct Reference, o->n_references + 1);
    for (unsigned i = 0; i < o->n_references; i++)
        grown[i] = o->references[i];
    grown[o->n_references++] = (struct Reference){.iid = objref->iid, .ipid = objref->standard.ipid};
    o->references = grown;
}

static void take_wmi_response(wmem_allocator_t *pool, CallOutcome *o, WmiInterface interface, uint16_t opnum,
                              Bytes *stub)
{
    WmiResponse r;
    const char *why;
    if (!wmi_response_read(stub, interface, opnum, &r, &why)) {
        o->undecodable = why;
        return;
    }
    o->has_status = true;
    o->status = r.status;
    o->has_operation_status = r.has_operation_status;
    o->operation_status = r.operation_status;
    o->text = keep_string(pool, r.text);
    if (r.has_reference && r.reference.kind == OBJREF_STANDARD)
        add_reference(pool, o, &r.reference);
    if (r.has_call_result && r.call_result.kind == OBJREF_STANDARD)
        add_reference(pool, o, &r.call_result);
    // What GetObject reads is mostly a class definition; only what a method gave back is of interest.
    if (r.object && interface == WMI_SERVICES && opnum == 24)
        o->properties = take_properties(pool, r.object, &o->n_properties);
    wmi_response_clear(&r);
}

const CallOutcome *meaning_of_response(wmem_allocator_t *pool, const Interface *interface, uint16_t opnum, Bytes *stub)
{
    CallOutcome *o = wmem_new0(pool, CallOutcome);
    WmiInterface wmi;
    const char *why = NULL;
    bool ok = true;
    if (is_method(interface, opnum, "IWbemLevel1Login", 6)) {
        NtlmLoginResponse r;
        ok = ntlm_login_response_read(stub, &r, &why);
        if (ok) {
            o->has_status = true;
            o->status = r.status;
            if (r.has_services && r.services.kind == OBJREF_STANDARD)
                add_reference(pool, o, &r.services);
            ntlm_login_response_clear(&r);
        }
    } else if (wmi_interface(interface, &wmi) && wmi_method_known(wmi, opnum)) {
        take_wmi_response(pool, o, wmi, opnum, stub);
    } else {
        ok = stub_last_status_read(stub, &o->status, &why);
        o->has_status = ok;
    }
    if (!ok)
        o->undecodable = why;
    return o;
}

unsigned meaning_techniques(const Method *method, const CallDetails *details, const char *namespace_path,
                            ShownTechnique shown[SHOWN_TECHNIQUES_MAX])
{
    KnownCall call = {
        .interface = method->interface,
        .method = method->name,
        .namespace_path = namespace_path,
    };
    if (details) {
        call.class_name = details->class_name;
        call.object_path = details->object_path;
        call.wmi_method = details->wmi_method;
        call.query = details->query;
        call.parameter = property_value;
        call.parameters = details;
    }
    return techniques_shown(&call, shown);
}
