// SPDX-License-Identifier: GPL-2.0-or-later
// car-wmi doctor: checks what car-wmi needs, one line each, and says how to mend what is wrong.

#include "base/text-escape.h"
#include "command.h"
#include "profile.h"
#include "reading/capture.h"
#include "tshark/plugin-files.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

typedef struct {
    char *tshark; ///< --tshark, NULL: not given
    gboolean install_profile;
} Options;

/** Some of the plugin's display-filter fields: when these are there, all are. */
static const char *const fields[] = {
    "car.wmi_rpc",        "car.wmi_rpc.confidence", "car.wmi_rpc.evidence",  "car.wmi_rpc.activity",
    "car.wmi_rpc.method", "car.wmi_rpc.interface",  "car.wmi_rpc.auth_type",
};

typedef struct {
    const char *tshark;
    bool install_profile;
    char *version;         ///< tshark's
    char *series;          ///< its major.minor
    char *global_plugins;  ///< folder, without the version
    char *personal_config; ///< folder
    char *global_config;   ///< folder
    bool failed;
} Doctor;

static void doctor_clear(Doctor *d)
{
    g_free(d->version);
    g_free(d->series);
    g_free(d->global_plugins);
    g_free(d->personal_config);
    g_free(d->global_config);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Doctor, doctor_clear)

static void print_line(const char *mark, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_autofree char *line = text_escape(text, terminal_is_ascii());
    (void) printf("%s %s\n", mark, line);
}

G_GNUC_PRINTF(1, 2) static void pass(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(terminal_is_ascii() ? "ok  " : "✓", format, args);
    va_end(args);
}

G_GNUC_PRINTF(2, 3) static void fail(Doctor *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(terminal_is_ascii() ? "FAIL" : "✗", format, args);
    va_end(args);
    d->failed = true;
}

G_GNUC_PRINTF(1, 2) static void note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(terminal_is_ascii() ? "note" : "·", format, args);
    va_end(args);
}

/** What to do about the check that failed last. */
G_GNUC_PRINTF(1, 2) static void mend(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(terminal_is_ascii() ? "     ->" : "  →", format, args);
    va_end(args);
}

static char *find_folder(const char *folders, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(folders, "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        const char *colon = strchr(lines[i], ':');
        if (colon && g_str_has_prefix(lines[i], name) && (size_t) (colon - lines[i]) == strlen(name))
            return g_strstrip(g_strdup(colon + 1));
    }
    return NULL;
}

static bool check_tshark(Doctor *d)
{
    g_autoptr(GError) error = NULL;
    d->version = tshark_version(d->tshark, &error);
    if (!d->version) {
        fail(d, "%s", error->message);
        mend("name a tshark that works with --tshark PATH, or install it: apt install tshark");
        return false;
    }
    g_auto(GStrv) parts = g_strsplit(d->version, ".", 3);
    d->series = g_strdup_printf("%s.%s", parts[0], parts[1]);
    pass("tshark %s: %s", d->version, d->tshark);

    const char *const argv[] = {d->tshark, "-G", "folders", NULL};
    g_auto(TsharkEnd) end = {0};
    g_autofree char *folders = tshark_output(argv, &end, &error);
    g_autofree char *plugins = find_folder(folders ? folders : "", "Global Plugins");
    d->global_plugins = plugins ? g_path_get_dirname(plugins) : NULL;
    d->personal_config = find_folder(folders ? folders : "", "Personal configuration");
    d->global_config = find_folder(folders ? folders : "", "Global configuration");
    return true;
}

