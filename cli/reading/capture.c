// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/capture.h"

#include "event/event.h"
#include "reading/anomalies.h"
#include "reading/led.h"
#include "record/artifacts.h"

#include "scan/feed.h"
#include "tshark/plugin-files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(car - capture - error - quark, capture_error)

/** What the result depends on, should a default be another. */
static const char *const preferences[] = {
    "ip.defragment:TRUE",
    "ip.check_checksum:FALSE",
    "ipv6.defragment:TRUE",
    "tcp.check_checksum:FALSE",
    "tcp.analyze_sequence_numbers:TRUE",
    "tcp.desegment_tcp_streams:TRUE",
    // A port that one end happens to have must not decide what a connection is.
    "tcp.try_heuristic_first:TRUE",
    // Core would wait for a packet that was lost, and show nothing more of that direction.
    "tcp.reassemble_out_of_order:FALSE",
    "dcerpc.desegment_dcerpc:TRUE",
    // The judge puts fragments together by itself; core looks through all of a call's for each one.
    "dcerpc.reassemble_dcerpc:FALSE",
    // Memory for what nobody asks for.
    "tcp.calculate_timestamps:FALSE",
    "tcp.track_bytes_in_flight:FALSE",
};

/** What cannot tell the plugin anything, and takes long on captures of an attacker: the plugin's judge reads the stubs of DCOM
 *  by itself. Wireshark has had these names since before 4.0; later versions refuse those that they do not know. SMB stays. */
static const char *const disabled[] = {
    "isystemactivator",
    "remact",
    "oxid",
    "remunk",
    "remunk2",
    "dispatch", // core's DCOM: the square of activations
    "epm",
    "samr",
    "lsarpc",
    "drsuapi",
    "rpc_netlogon",
    "svcctl",
    "srvsvc",
    "winreg",
    "tls",
    "http", // a line without end would be put together, and again with each segment
};

/** The same when there are keys; the child finds them in the file that it is handed. */
static const char *const key_preferences[] = {
    "kerberos.decrypt:TRUE",
    "kerberos.file:" TSHARK_FILE,
};

static void add_preferences(GPtrArray *argv, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_ptr_array_add(argv, g_strdup("-o"));
        g_ptr_array_add(argv, g_strdup(list[i]));
    }
}

/** What both kinds of runs begin with. */
static GPtrArray *begin_argv(const char *tshark, const Keys *keys)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup(tshark));
    g_ptr_array_add(argv, g_strdup("-n"));
    add_preferences(argv, preferences, G_N_ELEMENTS(preferences));
    if (keys->fd >= 0)
        add_preferences(argv, key_preferences, G_N_ELEMENTS(key_preferences));
    return argv;
}

/** What the packets of SMB are printed by. */
static void add_smb_options(GPtrArray *argv)
{
    const char *const fixed[] = {"-Y", smb_messages_filter, "-T", "pdml", "-J", smb_messages_protocols};
    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
        g_ptr_array_add(argv, g_strdup(fixed[i]));
}

/** `smb`: events and packets of SMB in one run. */
static GPtrArray *make_argv(const char *tshark, const Keys *keys, const char *path, bool smb)
{
    GPtrArray *argv = begin_argv(tshark, keys);
    if (smb)
        add_smb_options(argv);
    else
        g_ptr_array_add(argv, g_strdup("-q"));
    for (size_t i = 0; i < G_N_ELEMENTS(disabled); i++) {
        g_ptr_array_add(argv, g_strdup("--disable-protocol"));
        g_ptr_array_add(argv, g_strdup(disabled[i]));
    }
    g_ptr_array_add(argv, g_strdup("-z"));
    g_ptr_array_add(argv, g_strdup("car,events"));
    g_ptr_array_add(argv, g_strdup("-r"));
    bool looks_like_option = path[0] == '-' && path[1] != '\0';
    g_ptr_array_add(argv, looks_like_option ? g_build_filename(".", path, NULL) : g_strdup(path));
    g_ptr_array_add(argv, NULL);
    return argv;
}

