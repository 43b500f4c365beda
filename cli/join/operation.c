// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/operation.h"

#include "record/techniques.h"

#include <string.h>

static Slice strip(Slice text)
{
    while (text.len > 0 && g_ascii_isspace(text.text[0])) {
        text.text++;
        text.len--;
    }
    while (text.len > 0 && g_ascii_isspace(text.text[text.len - 1]))
        text.len--;
    return text;
}

static Slice without_suffix(Slice text, const char *suffix)
{
    size_t len = strlen(suffix);
    if (text.len > len && memcmp(text.text + text.len - len, suffix, len) == 0)
        text.len -= len;
    return text;
}

bool wmi_operation_parse(Slice text, WmiOperation *operation)
{
    static const char interface[] = "IWbemServices::";
    const char *found = slice_find(text, interface);
    if (!found)
        return false;
    const char *end = text.text + text.len, *method = found + strlen(interface), *at = method;
    while (at < end && g_ascii_isalnum(*at))
        at++;
    Slice name = {method, (size_t) (at - method)};
    *operation = (WmiOperation){.method = without_suffix(name, "Async")};
    Slice rest = {at, (size_t) (end - at)};
    const char *dash = slice_find(rest, "- ");
    const char *colon = slice_find(rest, " : ");
    if (dash && colon && dash + 2 <= colon) { // they can share a blank
        operation->namespace_path = strip((Slice){dash + 2, (size_t) (colon - dash - 2)});
        operation->subject = strip((Slice){colon + 3, (size_t) (end - colon - 3)});
    }
    return name.len > 0;
}

bool wmi_operation_is_call(const WmiOperation *operation, const RecordCall *call)
{
    if (g_strcmp0(call->interface, "IWbemServices") != 0 || !call->method)
        return false;
    Slice method = without_suffix(slice(call->method), "Async");
    return slice_equal(method, operation->method);
}

static void tell(const char **place, Texts *texts, Slice text)
{
    if (!*place && text.len > 0)
        *place = texts_keep_slice(texts, text);
}

/** "Win32_Process::Create" or, of one instance, "Win32_Process.Handle="1"::Terminate". */
static void tell_method(Slice subject, RecordCall *call, Texts *texts)
{
    const char *colons = NULL;
    for (size_t i = subject.len; i >= 2 && !colons; i--) {
        if (memcmp(subject.text + i - 2, "::", 2) == 0)
            colons = subject.text + i - 2;
    }
    if (!colons)
        return;
    Slice path = {subject.text, (size_t) (colons - subject.text)};
    Slice method = {colons + 2, subject.len - path.len - 2};
    Slice class_name = path;
    for (size_t i = 0; i < path.len; i++) {
        if (strchr(".=", path.text[i])) {
            class_name.len = i;
            break;
        }
    }
    tell(&call->object_path, texts, path);
    tell(&call->class_name, texts, class_name);
    tell(&call->wmi_method, texts, method);
}

void wmi_operation_tell(const WmiOperation *operation, RecordCall *call, Texts *texts, const char *source)
{
    Slice subject = operation->subject;
    if (slice_is(operation->method, "ExecQuery") || slice_is(operation->method, "ExecNotificationQuery"))
        tell(&call->query, texts, subject);
    else if (slice_is(operation->method, "ExecMethod"))
        tell_method(subject, call, texts);
    else if (slice_is(operation->method, "GetObject") || slice_is(operation->method, "DeleteInstance"))
        tell(&call->object_path, texts, subject);
    else if (slice_has_prefix(operation->method, "Create") || slice_is(operation->method, "DeleteClass") ||
             slice_has_prefix(operation->method, "Put"))
        tell(&call->class_name, texts, subject);
    tell(&call->namespace_path, texts, operation->namespace_path);
    call->content_source = source;
    call_set_techniques(call);
}
