// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/meaning.h"

#include "judge/file-scope.h"
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

/** Class in an object path: "\\server\root\cimv2:Win32_Process.Handle=4" gives Win32_Process (MS-WMI 2.2.2). */
static const char *path_class(const char *path)
{
    if (!path)
        return NULL;
    // A key may contain a colon; the namespace's colon stands before the first sign of a key.
    size_t end = strcspn(path, ".=");
    const char *start = path;
    for (size_t i = 0; i < end; i++)
        if (path[i] == ':')
            start = path + i + 1;
    end = strcspn(start, ".=");
    return end ? wmem_strndup(wmem_file_scope(), start, end) : NULL;
}

static const Property *take_properties(const WmioObject *object, unsigned *n)
{
    *n = MIN(object->properties->len, PROPERTIES_MAX);
    Property *properties = wmem_alloc_array(wmem_file_scope(), Property, *n);
    for (unsigned i = 0; i < *n; i++) {
        const WmioProperty *p = g_ptr_array_index(object->properties, i);
        properties[i] = (Property){.name = file_string(p->name), .value = file_string(p->text)};
    }
    return properties;
}

static const char *property_value(const CallDetails *d, const char *name)
{
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

static void take_wmi_request(CallDetails *d, WmiInterface interface, uint16_t opnum, Bytes *stub)
{
    WmiRequest r;
    const char *why;
    if (!wmi_request_read(stub, interface, opnum, &r, &why)) {
        d->undecodable = why;
        return;
    }
    d->namespace_path = file_string(r.namespace_path);
    d->query = file_string(r.query);
    d->query_language = file_string(r.query_language);
    d->object_path = file_string(r.object_path);
    d->wmi_method = file_string(r.method);
    d->class_name = r.class_name ? file_string(r.class_name) : path_class(r.object_path);
    if (r.object) {
        // The class of in-parameters is __PARAMETERS; what is called stands in the path.
        if (!r.method)
            d->class_name = file_string(r.object->class_name);
        d->properties = take_properties(r.object, &d->n_properties);
        d->command_line = find_command_line(d);
    } else if (r.object_why) {
        d->undecodable = r.object_why;
    }
    wmi_request_clear(&r);
}

static void take_client(CallDetails *d, const ClientInfo *c)
{
    d->has_client = true;
    d->client_host = file_string(c->machine);
    d->client_fqdn = file_string(c->fqdn);
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

const CallDetails *meaning_of_request(const Interface *interface, uint16_t opnum, Bytes *stub)
{
    CallDetails *d = wmem_new0(wmem_file_scope(), CallDetails);
    WmiInterface wmi;
    const char *why = NULL; // a decoder may set it on the way to success
    bool ok = true;
    bool is_client_info = is_method(interface, opnum, "IWbemLoginClientID", 3);
    if (is_client_info || is_method(interface, opnum, "IWbemLoginClientIDEx", 3)) {
        ClientInfo c;
        ok = (is_client_info ? client_info_read : client_info_ex_read)(stub, &c, &why);
        if (ok) {
            take_client(d, &c);
            client_info_clear(&c);
        }
    } else if (is_method(interface, opnum, "IWbemLevel1Login", 3)) {
        OrpcThis orpc;
        ok = establish_position_request_read(stub, &orpc, &why);
    } else if (is_method(interface, opnum, "IWbemLevel1Login", 6)) {
        NtlmLoginRequest r;
        ok = ntlm_login_request_read(stub, &r, &why);
        if (ok) {
            d->namespace_path = file_string(r.resource);
            d->locale = file_string(r.locale);
            ntlm_login_request_clear(&r);
        }
    } else if (wmi_interface(interface, &wmi) && wmi_method_known(wmi, opnum)) {
        take_wmi_request(d, wmi, opnum, stub);
    } else {
        return NULL;
    }
    if (!ok)
        d->undecodable = why;
    return d;
}

static void add_reference(CallOutcome *o, const Objref *objref)
{
    struct Reference *grown = wmem_alloc_array(wmem_file_scope(), struct Reference, o->n_references + 1);
    for (unsigned i = 0; i < o->n_references; i++)
        grown[i] = o->references[i];
    grown[o->n_references++] = (struct Reference){.iid = objref->iid, .ipid = objref->standard.ipid};
    o->references = grown;
}

static void take_wmi_response(CallOutcome *o, WmiInterface interface, uint16_t opnum, Bytes *stub)
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
    o->text = file_string(r.text);
    if (r.has_reference && r.reference.kind == OBJREF_STANDARD)
        add_reference(o, &r.reference);
    if (r.has_call_result && r.call_result.kind == OBJREF_STANDARD)
        add_reference(o, &r.call_result);
    // What GetObject reads is mostly a class definition; only what a method gave back is of interest.
    if (r.object && interface == WMI_SERVICES && opnum == 24)
        o->properties = take_properties(r.object, &o->n_properties);
    wmi_response_clear(&r);
}

const CallOutcome *meaning_of_response(const Interface *interface, uint16_t opnum, Bytes *stub)
{
    CallOutcome *o = wmem_new0(wmem_file_scope(), CallOutcome);
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
                add_reference(o, &r.services);
            ntlm_login_response_clear(&r);
        }
    } else if (wmi_interface(interface, &wmi) && wmi_method_known(wmi, opnum)) {
        take_wmi_response(o, wmi, opnum, stub);
    } else {
        ok = stub_last_status_read(stub, &o->status, &why);
        o->has_status = ok;
    }
    if (!ok)
        o->undecodable = why;
    return o;
}

static bool is_subscription_class(const char *name)
{
    return g_ascii_strcasecmp(name, "__EventFilter") == 0 ||
           g_ascii_strcasecmp(name, "__FilterToConsumerBinding") == 0 ||
           (strlen(name) > 13 && g_ascii_strcasecmp(name + strlen(name) - 13, "EventConsumer") == 0);
}

bool meaning_namespace_ends_in(const char *namespace_path, const char *last)
{
    const char *start = namespace_path;
    for (const char *p = namespace_path; *p; p++)
        if (*p == '\\' || *p == '/')
            start = p + 1;
    return g_ascii_strcasecmp(start, last) == 0;
}

const char *meaning_technique(const Method *method, const CallDetails *details, const char *namespace_path)
{
    if (strcmp(method->interface, "IWbemServices") != 0)
        return NULL;
    if (strcmp(method->stage, "execute") == 0)
        return "T1047";
    bool writes_instance = method->opnum == 14 || method->opnum == 15;
    if (!writes_instance)
        return NULL;
    bool in_subscription = namespace_path && meaning_namespace_ends_in(namespace_path, "subscription");
    bool of_subscription = details && details->class_name && is_subscription_class(details->class_name);
    return in_subscription || of_subscription ? "T1546.003" : NULL;
}