static bool check_file(const char *path, GError **error)
{
    if (strcmp(path, "-") == 0)
        return true;
    struct stat st;
    const char *fault = NULL;
    if (stat(path, &st) != 0)
        fault = errno == ENOENT ? "does not exist" : g_strerror(errno);
    else if (S_ISDIR(st.st_mode))
        fault = "is a directory: name the captures in it";
    else if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
        fault = "is neither a file nor a pipe";
    else if (S_ISREG(st.st_mode) && st.st_size == 0)
        fault = "is empty";
    else if (access(path, R_OK) != 0)
        fault = errno == EACCES ? "may not be read by you (permission denied)" : g_strerror(errno);
    if (fault)
        g_set_error_literal(error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE, fault);
    return !fault;
}

/** Why the records are not all that the capture holds; NULL when they are. */
static char *make_note(const EventStream *stream, const TsharkEnd *end, const char *path)
{
    if (end->status != 0 || !stream->done)
        return tshark_explain(end, path);
    if (stream->forgotten > 0 && !stream->full)
        return g_strdup_printf("more was found than is kept: %u connections in which nothing was executed, written or "
                               "deleted are left out, unanswered ones first",
                               stream->forgotten);
    if (stream->full)
        return g_strdup("more was found than is kept: the last part is missing");
    if (stream->malformed || end->lines_cut)
        return g_strdup_printf("%u of the plugin's events could not be understood", stream->malformed + end->lines_cut);
    return NULL;
}

/** Where events go. */
typedef struct {
    EventFold *fold;
    Progress *progress;   ///< may be NULL
    Artifacts *artifacts; ///< NULL: SMB is not read beside the rest
    Feed *feed;           ///< from which tshark reads; NULL: from a file, or from somebody else
} Sink;

static void take_line(const char *line, size_t len, gpointer data)
{
    Sink *sink = data;
    if (sink->artifacts && len > 0 && *line != '{')
        artifacts_line(sink->artifacts, line, len);
    else
        event_fold_line(sink->fold, line, len);
    progress_found(sink->progress, event_fold_stream(sink->fold)->found);
}

static int64_t waits_since(gpointer feed)
{
    return feed_waits_since(feed);
}

/** Runs tshark over `path` or, when that is "-", over what comes out of the descriptor `input`, which is taken over. */
static bool run_tshark(const char *tshark, const Keys *keys, TsharkFlags flags, const char *path, int input, Sink *sink,
                       TsharkEnd *end, GError **error)
{
    g_autoptr(GPtrArray) argv = make_argv(tshark, keys, path, sink->artifacts);
    const TsharkJob job = {.argv = (const char *const *) argv->pdata,
                           .flags = TSHARK_CONFINED | flags,
                           .input = input,
                           .file = keys->fd,
                           .on_line = take_line,
                           .data = sink,
                           .waits = sink->feed ? waits_since : NULL,
                           .waits_data = sink->feed};
    return tshark_run(&job, end, error);
}

bool capture_pipe(int ends[2], GError **error)
{
    if (pipe2(ends, O_CLOEXEC) == 0)
        return true;
    g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE, "no pipe to tshark: %s", g_strerror(errno));
    return false;
}

bool capture_probe(const char *tshark, EventFold *fold, TsharkEnd *end, GError **error)
{
    /** A pcap file header: version 2.4, Ethernet. */
    static const char empty[24] = {'\xd4', '\xc3', '\xb2', '\xa1', 2, 0, 4, 0, [16] = '\xff', '\xff', 0, 0, 1};
    *end = (TsharkEnd){.status = -1};
    int ends[2];
    if (!capture_pipe(ends, error))
        return false;
    bool written = write(ends[1], empty, sizeof(empty)) == sizeof(empty); // there is room for it in a new pipe
    (void) close(ends[1]);
    if (!written) {
        (void) close(ends[0]);
        g_set_error_literal(error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE, "nothing can be written to tshark");
        return false;
    }
    Sink sink = {.fold = fold};
    return run_tshark(tshark, &KEYS_NONE, TSHARK_DEFAULT, "-", ends[0], &sink, end, error);
}

