// SPDX-License-Identifier: GPL-2.0-or-later
#include "event/event.h"
#include "names/techniques.h"
#include "names/words.h"

#include <glib.h>

static const struct {
    const char *name;
    const Vocabulary *words;
    unsigned n;
} vocabularies[] = {
    {"confidence", &confidence_words, N_CONFIDENCES},
    {"evidence", &evidence_words, N_EVIDENCE_KINDS},
    {"stage", &stage_words, N_STAGES},
    {"auth-level", &auth_level_words, N_AUTH_LEVELS},
    {"interface-source", &interface_source_words, N_INTERFACE_SOURCES},
    {"context-result", &context_result_words, N_CONTEXT_RESULTS},
    {"user-source", &user_source_words, N_USER_SOURCES},
    {"half", &call_half_words, N_HALVES},
    {"outcome", &outcome_words, N_OUTCOMES},
    {"basis", &basis_words, N_BASES},
    {"technique", &technique_words, N_TECHNIQUES},
    {"event", &event_words, N_EVENT_KINDS},
};

/** Each value but 0 has a word of its own, which leads back to it. */
static void test_words(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vocabularies); i++) {
        const Vocabulary *words = vocabularies[i].words;
        g_test_message("%s", vocabularies[i].name);
        g_assert_cmpuint(words->n, ==, vocabularies[i].n);
        g_assert_null(word_text(words, 0));
        for (unsigned value = 1; value < words->n; value++) {
            const char *text = word_text(words, value);
            g_assert_nonnull(text);
            g_assert_true(*text);
            g_assert_cmpuint(word_value(words, text), ==, value);
        }
        g_assert_null(word_text(words, words->n));
        g_assert_null(word_text(words, UINT_MAX));
        g_assert_cmpuint(word_value(words, NULL), ==, 0);
        g_assert_cmpuint(word_value(words, ""), ==, 0);
        g_assert_cmpuint(word_value(words, "no word of any list"), ==, 0);
    }
}

/** Only what names RPCSS alone, or only DCOM, leaves a conversation less than WMI. */
static void test_evidence(void)
{
    g_assert_cmpint(evidence_confidence(EVIDENCE_NONE), ==, CONFIDENCE_NONE);
    for (EvidenceKind kind = EVIDENCE_NONE + 1; kind < N_EVIDENCE_KINDS; kind++) {
        Confidence expected = kind == EVIDENCE_DCOM_INTERFACE ? CONFIDENCE_DCOM
                              : kind == EVIDENCE_RPCSS_SPN    ? CONFIDENCE_RPCSS
                                                              : CONFIDENCE_WMI;
        g_assert_cmpint(evidence_confidence(kind), ==, expected);
    }
}

/** Each technique has what a report says of it; a sub-technique is below its parent. */
static void test_techniques(void)
{
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        const AttackTechnique *known = technique_get(t);
        g_assert_cmpstr(known->id, ==, technique_id(t));
        g_assert_nonnull(known->name);
        g_assert_nonnull(known->tactics[0]);
        for (size_t i = 0; i < G_N_ELEMENTS(known->tactics) && known->tactics[i]; i++) {
            g_assert_true(g_str_has_prefix(known->tactics[i]->id, "TA"));
            g_assert_nonnull(known->tactics[i]->name);
            g_autofree char *url = tactic_url(known->tactics[i]);
            g_assert_true(g_str_has_suffix(url, "/") && strstr(url, known->tactics[i]->id));
        }
        g_assert_true(!known->parent == !known->parent_name);
        g_assert_true(!known->parent == !strchr(known->id, '.'));
        g_assert_true(!known->parent || g_str_has_prefix(known->id, known->parent));
        g_assert_true(t == 1 || strcmp(technique_id(t - 1), known->id) < 0); // in the order of their ids
    }
    g_autofree char *sub = technique_url("T1546.003");
    g_assert_cmpstr(sub, ==, "https://attack.mitre.org/techniques/T1546/003/");
    g_autofree char *whole = technique_url("T1047");
    g_assert_cmpstr(whole, ==, "https://attack.mitre.org/techniques/T1047/");
}

/** Each word is in its note; only what is seen has none. */
static void test_bases(void)
{
    for (Basis b = BASIS_UNKNOWN + 1; b < N_BASES; b++) {
        g_autofree char *note = g_strdup_printf(" (%s)", word_text(&basis_words, b));
        g_assert_cmpstr(basis_note(b), ==, b == BASIS_SEEN ? "" : note);
        g_assert_cmpuint(strlen(basis_mark(b)), ==, b == BASIS_SEEN ? 0 : 1);
    }
    g_assert_cmpstr(basis_note(BASIS_UNKNOWN), ==, "");
    for (EvidenceKind kind = EVIDENCE_NONE + 1; kind < N_EVIDENCE_KINDS; kind++)
        g_assert_cmpint(evidence_basis(kind), !=, BASIS_UNKNOWN);
    for (UserSource source = USER_SOURCE_UNKNOWN + 1; source < N_USER_SOURCES; source++)
        g_assert_cmpint(user_source_basis(source), !=, BASIS_UNKNOWN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/words/words", test_words);
    g_test_add_func("/words/evidence", test_evidence);
    g_test_add_func("/words/techniques", test_techniques);
    g_test_add_func("/words/bases", test_bases);
    return g_test_run();
}
