// SPDX-License-Identifier: GPL-2.0-or-later
// From SMB's packets to the artifacts of a record: what counts, what does not, and lines that are no such lines.
#include "record/artifacts.h"

#include "base/flow-key.h"

#include <string.h>

#define NAME "__1596700800.5172"
// Packets as tshark's PDML has them: a field a line.
#define FIELD(name, show) "    <field name=\"" name "\" showname=\"x\" size=\"1\" pos=\"0\" show=\"" show "\"/>\n"
#define DATA(name, hex) "    <field name=\"" name "\" size=\"1\" show=\"x\" value=\"" hex "\"/>\n"
#define PACKET(number, from, to, messages)                                                                             \
    "<packet>\n  <proto name=\"frame\" size=\"1\">\n" FIELD("frame.number", number)                                    \
        FIELD("frame.time_epoch", "159670080" number ".0") "  </proto>\n" FIELD("ip.src", "192.0.2." from)             \
            FIELD("ip.dst", "192.0.2." to) FIELD("tcp.stream", "0") messages "</packet>\n"
#define REQUEST(number, messages) PACKET(number, "5", "6", messages)
#define RESPONSE(number, messages) PACKET(number, "6", "5", messages)
#define SMB2 "  <proto name=\"smb2\" showname=\"SMB2\" size=\"1\" pos=\"58\">\n"
#define HEAD(command, response, message)                                                                               \
    SMB2 FIELD("smb2.cmd", command) FIELD("smb2.flags.response", response) FIELD("smb2.msg_id", message)
#define OPEN HEAD("5", "0", "7") FIELD("smb2.tree", "\\\\ws06\\ADMIN$") FIELD("smb2.filename", NAME)
#define OPENED HEAD("5", "1", "7") FIELD("smb2.nt_status", "0x00000000") FIELD("smb2.fid", "id") FIELD("smb2.eof", "5")
#define READ_OF(file) HEAD("8", "False", "8") FIELD("smb2.fid", file) FIELD("smb2.file_offset", "0")
#define STATUS(status) HEAD("8", "True", "8") FIELD("smb2.nt_status", status)
#define ANSWER(hex) STATUS("0x00000000") "  </proto>\n  <proto name=\"fake-field-wrapper\">\n" DATA("data.data", hex)

#define CREATE REQUEST("1", OPEN)
#define CREATED RESPONSE("2", OPENED)
#define READ REQUEST("3", READ_OF("id"))
#define WAIT RESPONSE("4", STATUS("0x00000103"))
#define GIVEN RESPONSE("5", ANSWER("6162ff0a"))
#define SEALED REQUEST("1", SMB2 FIELD("smb2.header.transform.nonce", "00:01"))

static RecordSet *make_set(void)
{
    RecordSet *set = record_set_new(NULL);
    Record *r = record_new();
    r->activity = 1;
    r->confidence = CONFIDENCE_WMI;
    r->start_time = "2020-08-06T08:00:00Z";
    r->end_time = "2020-08-06T08:00:10Z";
    r->client = (RecordEnd){.ip = "192.0.2.5", .port = 55000};
    r->server = (RecordEnd){.ip = "192.0.2.6", .port = 49670};
    g_ptr_array_add(set->records, r);
    g_autoptr(GHashTable) smb = flow_keys_new();
    const Address ip[2] = {address_from_v4((const uint8_t[]){192, 0, 2, 6}),
                           address_from_v4((const uint8_t[]){192, 0, 2, 5})};
    const uint16_t port[2] = {445, 55001};
    FlowKey key;
    (void) flow_key_set(&key, ip, port, 6);
    flow_keys_add(smb, &key);
    g_autoptr(GHashTable) flows = artifacts_flows(set, smb);
    g_assert_cmpuint(g_hash_table_size(flows), ==, 1);
    return set;
}

static void take_lines(Artifacts *artifacts, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        artifacts_line(artifacts, *line, strlen(*line));
}