/** A plugin file that this tshark should load, in the order it looks for them. */
static bool check_files(Doctor *d)
{
    g_autoptr(GPtrArray) files = plugin_files_find(d->global_plugins);
    const char *where = d->global_plugins ? d->global_plugins : "the global plugin folder";
    const PluginFile *usable = NULL, *ignored = NULL, *other = NULL;
    for (guint i = 0; i < files->len; i++) {
        const PluginFile *file = g_ptr_array_index(files, i);
        if (strcmp(file->version, d->series) != 0)
            other = file;
        else if (file->personal && plugin_files_root())
            ignored = file;
        else if (!usable)
            usable = file;
    }
    if (usable) {
        pass("plugin for Wireshark %s: %s", d->series, usable->path);
        return true;
    }
    if (ignored) {
        fail(d, "plugin %s is ignored: for root, Wireshark loads only from %s", ignored->path, where);
        mend("run as another user, or install the plugin into %s/%s/epan", where, d->series);
    } else if (other) {
        fail(d, "plugin %s is for Wireshark %s, this is %s", other->path, other->version, d->series);
        mend("install the plugin built for Wireshark %s into %s/%s/epan", d->series, where, d->series);
    } else {
        // For root, Wireshark does not look into the personal folder.
        g_autofree char *personal = plugin_files_root()
                                        ? g_strdup("")
                                        : g_strconcat(" or ~/.local/lib/wireshark/plugins/", d->series, "/epan", NULL);
        fail(d, "no plugin " PLUGIN_FILE " for any version of Wireshark below %s or in a personal folder", where);
        mend("install it into %s/%s/epan%s", where, d->series, personal);
    }
    return false;
}

static void add_copy(GString *copies, GHashTable *seen, const char *path)
{
    g_autofree char *real = realpath(path, NULL);
    if (!real || !g_hash_table_add(seen, g_strdup(real)))
        return;
    g_string_append_printf(copies, "%s%s", copies->len ? ", " : "", path);
}

/** One installed from source and one from a package are of different times, sooner or later. */
static void note_copies(const Doctor *d)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) programs = g_string_new(NULL), plugins = g_string_new(NULL);
    g_auto(GStrv) folders = g_strsplit(g_getenv("PATH") ? g_getenv("PATH") : "", ":", -1);
    guint n_programs = 0, n_plugins = 0;
    for (char **folder = folders; *folder; folder++) {
        g_autofree char *path = g_build_filename(*folder, "car-wmi", NULL);
        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            add_copy(programs, seen, path);
    }
    n_programs = g_hash_table_size(seen);
    g_autoptr(GPtrArray) files = plugin_files_find(d->global_plugins);
    for (guint i = 0; i < files->len; i++) {
        const PluginFile *file = g_ptr_array_index(files, i);
        if (strcmp(file->version, d->series) == 0)
            add_copy(plugins, seen, file->path);
    }
    n_plugins = g_hash_table_size(seen) - n_programs;
    if (n_programs > 1)
        note(
            "there are %u car-wmi in PATH, of which the first runs: %s. Keep one (./setup.sh uninstall, or apt remove)",
            n_programs, programs->str);
    if (n_plugins > 1)
        note("there are %u plugins for Wireshark %s, of which it loads one: %s. Keep one", n_plugins, d->series,
             plugins->str);
}

/** The line of tshark's messages that tells about the plugin; NULL when none does. */
static char *find_message(const char *messages)
{
    g_auto(GStrv) lines = g_strsplit(messages ? messages : "", "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        if (strstr(lines[i], PLUGIN_FILE))
            return g_strstrip(g_strdup(lines[i]));
    }
    return NULL;
}

static bool check_loaded(Doctor *d)
{
    const char *const argv[] = {d->tshark, "-G", "plugins", NULL};
    g_auto(TsharkEnd) end = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *plugins = tshark_output(argv, &end, &error);
    g_auto(GStrv) lines = g_strsplit(plugins ? plugins : "", "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        if (!g_str_has_prefix(lines[i], PLUGIN_FILE))
            continue;
        const char *path = strrchr(lines[i], '\t');
        pass("plugin loaded from %s", path ? path + 1 : lines[i]);
        return true;
    }
    g_autofree char *message = find_message(end.messages);
    if (message)
        fail(d, "tshark could not load the plugin; it says: %s", message);
    else
        fail(d, "tshark did not load the plugin");
    mend("install the plugin built for Wireshark %s (tshark -G plugins lists what was loaded)", d->series);
    return false;
}