static void set_no_plugin(GError **error)
{
    g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_NO_PLUGIN,
                "tshark has not loaded the plugin car.so%s: \"car-wmi doctor\" tells why",
                plugin_files_ignored() ? " (Wireshark ignores WIRESHARK_PLUGIN_DIR and personal plugins for root: "
                                         "run as another user)"
                                       : "");
}

void capture_explain_sealed(Record *record)
{
    for (guint i = 0; i < record->calls->len; i++) {
        RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (call->sealed == ANSWER_YES && !call->undecodable)
            call->undecodable = "sealed, and the keys given do not open it";
    }
}

GPtrArray *capture_inputs_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) capture_input_free);
}

bool capture_inputs_add(GPtrArray *inputs, const char *path, GError **error)
{
    if (!check_file(path, error))
        return false;
    g_autoptr(GError) fault = NULL;
    CaptureInput *input = capture_input_open(path, &fault);
    if (!input) {
        bool other = g_error_matches(fault, CAPTURE_READER_ERROR, CAPTURE_READER_ERROR_OTHER);
        g_set_error_literal(error, CAPTURE_ERROR, other ? CAPTURE_ERROR_OTHER : CAPTURE_ERROR_UNREADABLE,
                            fault->message);
        return false;
    }
    if (capture_inputs_have(inputs, input))
        capture_input_free(input);
    else
        g_ptr_array_add(inputs, input);
    return true;
}

/** What one run over the captures came to. */
typedef struct {
    FrameMap *frames; ///< NULL when tshark read the capture by itself
    EventFold *fold;
    Artifacts *artifacts; ///< NULL: SMB was not read beside the rest
    TsharkEnd tshark;
    FeedEnd feed;
} CaptureRun;

static void capture_run_clear(CaptureRun *run)
{
    g_clear_pointer(&run->frames, frame_map_free);
    g_clear_pointer(&run->fold, event_fold_free);
    g_clear_pointer(&run->artifacts, artifacts_free);
    tshark_end_clear(&run->tshark);
    feed_end_clear(&run->feed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CaptureRun, capture_run_clear)

/** tshark alone, for a link type that can be read from its own kind of file only. */
static bool run_alone(const CaptureOptions *options, CaptureInput *input, CaptureRun *run, GError **error)
{
    run->fold = event_fold_new(0);
    Sink sink = {.fold = run->fold};
    capture_input_survey(input);
    return run_tshark(options->tshark, options->keys, TSHARK_DEFAULT, input->path, -1, &sink, &run->tshark, error);
}

static bool run_feed(const CaptureOptions *options, GPtrArray *inputs, const FeedOptions *feeding, CaptureRun *run,
                     GError **error)
{
    int ends[2];
    if (!capture_pipe(ends, error))
        return false;
    run->frames = frame_map_new();
    run->fold = event_fold_new(0);
    event_fold_set_frames(run->fold, run->frames);
    Feed *feed = feed_start(inputs, feeding, run->frames, ends[1]);
    run->artifacts = feeding->scan.smb ? artifacts_new() : NULL;
    Sink sink = {.fold = run->fold, .progress = feeding->progress, .artifacts = run->artifacts, .feed = feed};
    bool ok = run_tshark(options->tshark, options->keys, TSHARK_DEFAULT, "-", ends[0], &sink, &run->tshark, error);
    if (!ok)
        feed_stop(feed);
    run->feed = feed_finish(feed);
    return ok;
}

/** Whether tshark had the right plugin and understood what it was given. */
static bool check_stream(const EventStream *stream, const TsharkEnd *end, const char *path, GError **error)
{
    if (!stream->begun) {
        bool refused = strstr(end->messages, "Invalid -z argument");
        g_autofree char *reason = refused ? NULL : make_note(stream, end, path);
        if (refused || end->status == 0)
            set_no_plugin(error);
        else
            g_set_error_literal(error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE, reason);
        return false;
    }
    if (stream->format != EVENT_FORMAT) {
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_NO_PLUGIN,
                    "the plugin (version %s) and this car-wmi (" CAR_VERSION
                    ") do not fit: install both from one release",
                    stream->plugin_version ? stream->plugin_version : "unknown");
        return false;
    }
    return true;
}

