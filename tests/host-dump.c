// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: what the readers of hosts' logs make of a file, one JSON object an event, then one about the file.
// host-dump FILE [TSHARK]

#include "base/json-write.h"
#include "logs/read.h"

#include <stdio.h>

static void write_text(JsonWriter *w, const char *name, Slice text)
{
    g_autofree char *valid = text.text ? g_utf8_make_valid(text.text, (gssize) text.len) : NULL;
    json_write_text(w, name, valid);
}

static void write_time(JsonWriter *w, const char *name, int64_t time)
{
    g_autofree char *text = time == NUMBER_UNKNOWN ? NULL : time_text(time);
    json_write_text(w, name, text);
}

static void write_address(JsonWriter *w, const char *name, const Address *address)
{
    g_autofree char *text = address_known(address) ? address_text(address) : NULL;
    json_write_text(w, name, text);
}

static void write_event(const HostEvent *e, gpointer data)
{
    (void) data;
    static const char *const sides[] = {NULL, "client", "server"};
    JsonWriter w = {.stream = stdout};
    json_open_object(&w, NULL);
    json_write_text(&w, "log", e->source.log);
    json_write_int(&w, "id", e->source.id);
    json_write_int(&w, "record", e->source.record);
    write_text(&w, "host", e->host);
    write_time(&w, "time", e->time);
    json_write_bool(&w, "zoned", e->zoned);
    json_write_text(&w, "side", sides[e->side]);
    write_address(&w, "from", &e->from);
    json_write_int(&w, "from_port", e->from_port);
    write_address(&w, "to", &e->to);
    json_write_int(&w, "to_port", e->to_port);
    json_write_int(&w, "pid", e->pid);
    json_write_int(&w, "parent_pid", e->parent_pid);
    json_write_int(&w, "logon_id", (int64_t) e->logon_id);
    json_write_int(&w, "opnum", e->opnum);
    write_time(&w, "process_start", e->process_start);
    const struct {
        const char *name;
        Slice text;
    } texts[] = {
        {"image", e->image},
        {"command_line", e->command_line},
        {"parent_image", e->parent_image},
        {"guid", e->guid},
        {"parent_guid", e->parent_guid},
        {"user", e->user},
        {"domain", e->domain},
        {"package", e->package},
        {"logon_type", e->logon_type},
        {"client", e->client},
        {"client_fqdn", e->client_fqdn},
        {"operation", e->operation},
        {"namespace", e->namespace_path},
        {"status", e->status},
        {"item", e->item},
        {"item_name", e->item_name},
        {"item_value", e->item_value},
        {"target", e->target},
        {"uuid", e->uuid},
        {"protocol", e->protocol},
        {"endpoint", e->endpoint},
        {"address", e->address},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        write_text(&w, texts[i].name, texts[i].text);
    json_close_object(&w);
    (void) putchar('\n');
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void) fprintf(stderr, "host-dump FILE [TSHARK]\n");
        return 2;
    }
    g_autoptr(GError) error = NULL;
    g_auto(HostReadStats) stats = {0};
    if (!host_read(argv[1], argc > 2 ? argv[2] : "tshark", HOST_EVENT_ALL, write_event, NULL, &stats, &error)) {
        (void) fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    JsonWriter w = {.stream = stdout};
    json_open_object(&w, NULL);
    json_write_text(&w, "kind", stats.kind);
    json_write_int(&w, "events", (int64_t) stats.events);
    json_write_int(&w, "damaged", (int64_t) stats.damaged);
    json_write_text(&w, "note", stats.note);
    json_close_object(&w);
    (void) putchar('\n');
    return 0;
}