static void check_events(Doctor *d)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EventFold) fold = event_fold_new(0);
    g_auto(TsharkEnd) end = {0};
    bool asked = capture_probe(d->tshark, fold, &end, &error);
    const EventStream *stream = event_fold_stream(fold);
    if (!asked || !stream->begun || !stream->done) {
        g_autofree char *reason = asked ? tshark_reason(end.messages, NULL) : g_strdup(error->message);
        fail(d, "tshark -z car,events does not work%s%s", reason ? ": " : "", reason ? reason : "");
        mend("install tshark and the plugin anew");
        return;
    }
    if (g_strcmp0(stream->plugin_version, CAR_VERSION) == 0 && stream->format == EVENT_FORMAT) {
        pass("plugin %s, car-wmi %s", stream->plugin_version, CAR_VERSION);
        return;
    }
    fail(d, "plugin %s does not fit car-wmi %s", stream->plugin_version ? stream->plugin_version : "of unknown version",
         CAR_VERSION);
    mend("install both from one release");
}

static void mark_field(const char *line, size_t len, gpointer data)
{
    bool *found = data;
    g_autofree char *text = g_strndup(line, len);
    g_auto(GStrv) columns = g_strsplit(text, "\t", 4); // F, name, filter name, …
    for (size_t i = 0; g_strv_length(columns) > 2 && i < G_N_ELEMENTS(fields); i++)
        found[i] = found[i] || strcmp(columns[2], fields[i]) == 0;
}

static void check_fields(Doctor *d)
{
    const char *const argv[] = {d->tshark, "-G", "fields", NULL};
    bool found[G_N_ELEMENTS(fields)] = {false};
    g_auto(TsharkEnd) end = {0};
    g_autoptr(GError) error = NULL;
    const TsharkJob job = {.argv = argv, .input = -1, .file = -1, .on_line = mark_field, .data = found};
    (void) tshark_run(&job, &end, &error);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (found[i])
            continue;
        fail(d, "display filter field %s is missing", fields[i]);
        mend("install plugin and car-wmi from one release");
        return;
    }
    pass("display filter fields car.wmi_rpc…");
}

static bool lists_car(const char *path)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        if (strcmp(g_strstrip(lines[i]), "car") == 0)
            return true;
    }
    return false;
}

static void check_disabled(Doctor *d)
{
    const char *const folders[] = {d->personal_config, d->global_config};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = folders[i] ? g_build_filename(folders[i], "disabled_protos", NULL) : NULL;
        if (!path || !lists_car(path))
            continue;
        fail(d, "protocol car is switched off in %s%s", path,
             folders[i] == d->personal_config ? ": car-wmi works, filters in Wireshark and tshark do not" : "");
        mend("remove the line \"car\" there, or tick it in Wireshark: Analyze, Enabled Protocols");
        return;
    }
    pass("protocol car is not switched off");
}

/** Whether a program runs with rights that its user does not have: set-user-ID or file capabilities. */
static bool is_privileged(const char *path)
{
    struct stat status;
    return (stat(path, &status) == 0 && (status.st_mode & S_ISUID)) ||
           getxattr(path, "security.capability", NULL, 0) > 0;
}

static void note_dumpcap(const Doctor *d)
{
    g_autofree char *dumpcap = tshark_companion(d->tshark, "dumpcap");
    if (!dumpcap || geteuid() == 0)
        return;
    const char *user = g_get_user_name();
    if (access(dumpcap, X_OK) != 0)
        note("you may not capture live traffic (%s); reading captures works. To be allowed: sudo usermod -aG wireshark "
             "%s, then log in again",
             dumpcap, user);
    else if (!is_privileged(dumpcap))
        note("you may not capture live traffic (%s has no rights of its own); reading captures works. To be allowed: "
             "sudo dpkg-reconfigure wireshark-common, then sudo usermod -aG wireshark %s, then log in again",
             dumpcap, user);
}

/** The plugin is for Wireshark's windows as well, but car-wmi does not need them. */
static void note_windows(const Doctor *d)
{
    g_autofree char *wireshark = tshark_companion(d->tshark, "wireshark");
    if (!wireshark)
        note("Wireshark itself is not installed; car-wmi needs tshark only. To look at packets: apt install wireshark");
}

