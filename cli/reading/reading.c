// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/reading.h"

#include "base/exit-status.h"
#include "base/warn.h"
#include "join/host-logs.h"
#include "reading/capture.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

void reading_options_init(ReadingOptions *options)
{
    options->min_confidence = CONFIDENCE_WMI;
    options->jobs = MIN(g_get_num_processors(), READING_MAX_JOBS);
    options->in_folders = g_hash_table_new(NULL, NULL);
    options->host_logs = g_ptr_array_new_with_free_func(g_free);
    options->captures = g_ptr_array_new_with_free_func(g_free);
}

void reading_options_clear(ReadingOptions *options)
{
    g_free(options->allow);
    g_clear_pointer(&options->select, select_free);
    g_free(options->tshark);
    g_free(options->keytab);
    g_free(options->password_file);
    g_free(options->output);
    g_hash_table_unref(options->in_folders);
    g_ptr_array_unref(options->host_logs);
    g_ptr_array_unref(options->captures);
}

static void fault_free(gpointer data)
{
    ReadingFault *fault = data;
    g_free(fault->path);
    g_free(fault->reason);
    g_free(fault);
}

int reading_open(Reading *reading, const ReadingOptions *options)
{
    *reading = (Reading){
        .options = options,
        .keys = KEYS_NONE,
        .inputs = capture_inputs_new(),
        .sets = g_ptr_array_new_with_free_func((GDestroyNotify) record_set_free),
        .faults = g_ptr_array_new_with_free_func(fault_free),
        .warnings = g_ptr_array_new_with_free_func(g_free),
        .others = g_hash_table_new(NULL, NULL),
    };
    g_autoptr(GError) error = NULL;
    reading->tshark = tshark_find(options->tshark, &error);
    bool logs_alone = options->captures->len == 0 && options->host_logs->len > 0;
    if (!reading->tshark && !logs_alone) {
        warn_user("%s", error->message);
        return COMMAND_UNABLE;
    }
    g_clear_error(&error);
    if (!keys_open(&reading->keys, options->keytab, options->password_file, &error)) {
        warn_user("%s", error->message);
        return COMMAND_UNABLE;
    }
    if (options->allow && !(reading->allow = allow_read(options->allow, &error))) {
        warn_user("%s", error->message);
        return COMMAND_UNABLE;
    }
    return COMMAND_MATCHED;
}

void reading_clear(Reading *reading)
{
    g_free(reading->tshark);
    keys_close(&reading->keys);
    g_clear_pointer(&reading->allow, allow_free);
    g_clear_pointer(&reading->digests, digests_free);
    g_clear_pointer(&reading->inputs, g_ptr_array_unref);
    g_clear_pointer(&reading->sets, g_ptr_array_unref);
    g_clear_pointer(&reading->faults, g_ptr_array_unref);
    g_clear_pointer(&reading->warnings, g_ptr_array_unref);
    g_clear_pointer(&reading->others, g_hash_table_unref);
}

/** Says why a read came to nothing. */
static int explain_failure(const GError *error)
{
    warn_user("%s", error->message);
    return COMMAND_UNABLE;
}

static void add_fault(Reading *reading, const char *path, const char *reason, bool unreadable)
{
    warn_user("%s: %s%s", strcmp(path, "-") == 0 ? "standard input" : path, reason,
              unreadable ? "" : ": what was found may not be all");
    ReadingFault *fault = g_new0(ReadingFault, 1);
    fault->path = g_strdup(path);
    fault->reason = g_strdup(reason);
    fault->unreadable = unreadable;
    g_ptr_array_add(reading->faults, fault);
}

static void take_warning(gpointer data, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void take_warning(gpointer data, const char *format, ...)
{
    Reading *reading = data;
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    warn_user("%s", text);
    g_ptr_array_add(reading->warnings, text);
}

void reading_tell_unanswered(Reading *reading, const GArray *unanswered)
{
    enum { SERVERS = 5 };
    uint64_t others = 0;
    for (guint i = 0; unanswered && i < unanswered->len; i++) {
        const UnansweredServer *server = &g_array_index(unanswered, UnansweredServer, i);
        if (i >= SERVERS) {
            others += server->counted;
            continue;
        }
        g_autofree char *ip = address_known(&server->ip) ? address_text(&server->ip) : g_strdup("further servers");
        take_warning(reading,
                     "%" PRIu64
                     " more Binds that ask %s port %u for DCOM or WMI, which nobody answered, are counted and "
                     "not listed: their senders' addresses may be forged",
                     server->counted, ip, server->port);
    }
    if (others > 0)
        take_warning(reading, "%" PRIu64 " more of other servers", others);
}

void reading_count(Reading *reading, const Record *record)
{
    if (record->allowed.rule)
        reading->allowed++;
    else
        reading->matched[record->confidence]++;
}

/** Whether the call asks for an object of a class. */
static bool is_activation(const RecordCall *call)
{
    static const char *const interfaces[] = {"ISystemActivator", "IRemoteActivation"};
    for (size_t i = 0; i < G_N_ELEMENTS(interfaces); i++) {
        if (g_strcmp0(call->interface, interfaces[i]) == 0)
            return true;
    }
    return false;
}

void reading_see(Reading *reading, const Record *record)
{
    ReadingSeen *seen = &reading->seen;
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        bool shut = call->sealed == ANSWER_YES && !call->decrypted;
        seen->sealed |= call->sealed == ANSWER_YES;
        seen->opened |= call->decrypted;
        seen->sealed_activations += shut && is_activation(call);
    }
    seen->connections[record->confidence]++;
}