/** The record after these packets, as the first of the set. */
static RecordSet *take(const char *const *lines)
{
    g_autoptr(Artifacts) artifacts = artifacts_new();
    g_autoptr(FrameMap) frames = frame_map_new();
    for (guint i = 1; i <= 10; i++)
        frame_map_add(frames, 0, i + 100);
    for (; *lines; lines++)
        take_lines(artifacts, *lines);
    RecordSet *set = make_set();
    artifacts_attach(artifacts, frames, set);
    return set;
}

static void test_output(void)
{
    g_autoptr(RecordSet) set = take((const char *const[]){CREATE, CREATED, READ, WAIT, GIVEN, NULL});
    const Record *r = g_ptr_array_index(set->records, 0);
    g_assert_true(r->smb && !r->smb_unread && r->artifacts && r->artifacts->len == 1);
    const RecordArtifact *artifact = &g_array_index(r->artifacts, RecordArtifact, 0);
    g_assert_cmpstr(artifact->share, ==, "\\\\ws06\\ADMIN$");
    g_assert_cmpstr(artifact->name, ==, NAME);
    g_assert_cmpstr(artifact->start_time, ==, "2020-08-06T08:00:01Z");
    g_assert_cmpstr(artifact->end_time, ==, "2020-08-06T08:00:05Z");
    g_assert_cmpint(artifact->size, ==, 5);
    g_assert_cmpuint(artifact->frames->len, ==, 3);
    g_assert_cmpint(g_array_index(artifact->frames, int64_t, 2), ==, 105);
    g_assert_cmpuint(artifact->outputs->len, ==, 1);
    const ArtifactOutput *output = &g_array_index(artifact->outputs, ArtifactOutput, 0);
    g_assert_cmpstr(output->text, ==, "ab?\n");
    g_assert_true(output->complete && output->frame == 105);
    g_assert_cmpstr(r->summary, ==, "output file ADMIN$\\" NAME ": ab?");
}

/** An answer without data, and one with a NUL in it. */
static void test_odd_output(void)
{
    static const char nothing[] = RESPONSE("5", STATUS("0x00000000")), nul[] = RESPONSE("5", ANSWER("610062"));
    g_autoptr(RecordSet) set = take((const char *const[]){CREATE, CREATED, READ, nothing, READ, nul, NULL});
    const Record *r = g_ptr_array_index(set->records, 0);
    const RecordArtifact *artifact = &g_array_index(r->artifacts, RecordArtifact, 0);
    g_assert_cmpuint(artifact->outputs->len, ==, 2);
    g_assert_cmpstr(g_array_index(artifact->outputs, ArtifactOutput, 0).text, ==, "");
    g_assert_cmpstr(g_array_index(artifact->outputs, ArtifactOutput, 1).text, ==, "a?b");
}

static void test_sealed(void)
{
    g_autoptr(RecordSet) set = take((const char *const[]){SEALED, NULL});
    const Record *r = g_ptr_array_index(set->records, 0);
    g_assert_true(r->smb && r->smb_unread && !r->artifacts);
}

/** The only file of the record after these packets; NULL when there is none. The set is the caller's. */
static const RecordArtifact *only_artifact(const RecordSet *set)
{
    const Record *r = g_ptr_array_index(set->records, 0);
    g_assert_true(!r->artifacts || r->artifacts->len == 1);
    return r->artifacts ? &g_array_index(r->artifacts, RecordArtifact, 0) : NULL;
}