bool capture_follow(const CaptureOptions *options, int input, EventFold *fold, Artifacts *artifacts, char **note,
                    GError **error)
{
    g_auto(TsharkEnd) end = {.status = -1};
    Sink sink = {.fold = fold, .artifacts = artifacts};
    if (!run_tshark(options->tshark, options->keys, TSHARK_APART, "-", input, &sink, &end, error) ||
        !check_stream(event_fold_stream(fold), &end, "-", error))
        return false;
    *note = make_note(event_fold_stream(fold), &end, "-");
    return true;
}

/** Whether all has to be read again, and how: first what was missed, then everything. */
static bool plan_again(const FeedEnd *end, GHashTable *wanted, ScanOptions *scan)
{
    if (scan->everything || (!end->regrets && !end->overflowed))
        return false;
    scan->everything = end->overflowed || scan->wanted;
    scan->wanted = wanted;
    if (end->regrets)
        flow_keys_add_all(wanted, end->regrets);
    return true;
}

static RecordSet *make_set(const CaptureOptions *options, const GPtrArray *inputs, CaptureRun *run, const char *path)
{
    g_autofree char *note = make_note(event_fold_stream(run->fold), &run->tshark, path);
    if (!note && run->feed.unwritable > 0)
        note = g_strdup_printf("%" PRIu64 " packets have a link type that is not read together with others",
                               run->feed.unwritable);
    bool broken = !event_fold_stream(run->fold)->done;
    RecordSet *set = event_fold_finish(run->fold);
    for (guint i = 0; run->feed.unanswered && i < run->feed.unanswered->len; i++)
        set->unlisted_binds += g_array_index(run->feed.unanswered, UnansweredServer, i).counted;
    if (run->feed.oddities)
        anomalies_attach(run->feed.oddities, set);
    for (guint i = 0; i < inputs->len; i++) {
        CaptureInput *input = g_ptr_array_index(inputs, i);
        capture_input_check(input);
        bool own = input->note && (run->frames || !note);
        RecordFile *file = record_set_add_file(set, input->path, g_strdup(own ? input->note : note));
        file->broken = broken || (own && input->facts.packets == 0);
    }
    for (guint i = 0; i < set->records->len && options->keys->fd >= 0; i++)
        capture_explain_sealed(g_ptr_array_index(set->records, i));
    return set;
}

/** NULL when it is not to be shown. */
static Progress *start_progress(const CaptureOptions *options, const GPtrArray *inputs)
{
    if (!options->progress)
        return NULL;
    uint64_t total = 0;
    for (guint i = 0; i < inputs->len; i++) {
        const CaptureInput *input = g_ptr_array_index(inputs, i);
        if (input->once)
            return progress_start(0);
        total += (uint64_t) input->identity.size;
    }
    return progress_start(total);
}

static void take_artifact_line(const char *line, size_t len, gpointer data)
{
    artifacts_line(data, line, len);
}

/** Runs tshark over the capture that comes out of `input`, for the fields of SMB. */
static bool run_for_artifacts(const CaptureOptions *options, int input, Feed *feed, Artifacts *artifacts,
                              TsharkEnd *end, GError **error)
{
    g_autoptr(GPtrArray) argv = begin_argv(options->tshark, options->keys);
    g_ptr_array_add(argv, g_strdup("-r"));
    g_ptr_array_add(argv, g_strdup("-"));
    add_smb_options(argv);
    g_ptr_array_add(argv, NULL);
    const TsharkJob job = {.argv = (const char *const *) argv->pdata,
                           .flags = TSHARK_CONFINED,
                           .input = input,
                           .file = options->keys->fd,
                           .on_line = take_artifact_line,
                           .data = artifacts,
                           .waits = waits_since,
                           .waits_data = feed};
    return tshark_run(&job, end, error);
}

