// SPDX-License-Identifier: GPL-2.0-or-later
// From lines of SMB's fields to the artifacts of a record: what counts, what does not, and lines that are no such lines.
#include "record/artifacts.h"

#include "base/flow-key.h"

#include <string.h>

#define NAME "__1596700800.5172"
#define CREATE "1\t1596700801\t192.0.2.5\t192.0.2.6\t\t\t0\t5\t0\t7\t\t\\\\ws06\\ADMIN$\t" NAME "\t\t\t\t\t\t"
#define CREATED "2\t1596700802\t192.0.2.6\t192.0.2.5\t\t\t0\t5\t1\t7\t0x00000000\t\\\\ws06\\ADMIN$\t\tid\t5\t\t\t\t"
#define READ "3\t1596700803\t192.0.2.5\t192.0.2.6\t\t\t0\t8\tFalse\t8\t\t\t\tid\t\t0\t\t\t"
#define WAIT "4\t1596700804\t192.0.2.6\t192.0.2.5\t\t\t0\t8\tTrue\t8\t0x00000103\t\t\t\t\t\t\t\t"
#define DATA "5\t1596700805\t192.0.2.6\t192.0.2.5\t\t\t0\t8\tTrue\t8\t0x00000000\t\t\t\t\t\t\t61:62ff0a\t"
#define SEALED "1\t1596700801\t192.0.2.5\t192.0.2.6\t\t\t0\t\t\t\t\t\t\t\t\t\t\t\t00010203"

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

/** The record after these lines, as the first of the set. */
static RecordSet *take(const char *const *lines)
{
    g_autoptr(Artifacts) artifacts = artifacts_new();
    g_autoptr(FrameMap) frames = frame_map_new();
    for (guint i = 1; i <= 10; i++)
        frame_map_add(frames, 0, i + 100);
    for (; *lines; lines++)
        artifacts_line(artifacts, *lines, strlen(*lines));
    RecordSet *set = make_set();
    artifacts_attach(artifacts, frames, set);
    return set;
}

static void test_output(void)
{
    g_autoptr(RecordSet) set = take((const char *const[]){CREATE, CREATED, READ, WAIT, DATA, NULL});
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
    static const char nothing[] = "5\t1596700805\t192.0.2.6\t192.0.2.5\t\t\t0\t8\tTrue\t8\t0x00000000\t\t\t\t\t\t\t\t";
    static const char nul[] =
        "5\t1596700805\t192.0.2.6\t192.0.2.5\t\t\t0\t8\tTrue\t8\t0x00000000\t\t\t\t\t\t\t610062\t";
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

static void test_no_lines(void)
{
    static const char *const lines[] = {
        "",
        "\t\t\t",
        "1\t2\tx\ty\t\t\t0\t5\t0\t7\t\tshare\t" NAME "\t\t\t\t\t\t",
        // several messages in a frame: whose the name is cannot be known
        "1\t1596700801\t192.0.2.5\t192.0.2.6\t\t\t0\t5\x1f"
        "5\t0\t7\t\t\\\\ws06\\ADMIN$\t" NAME "\t\t\t\t\t\t",
        DATA,
        NULL,
    };
    g_autoptr(RecordSet) set = take(lines);
    g_assert_null(((const Record *) g_ptr_array_index(set->records, 0))->artifacts);
}

static void test_bounded(void)
{
    g_autoptr(Artifacts) artifacts = artifacts_new();
    g_autoptr(FrameMap) frames = frame_map_new();
    frame_map_add(frames, 0, 1);
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *line = g_strdup_printf("1\t1596700801\t192.0.2.5\t192.0.2.6\t\t\t0\t5\t0\t%u\t\tshare\t"
                                                "__1596700800.%u\t\t\t\t\t\t",
                                                i, i);
        artifacts_line(artifacts, line, strlen(line));
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
    g_test_add_func("/artifacts/no-lines", test_no_lines);
    g_test_add_func("/artifacts/bounded", test_bounded);
    return g_test_run();
}
