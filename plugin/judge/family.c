// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/family.h"

#include "judge/exporter.h"
#include "judge/keep.h"

#include <string.h>

void family_mark(Step *s, ClientMark mark)
{
    if (mark != MARK_NONE && !s->conversation->mark_frame[mark])
        s->conversation->mark_frame[mark] = s->frame;
}

static bool offers_ndr64(const Pdu *pdu)
{
    static const Guid ndr64 = {0x71710533, 0xbeba, 0x4937, {0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36}};
    for (unsigned i = 0; i < pdu->n_contexts; i++)
        if (guid_equal(&pdu->contexts[i].transfer, &ndr64))
            return true;
    return false;
}

/** Whether the client calls itself by the server's address, as no host's name reads. */
static bool is_target(Step *s, const char *workstation)
{
    char *address = endpoint_ip_text(NULL, conversation_server(s->conversation));
    bool same = strcmp(workstation, address) == 0;
    wmem_free(NULL, address);
    return same;
}

void family_take_pdu(Step *s)
{
    const PduResult *r = s->result;
    if (s->pdu->has_auth)
        family_mark(s, client_mark_of_context_id(s->pdu->auth_context_id));
    if ((s->pdu->type == PDU_BIND || s->pdu->type == PDU_ALTER_CONTEXT) && offers_ndr64(s->pdu))
        family_mark(s, MARK_NDR64);
    if (r->mechanism == AUTH_TOKEN_NTLM || (r->has_security && r->security.type == AUTH_TYPE_NTLM))
        family_mark(s, MARK_NTLM);
    if (r->identity && r->identity->workstation && is_target(s, r->identity->workstation))
        family_mark(s, MARK_TARGET_WORKSTATION);
}

void family_take_object(Step *s, const Call *call)
{
    const Context *context = wmem_map_lookup(s->conversation->contexts, GUINT_TO_POINTER(call->context_id));
    const Interface *object = exporter_interface(s, &call->object);
    if (context && context->source == SOURCE_BIND && context->interface && object && object != context->interface &&
        strcmp(context->interface->name, "IWbemLevel1Login") == 0)
        family_mark(s, MARK_LOGIN_CONTEXT);
}

/** Whether a verification trailer stands in the stub, on a boundary of four as MS-RPCE 2.2.2.13 wants. */
static bool has_trailer(const Bytes *stub)
{
    static const uint8_t signature[8] = {0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71};
    const size_t longest = 256; // from the signature to the end; Windows writes 52 bytes and less
    for (size_t at = stub->len > longest ? (stub->len - longest) & ~(size_t) 3 : 0; at + sizeof(signature) <= stub->len;
         at += 4)
        if (memcmp(stub->data + at, signature, sizeof(signature)) == 0)
            return true;
    return false;
}

static void take_login(Step *s, const CallDetails *d)
{
    if (d->locale && g_str_has_prefix(d->locale, "ms_"))
        family_mark(s, MARK_LOCALE_MS);
    else if (d->locale && strcmp(d->locale, "en-US,en") == 0)
        family_mark(s, MARK_LOCALE_CULTURE);
    if (!d->namespace_path)
        return;
    if (g_str_has_prefix(d->namespace_path, "//./"))
        family_mark(s, MARK_NAMESPACE_DOT);
    else if (g_ascii_strncasecmp(d->namespace_path, "root\\", 5) == 0)
        family_mark(s, MARK_NAMESPACE_BARE);
}

/** Windows asks for IWbemLevel1Login, and for the other interface of that object later. */
static bool asks_for_client_id(const Activation *activation)
{
    const Interface *interface = activation->n_iids == 1 ? interface_find(&activation->iids[0]) : NULL;
    return interface && strcmp(interface->name, "IWbemLoginClientID") == 0;
}

void family_take_request(Step *s, const Call *call, const Bytes *stub)
{
    const CallDetails *d = call->details;
    if (call->interface && strcmp(call->interface->name, "IRemoteActivation") == 0)
        family_mark(s, MARK_REMOTE_ACTIVATION);
    if (has_trailer(stub))
        family_mark(s, MARK_TRAILER);
    if (call->activation && asks_for_client_id(call->activation))
        family_mark(s, MARK_ACTIVATED_CLIENT_ID);
    if (!d)
        return;
    if (d->has_client)
        family_mark(s, MARK_CLIENT_INFO);
    if (call->interface && strcmp(call->interface->name, "IWbemLevel1Login") == 0)
        take_login(s, d);
    if (d->command_line && client_command_is_wmiexec(d->command_line))
        family_mark(s, MARK_WMIEXEC_OUTPUT);
}

/** The frame of a mark in the conversation, or in the one that activated it. 0: not seen. */
static uint32_t mark_frame(const Conversation *c, ClientMark mark)
{
    uint32_t frame = c->mark_frame[mark];
    return frame || !c->activation ? frame : c->activation->conversation->mark_frame[mark];
}

/** "impacket or aiowmi with Kerberos: auth_context_id 79231 and up, namespace written //./". */
static const char *hint_text(wmem_allocator_t *pool, const ClientGuess *guess)
{
    wmem_strbuf_t *text = wmem_strbuf_new(pool, "");
    for (unsigned i = 0; i < guess->n_families; i++)
        wmem_strbuf_append_printf(text, "%s%s", i ? " or " : "", word_text(&client_family_words, guess->families[i]));
    for (unsigned i = 0; i < guess->n_marks; i++)
        wmem_strbuf_append_printf(text, "%s%s", i ? ", " : ": ", word_text(&client_mark_words, guess->marks[i].mark));
    return wmem_strbuf_finalize(text);
}

void family_conclude(Step *s)
{
    Conversation *c = s->conversation;
    unsigned seen = 0;
    for (ClientMark mark = MARK_NONE + 1; mark < N_CLIENT_MARKS; mark++)
        seen |= mark_frame(c, mark) ? 1u << mark : 0;
    unsigned families = client_families(seen), speaking = client_marks_for(families, seen);
    if (families == c->families_told && speaking == c->marks_told)
        return;
    c->families_told = families;
    c->marks_told = speaking;
    ClientGuess *guess = wmem_new0(s->tracker->pool, ClientGuess);
    for (ClientFamily family = CLIENT_UNKNOWN + 1; family < N_CLIENT_FAMILIES; family++)
        if (families & 1u << family)
            guess->families[guess->n_families++] = family;
    for (ClientMark mark = MARK_NONE + 1; mark < N_CLIENT_MARKS; mark++)
        if (speaking & 1u << mark)
            guess->marks[guess->n_marks++] = (struct MarkSeen){mark, mark_frame(c, mark)};
    guess->text = families ? hint_text(s->tracker->pool, guess) : NULL;
    s->result->guess = guess;
}
