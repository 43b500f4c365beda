// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/json-host.h"

#include "base/time.h"

void out_json_log_source(JsonWriter *w, const char *name, const LogSource *source)
{
    json_open_object(w, name);
    json_write_text(w, "kind", source->kind);
    json_write_text(w, "file", source->file);
    json_write_number(w, "event_id", source->event_id);
    json_write_number(w, "record", source->record);
    json_write_text(w, "reason", source->reason);
    json_close_object(w);
}

static void write_logon(JsonWriter *w, const Logon *logon)
{
    json_open_object(w, NULL);
    json_write_text(w, "time", logon->time);
    json_write_text(w, "host", logon->host);
    json_write_text(w, "user", logon->user);
    json_write_text(w, "domain", logon->domain);
    json_write_text(w, "logon_id", logon->logon_id);
    json_write_text(w, "package", logon->package);
    json_write_text(w, "type", logon->type);
    json_write_number(w, "source_port", logon->source_port);
    json_write_text(w, "target", logon->target);
    out_json_log_source(w, "source", &logon->source);
    json_close_object(w);
}

static void write_operation(JsonWriter *w, const Operation *operation)
{
    json_open_object(w, NULL);
    json_write_text(w, "time", operation->time);
    json_write_text(w, "host", operation->host);
    json_write_text(w, "operation", operation->operation);
    json_write_text(w, "namespace", operation->namespace_path);
    json_write_text(w, "user", operation->user);
    json_write_text(w, "status", operation->status);
    out_json_log_source(w, "source", &operation->source);
    json_close_object(w);
}

static void write_subscription(JsonWriter *w, const Subscription *subscription)
{
    json_open_object(w, NULL);
    json_write_text(w, "time", subscription->time);
    json_write_text(w, "host", subscription->host);
    json_write_text(w, "kind", subscription->kind);
    json_write_text(w, "name", subscription->name);
    json_write_text(w, "value", subscription->value);
    json_write_text(w, "consumer", subscription->consumer);
    json_write_text(w, "namespace", subscription->namespace_path);
    json_write_text(w, "user", subscription->user);
    out_json_log_source(w, "source", &subscription->source);
    json_close_object(w);
}

static void write_clock(JsonWriter *w, const Clock *clock)
{
    json_open_object(w, NULL);
    json_write_text(w, "host", clock->host);
    json_write_int(w, "ahead_ms", clock->skew / TIME_MILLISECOND);
    json_write_int(w, "samples", clock->samples);
    json_close_object(w);
}

void out_json_host_facts(JsonWriter *w, const HostFacts *facts)
{
    json_open_array(w, "logons");
    for (guint i = 0; facts && i < facts->logons->len; i++)
        write_logon(w, &g_array_index(facts->logons, Logon, i));
    json_close_array(w);
    json_open_array(w, "operations");
    for (guint i = 0; facts && i < facts->operations->len; i++)
        write_operation(w, &g_array_index(facts->operations, Operation, i));
    json_close_array(w);
    json_open_array(w, "subscriptions");
    for (guint i = 0; facts && i < facts->subscriptions->len; i++)
        write_subscription(w, &g_array_index(facts->subscriptions, Subscription, i));
    json_close_array(w);
    json_open_array(w, "clocks");
    for (guint i = 0; facts && i < facts->clocks->len; i++)
        write_clock(w, &g_array_index(facts->clocks, Clock, i));
    json_close_array(w);
}