void reading_select(Reading *reading, RecordSet *set)
{
    const ReadingOptions *options = reading->options;
    if (options->select)
        reading->left_out += select_apply(options->select, set, options->min_confidence);
}

/** Marks, counts and hands on the records of a set. */
static bool take_set(Reading *reading, RecordSet *set, ReadingFunc func, gpointer data)
{
    if (reading->allow)
        allow_apply(reading->allow, set);
    for (guint i = 0; i < set->records->len; i++) {
        reading_see(reading, g_ptr_array_index(set->records, i));
    }
    reading_select(reading, set);
    for (guint i = 0; i < set->records->len; i++) {
        const Record *record = g_ptr_array_index(set->records, i);
        if (record->confidence >= reading->options->min_confidence)
            reading_count(reading, record);
    }
    return !func || func(set, data);
}

/** Opens all captures that can be read; says what is wrong with the others. */
static void open_captures(Reading *reading)
{
    for (guint i = 0; i < reading->options->captures->len; i++) {
        const char *path = g_ptr_array_index(reading->options->captures, i);
        g_autoptr(GError) error = NULL;
        if (capture_inputs_add(reading->inputs, path, &error))
            continue;
        if (g_hash_table_contains(reading->options->in_folders, path) &&
            g_error_matches(error, CAPTURE_ERROR, CAPTURE_ERROR_OTHER)) {
            g_hash_table_add(reading->others, (gpointer) path);
        } else {
            add_fault(reading, path, error->message, true);
            reading->unreadable++;
        }
    }
}

/** The records of all captures. COMMAND_MATCHED when it came to the end. */
static int read_captures(Reading *reading, bool keep, ReadingFunc func, gpointer data)
{
    open_captures(reading);
    guint others = g_hash_table_size(reading->others);
    if (reading->inputs->len == 0 && others > 0)
        warn_user("%u %s in folders, and no capture", others, others == 1 ? "file" : "files");
    if (reading->inputs->len == 0)
        return COMMAND_MATCHED;
    const CaptureOptions how = {
        .tshark = reading->tshark,
        .keys = &reading->keys,
        .artifacts = !reading->options->no_artifacts,
        .everything = reading->options->everything,
        .jobs = reading->options->jobs,
        .progress = isatty(STDERR_FILENO),
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) unanswered = NULL;
    g_autoptr(RecordSet) set = capture_read(&how, reading->inputs, &reading->seen.scan, &unanswered, &error);
    if (!set)
        return explain_failure(error);
    reading_tell_unanswered(reading, unanswered);
    for (guint i = 0; i < set->files->len; i++) {
        const RecordFile *file = g_ptr_array_index(set->files, i);
        if (file->note)
            add_fault(reading, file->path, file->note, false);
        reading->unreadable += file->broken;
    }
    reading->read = set->files->len;
    bool join = reading->options->host_logs->len > 0;
    if (!join)
        (void) take_set(reading, set, func, data);
    if (keep || join)
        g_ptr_array_add(reading->sets, g_steal_pointer(&set));
    return COMMAND_MATCHED;
}

void reading_hash(Reading *reading)
{
    reading->digests = digests_new();
    const GPtrArray *const lists[] = {reading->options->captures, reading->options->host_logs};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint j = 0; j < lists[i]->len; j++)
            digests_add(reading->digests, g_ptr_array_index(lists[i], j));
    }
}

int reading_run(Reading *reading, bool keep, ReadingFunc func, gpointer data)
{
    const ReadingOptions *options = reading->options;
    bool join = options->host_logs->len > 0;
    int status = read_captures(reading, keep, func, data);
    if (status != COMMAND_MATCHED)
        return status;
    if (!join)
        return COMMAND_MATCHED;
    const HostLogs logs = {options->host_logs, options->in_folders, reading->others,
                           reading->tshark,    take_warning,        reading};
    g_autoptr(GError) error = NULL;
    if (options->captures->len == 0) {
        RecordSet *set = host_logs_list(&logs, &error);
        if (!set)
            return explain_failure(error);
        g_ptr_array_add(reading->sets, set);
        reading->read++;
    } else if (!host_logs_join(&logs, reading->sets, &error)) {
        return explain_failure(error);
    }
    for (guint i = 0; i < reading->sets->len; i++) {
        if (!take_set(reading, g_ptr_array_index(reading->sets, i), func, data))
            break;
    }
    return COMMAND_MATCHED;
}

guint reading_matches(const Reading *reading)
{
    return reading->matched[CONFIDENCE_RPCSS] + reading->matched[CONFIDENCE_DCOM] + reading->matched[CONFIDENCE_WMI];
}

guint reading_weaker(const Reading *reading, Confidence confidence)
{
    return confidence < reading->options->min_confidence ? reading->seen.connections[confidence] : 0;
}

int reading_status(const Reading *reading)
{
    if (reading->read == 0)
        return COMMAND_UNABLE;
    if (reading_matches(reading) > 0)
        return COMMAND_MATCHED;
    return reading->unreadable > 0 ? COMMAND_UNABLE : COMMAND_NO_MATCH;
}
