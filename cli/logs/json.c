// SPDX-License-Identifier: GPL-2.0-or-later
// Events as JSON lines, one an event, in the forms of NXLog (flat), winlogbeat (ECS) and evtx_dump.

#include "base/json-scan.h"
#include "base/number.h"
#include "logs/reader.h"

#include <string.h>

typedef struct {
    const char *path;
    HostField field;
} PathField;

/** NXLog: a flat object of what the system and the event say. Winlogbeat has some members there, too; its @timestamp is
 *  the event's time, the only one it tells. */
static const PathField flat_paths[] = {
    {"Channel", FIELD_CHANNEL},
    {"SourceName", FIELD_PROVIDER},
    {"EventID", FIELD_EVENT_ID},
    {"RecordNumber", FIELD_RECORD},
    {"Hostname", FIELD_COMPUTER},
    {"EventTime", FIELD_TIME},
    {"@timestamp", FIELD_INGESTED},
    {"EventReceivedTime", FIELD_RECEIVED},
    {"ExecutionProcessID", FIELD_EXECUTION_PID},
    {"Message", FIELD_MESSAGE},
    {"message", FIELD_MESSAGE},
};

static const PathField ecs_paths[] = {
    {"winlog.channel", FIELD_CHANNEL},
    {"winlog.provider_name", FIELD_PROVIDER},
    {"winlog.event_id", FIELD_EVENT_ID},
    {"event.code", FIELD_EVENT_ID},
    {"winlog.record_id", FIELD_RECORD},
    {"winlog.computer_name", FIELD_COMPUTER},
    {"winlog.process.pid", FIELD_EXECUTION_PID},
    // Some of its modules move the event's own values to these.
    {"process.pid", FIELD_PROCESS_ID},
    {"process.executable", FIELD_IMAGE},
    {"process.command_line", FIELD_COMMAND_LINE},
    {"process.entity_id", FIELD_PROCESS_GUID},
    {"process.parent.pid", FIELD_PARENT_PROCESS_ID},
    {"process.parent.executable", FIELD_PARENT_IMAGE},
    {"process.parent.entity_id", FIELD_PARENT_PROCESS_GUID},
    {"source.ip", FIELD_SOURCE_IP},
    {"source.port", FIELD_SOURCE_PORT},
    {"destination.ip", FIELD_DESTINATION_IP},
    {"destination.port", FIELD_DESTINATION_PORT},
    {"network.transport", FIELD_PROTOCOL},
    {"user.name", FIELD_USER},
    {"user.domain", FIELD_USER_DOMAIN},
};

/** evtx_dump: the XML as objects; attributes stand in "#attributes", or in NAME_attributes. */
static const PathField dump_paths[] = {
    {"Event.System.Channel", FIELD_CHANNEL},
    {"Event.System.Provider.#attributes.Name", FIELD_PROVIDER},
    {"Event.System.Provider_attributes.Name", FIELD_PROVIDER},
    {"Event.System.EventID", FIELD_EVENT_ID},
    {"Event.System.EventID.#text", FIELD_EVENT_ID},
    {"Event.System.EventRecordID", FIELD_RECORD},
    {"Event.System.Computer", FIELD_COMPUTER},
    {"Event.System.TimeCreated.#attributes.SystemTime", FIELD_TIME},
    {"Event.System.TimeCreated_attributes.SystemTime", FIELD_TIME},
    {"Event.System.Execution.#attributes.ProcessID", FIELD_EXECUTION_PID},
    {"Event.System.Execution_attributes.ProcessID", FIELD_EXECUTION_PID},
};

static bool set_path(HostFields *fields, const PathField *paths, size_t count, const JsonValue *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(paths[i].path) == value->path_len && memcmp(paths[i].path, value->path, value->path_len) == 0) {
            host_fields_set(fields, paths[i].field, json_scan_text(value));
            return true;
        }
    }
    return false;
}

static bool below(const JsonValue *value, const char *prefix)
{
    size_t len = strlen(prefix);
    return value->path_len > len && memcmp(value->path, prefix, len) == 0;
}