/** Several messages in one packet: a compound that reads what it opens, and the same of a file that is nobody's business. */
static void test_compound(void)
{
#define RELATED "ffffffff-ffff-ffff-ffff-ffffffffffff"
#define OTHER HEAD("5", "0", "9") FIELD("smb2.filename", "other.txt")
    g_autoptr(RecordSet) set = take((const char *const[]){
        REQUEST("1", OPEN READ_OF(RELATED)),
        RESPONSE("2", OPENED ANSWER("6869")),
        NULL,
    });
    const RecordArtifact *artifact = only_artifact(set);
    g_assert_cmpstr(artifact->share, ==, "\\\\ws06\\ADMIN$");
    g_assert_cmpint(artifact->size, ==, 5);
    g_assert_cmpuint(artifact->frames->len, ==, 2);
    g_assert_cmpuint(artifact->outputs->len, ==, 1);
    g_assert_cmpstr(g_array_index(artifact->outputs, ArtifactOutput, 0).text, ==, "hi");
    const char *const others[][4] = {
        {REQUEST("1", OPEN OTHER READ_OF(RELATED)), RESPONSE("2", OPENED ANSWER("6869")), NULL},
        {REQUEST("1", OPEN), REQUEST("2", READ_OF(RELATED)), RESPONSE("3", OPENED ANSWER("6869")), NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(RecordSet) other = take(others[i]);
        g_assert_cmpuint(only_artifact(other)->outputs->len, ==, 0);
    }
}

/** Messages of SMB1, whose paths begin with a backslash; a field of the other dialect does not count. */
static void test_smb1(void)
{
#define HEAD1(command, response, message)                                                                              \
    "  <proto name=\"smb\" showname=\"SMB\">\n" FIELD("smb.cmd", command) FIELD("smb.flags.response", response)        \
        FIELD("smb.mid", message) FIELD("smb.nt_status", "0x00000000") FIELD("smb.path", "\\\\ws06\\C&amp;D$")
    g_autoptr(RecordSet) set = take((const char *const[]){
        REQUEST("1", HEAD1("0xa2", "0", "7") FIELD("smb.cmd", "0xff") FIELD("smb.file", "\\" NAME)),
        RESPONSE("2", HEAD1("0xa2", "1", "7") FIELD("smb.fid", "0x0002") FIELD("smb.end_of_file", "2")),
        REQUEST("3", HEAD1("0x2e", "0", "8") FIELD("smb.fid", "0x0002") FIELD("smb.file.rw.offset", "0")
                         FIELD("smb2.file_offset", "7")),
        RESPONSE("4", HEAD1("0x2e", "1", "8") DATA("smb2.read_data", "00") DATA("smb.file_data", "6869")),
        NULL,
    });
    const RecordArtifact *artifact = only_artifact(set);
    g_assert_cmpstr(artifact->share, ==, "\\\\ws06\\C&D$");
    g_assert_cmpstr(artifact->name, ==, NAME);
    g_assert_cmpint(artifact->size, ==, 2);
    g_assert_cmpstr(g_array_index(artifact->outputs, ArtifactOutput, 0).text, ==, "hi");
}

static void test_no_lines(void)
{
    static const char *const lines[] = {
        "",
        "</packet>",
        "<field name=\"smb2.cmd",
        OPEN "</packet>", // of no packet
        PACKET("1", "x", "6", OPEN),
        GIVEN,
        REQUEST("1", FIELD("smb2.cmd", "5") FIELD("smb2.msg_id", "1") FIELD("smb2.filename", NAME)), // of no message
        NULL,
    };
    g_autoptr(RecordSet) set = take(lines);
    g_assert_null(only_artifact(set));
}

static void test_bounded(void)
{
    g_autoptr(Artifacts) artifacts = artifacts_new();
    g_autoptr(FrameMap) frames = frame_map_new();
    frame_map_add(frames, 0, 1);
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *packet =
            g_strdup_printf(REQUEST("1", HEAD("5", "0", "%u") FIELD("smb2.filename", "__1596700800.%u")), i, i);
        take_lines(artifacts, packet);
    }
    g_autoptr(RecordSet) set = make_set();
    artifacts_attach(artifacts, frames, set);
    g_assert_cmpuint(((const Record *) g_ptr_array_index(set->records, 0))->artifacts->len, ==, 256);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/artifacts/output", test_output);
    g_test_add_func("/artifacts/odd-output", test_odd_output);
    g_test_add_func("/artifacts/sealed", test_sealed);
    g_test_add_func("/artifacts/compound", test_compound);
    g_test_add_func("/artifacts/smb1", test_smb1);
    g_test_add_func("/artifacts/no-lines", test_no_lines);
    g_test_add_func("/artifacts/bounded", test_bounded);
    return g_test_run();
}