/** None of them is a pipe. */
static bool can_read_again(const GPtrArray *inputs)
{
    for (guint i = 0; i < inputs->len; i++) {
        if (((const CaptureInput *) g_ptr_array_index(inputs, i))->once)
            return false;
    }
    return true;
}

/** Reads once more what the hosts of the records said to each other by SMB. */
static bool read_artifacts(const CaptureOptions *options, GPtrArray *inputs, GHashTable *smb, RecordSet *set,
                           GError **error)
{
    if (!can_read_again(inputs))
        return true;
    g_autoptr(GHashTable) flows = artifacts_flows(set, smb);
    if (g_hash_table_size(flows) == 0)
        return true;
    int ends[2];
    if (!capture_pipe(ends, error))
        return false;
    const FeedOptions feeding = {.scan = {.wanted = flows, .only_wanted = true}, .jobs = options->jobs};
    g_autoptr(FrameMap) frames = frame_map_new();
    g_autoptr(Artifacts) artifacts = artifacts_new();
    g_auto(TsharkEnd) end = {.status = -1};
    Feed *feed = feed_start(inputs, &feeding, frames, ends[1]);
    bool ok = run_for_artifacts(options, ends[0], feed, artifacts, &end, error);
    FeedEnd fed = feed_finish(feed);
    feed_end_clear(&fed);
    if (ok && end.status == 0)
        artifacts_attach(artifacts, frames, set);
    return ok;
}

/** Whether all has to be read again for look-ups that led to a connection of the set. */
static bool add_led(const GPtrArray *inputs, const RecordSet *set, const FeedEnd *end, GHashTable *wanted,
                    ScanOptions *scan)
{
    if (scan->everything || !end->aside.lookups || !can_read_again(inputs))
        return false;
    g_autoptr(GHashTable) led = led_flows(set, end->aside.lookups, wanted);
    if (g_hash_table_size(led) == 0)
        return false;
    flow_keys_add_all(wanted, led);
    scan->wanted = wanted;
    return true;
}

RecordSet *capture_read(const CaptureOptions *options, GPtrArray *inputs, ScanCounts *seen, GArray **unanswered,
                        GError **error)
{
    *unanswered = NULL;
    capture_inputs_sort(inputs);
    CaptureInput *first = g_ptr_array_index(inputs, 0);
    bool alone = inputs->len == 1 && !first->streams && !first->once;
    const char *path = alone ? first->path : "-";
    g_autoptr(GHashTable) wanted = flow_keys_new();
    g_autoptr(Progress) progress = start_progress(options, inputs);
    FeedOptions feeding = {
        .scan = {.everything = options->everything,
                 .keys = options->keys->fd >= 0,
                 .smb = options->artifacts && !can_read_again(inputs)},
        .jobs = options->jobs,
        .progress = progress,
    };
    for (;;) {
        g_auto(CaptureRun) run = {.tshark.status = -1};
        bool ok = alone ? run_alone(options, first, &run, error) : run_feed(options, inputs, &feeding, &run, error);
        if (!ok || !check_stream(event_fold_stream(run.fold), &run.tshark, path, error))
            return NULL;
        if (!feeding.scan.wanted) // another reading passes over what it knows already
            *seen = run.feed.counts;
        if (!plan_again(&run.feed, wanted, &feeding.scan)) {
            g_autoptr(RecordSet) set = make_set(options, inputs, &run, path);
            GHashTable *smb = run.feed.aside.smb;
            if (add_led(inputs, set, &run.feed, wanted, &feeding.scan)) {
                progress_again(progress);
                continue;
            }
            if (run.artifacts) {
                artifacts_mark(run.artifacts, set);
                artifacts_attach(run.artifacts, run.frames, set);
            } else if (options->artifacts && smb && !read_artifacts(options, inputs, smb, set, error))
                return NULL;
            *unanswered = g_steal_pointer(&run.feed.unanswered);
            return g_steal_pointer(&set);
        }
        progress_again(progress);
    }
}