/** car-wmi itself sets it; this is about filters. */
static void note_heuristics(const Doctor *d)
{
    const char *const argv[] = {d->tshark, "-G", "currentprefs", NULL};
    g_auto(TsharkEnd) end = {0};
    g_autofree char *settings = tshark_output(argv, &end, NULL);
    if (settings && !strstr(settings, "\ntcp.try_heuristic_first: TRUE"))
        note("in your own filters, a connection whose beginning was not captured is missing when one of its ports "
             "belongs to "
             "another protocol (8080), unless you set the preference tcp.try_heuristic_first");
}

static void note_profile(const Doctor *d)
{
    g_autofree char *own = profile_find(d->personal_config);
    g_autofree char *global = profile_find(d->global_config);
    g_autofree char *installed = profile_find_installed(d->global_config);
    if (own || global)
        pass("Wireshark profile " PROFILE_NAME ": %s", own ? own : global);
    else if (installed)
        note("Wireshark profile " PROFILE_NAME " is in %s; to have it in Wireshark: car-wmi doctor --install-profile",
             installed);
    else
        note("there is no Wireshark profile " PROFILE_NAME);
}

static void install_profile(Doctor *d)
{
    g_autofree char *installed = profile_find_installed(d->global_config);
    if (!d->personal_config)
        return; // why has been said
    if (!installed) {
        fail(d, "there is no Wireshark profile " PROFILE_NAME " to copy: neither beside this program nor in %s",
             d->global_config ? d->global_config : "Wireshark's own folder");
        mend("install car-wmi: its package has the profile");
        return;
    }
    g_auto(ProfileInstall) install = {0};
    g_autoptr(GError) error = NULL;
    if (!profile_install(installed, d->personal_config, &install, &error)) {
        fail(d, "the Wireshark profile " PROFILE_NAME " could not be copied: %s", error->message);
        mend("make the folder %s writable", d->personal_config);
    } else if (install.same) {
        pass("Wireshark profile " PROFILE_NAME " was there already: %s", install.path);
    } else {
        pass("Wireshark profile " PROFILE_NAME " copied: %s", install.path);
    }
    if (install.kept)
        note("the profile " PROFILE_NAME " that was there differed; it is kept: %s", install.kept);
}

static void examine(Doctor *d)
{
    if (!check_tshark(d))
        return;
    bool file = check_files(d);
    if (file && check_loaded(d)) {
        check_events(d);
        check_fields(d);
    }
    check_disabled(d);
    note_copies(d);
    note_heuristics(d);
    note_dumpcap(d);
    note_windows(d);
    if (d->install_profile)
        install_profile(d);
    else
        note_profile(d);
}

int cmd_doctor(int argc, char **argv)
{
    const CommandHelp help = {
        .summary =
            "Checks that tshark is there, has loaded the plugin and can use it, and says how to fix what is wrong.",
        .description = "Exit status:\n  0  everything works\n  2  something has to be fixed",
    };
    Options options = {0};
    // A new option belongs into the man page and the shell completions too.
    const GOptionEntry entries[] = {
        {"tshark", 0, 0, G_OPTION_ARG_FILENAME, &options.tshark, "The tshark to check (default: that in PATH)", "PATH"},
        {"install-profile", 0, 0, G_OPTION_ARG_NONE, &options.install_profile,
         "Copy the profile " PROFILE_NAME " into your own Wireshark folder", NULL},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_parse(&argc, &argv, &help, command_options(entries, NULL), NULL))
        return COMMAND_UNABLE;
    g_autofree char *given = options.tshark;
    g_auto(Doctor) d = {.install_profile = options.install_profile};
    g_autoptr(GError) error = NULL;
    g_autofree char *tshark = tshark_find(given, &error);
    d.tshark = tshark;
    if (tshark)
        examine(&d);
    else
        fail(&d, "%s", error->message);
    return d.failed ? COMMAND_UNABLE : COMMAND_MATCHED;
}