static void take(HostFields *fields, const JsonValue *value)
{
    if (below(value, "winlog.event_data.") || below(value, "winlog.user_data.")) {
        host_fields_data(fields, value->name, json_scan_text(value));
    } else if (below(value, "Event.EventData.") || below(value, "Event.UserData.")) {
        if (slice_is(value->name, "#text") || slice_is(value->name, "Data"))
            host_fields_parameter(fields, json_scan_text(value));
        else
            host_fields_data(fields, value->name, json_scan_text(value));
    } else if (below(value, "Event.")) {
        (void) set_path(fields, dump_paths, G_N_ELEMENTS(dump_paths), value);
    } else if (value->name.len != value->path_len) {
        (void) set_path(fields, ecs_paths, G_N_ELEMENTS(ecs_paths), value);
    } else if (!set_path(fields, flat_paths, G_N_ELEMENTS(flat_paths), value)) {
        host_fields_data(fields, value->name, json_scan_text(value));
    }
}

/** False when the line is no JSON object. */
static bool read_line(char *line, size_t len, HostFields *fields)
{
    JsonScan scan;
    JsonValue value;
    host_fields_clear(fields);
    json_scan_init(&scan, line, len);
    while (json_scan_next(&scan, &value))
        take(fields, &value);
    return !scan.failed;
}

// Most lines need not be read: their event id says so.

/** The number after `key`, which ends with the quote of a member's name; NUMBER_UNKNOWN when it does not stand there. */
static int64_t find_id(const char *line, size_t len, const char *key)
{
    size_t key_len = strlen(key);
    const char *end = line + len, *at = memmem(line, len, key, key_len);
    if (!at)
        return NUMBER_UNKNOWN;
    at += key_len;
    while (at < end && (*at == ' ' || *at == ':' || *at == '"'))
        at++;
    const char *start = at;
    while (at < end && g_ascii_isdigit(*at))
        at++;
    return number_parse((Slice){start, (size_t) (at - start)});
}

/** Whether the line can hold a wanted event. A quote in a text value has a backslash before it: only names match. */
static bool may_be_wanted(const char *line, size_t len, unsigned wanted)
{
    int64_t id = find_id(line, len, "\"EventID\"");
    if (id < 0)
        id = find_id(line, len, "event_id\"");
    return id < 0 || (host_event_kinds(id) & wanted) != 0;
}

static bool read_json(HostReading *reading, GError **error)
{
    (void) error;
    char *line;
    size_t len;
    HostLine status;
    HostFields fields;
    int64_t number = 0;
    while ((status = host_input_line(reading->input, &line, &len)) != HOST_LINE_END) {
        number++;
        if (status == HOST_LINE_TOO_LONG) {
            reading->stats->damaged++;
            continue;
        }
        if (len == 0)
            continue;
        if (line[len - 1] == '}' && !may_be_wanted(line, len, reading->wanted))
            continue;
        HostEvent event;
        if (!read_line(line, len, &fields)) {
            reading->stats->damaged++;
            continue;
        }
        if (!host_event_make(&fields, reading->wanted, reading->shown, &event))
            continue;
        if (event.source.record < 0)
            event.source.record = number;
        host_reading_give(reading, &event);
    }
    return true;
}

static bool is_event_line(const char *line, size_t len)
{
    g_autofree char *copy = g_strndup(line, len);
    HostFields fields;
    return read_line(copy, len, &fields) && host_field(&fields, FIELD_EVENT_ID).text &&
           (host_field(&fields, FIELD_CHANNEL).text || host_field(&fields, FIELD_PROVIDER).text);
}

static bool recognise_json(const char *text, size_t len)
{
    Slice head = {text, len}, line;
    for (guint count = 0; host_head_line(&head, &count, &line);) {
        if (is_event_line(line.text, line.len))
            return true;
        // A line that is longer than the head: its beginning must do.
        bool cut = head.len == 0 && len >= HOST_INPUT_HEAD;
        if (cut && slice_has_prefix(line, "{") && (slice_find(line, "\"EventID\"") || slice_find(line, "event_id\"")))
            return true;
    }
    return false;
}

const HostReader host_reader_json = {
    .name = "JSON lines",
    .expected = "Windows events as JSON lines (winlogbeat, NXLog, evtx_dump)",
    .recognise = recognise_json,
    .read = read_json,
};
