// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The scan: which packets tshark must see. These are its rules; nothing else decides.
 *
 * What the plugin says rests on TCP conversations that carry DCE/RPC PDUs and on tickets of Kerberos. A conversation
 * without any PDU that scan_pdu_search() looks for gives no evidence, so that none of its packets matters; all packets of
 * the others do, from the SYN to bare acknowledgements, for a record counts them.
 *
 * | packets | what becomes of them | because |
 * |---|---|---|
 * | TCP, until it is decided | wait, a bounded number | the handshake belongs to a conversation that is kept |
 * | … whose bytes hold a PDU that matters | kept, the conversation with them | see scan_pdu_search() |
 * | … but a Bind alone that nobody answers, of which there are many | wait until there is more; what is still alone in the end is counted and dropped | they are easily forged (unanswered.h) |
 * | … that begin with anything else than DCE/RPC | dropped, but looked through to the end | SMB, HTTP and proxies can carry PDUs; they are then found as above, wherever they stand |
 * | … DCE/RPC whose first request names no object, after a Bind to other interfaces | the same | it is other RPC |
 * | … joined in the middle | decided after some packets; on ports 135 and 88 kept | a request tells what kind it is, and the first packets may hold none |
 * | 135/tcp | waits for longer; kept, unless it is another interface without a token for RPCSS | activations; clients use such connections for one interface after another |
 * | from 88/tcp and 88/udp | wait (tickets.h) until a kept conversation shows a token with this ticket, or of this host; with keys kept, in both directions | who got which ticket; keys: they open each other |
 * | ICMP errors about a kept conversation | kept with it | Wireshark counts them to nothing, but reads them |
 * | IP fragments of TCP, UDP and tunnels | kept, and all tickets | their ports stand in another fragment |
 * | tunnels that layers.c reads | by what they carry | the same conversations |
 * | other tunnels, unknown link layers, Ethernet types and IP protocols | kept, and all tickets | they cannot be judged |
 * | other UDP | dropped, but looked through | a tunnel that Wireshark knows, and layers.c does not |
 * | ARP, DNS and the like | dropped | they carry no TCP |
 *
 * From a pipe, which cannot be read again, SMB between hosts is kept from their first conversation with a PDU that matters on (`smb`).
 *
 * Of look-ups in the endpoint mapper that are dropped, the ports that they named are remembered, and of SMB its conversations: whoever
 * can read the captures again has those that belong to a record, as `wanted`, too.
 *
 * A conversation that was dropped and then shows such a PDU is regretted: what was dropped of it cannot be had back in this
 * run. Whoever can read the captures again does so with `wanted` set to the regrets; the answer is then what it would
 * be without a scan. From a pipe, such a conversation is kept from there on. When captures are scanned side by side, the
 * second stage also regrets what it keeps while a first stage dropped some of it.
 *
 * What is kept of a TCP conversation is put in order (reorder.h), without a scan, too.
 */
#ifndef CAR_SCAN_SCAN_H
#define CAR_SCAN_SCAN_H

#include "scan/flow-set.h"
#include "scan/unanswered.h"
#include <stdint.h>

typedef struct Scan Scan;

/** What went through a scan, whatever became of it. */
typedef struct {
    uint64_t packets;
    struct {
        int64_t secs;
        uint32_t nsecs;
    } first, last;          ///< the earliest and the latest time; meaningless without packets
    uint64_t conversations; ///< of TCP: pairs of addresses and ports
    uint64_t rpc;           ///< of these, with DCE/RPC; unknown when everything is kept
    uint64_t rpc_middle;    ///< of these, whose beginning was not seen
    uint64_t winrm;         ///< conversations with the ports of WinRM, which nothing here reads
} ScanCounts;

/** Adds what another scan counted. */
void scan_counts_add(ScanCounts *counts, const ScanCounts *more);

/** Several captures may be scanned side by side, each by a first stage that passes on what is not decided yet. What comes out,
 * in order of time, goes through the second stage, which decides. */
typedef enum {
    SCAN_ALONE,
    SCAN_FIRST,
    SCAN_SECOND,
} ScanStage;

typedef struct {
    bool everything;    ///< keep all packets
    bool keys;          ///< there are keys: what is sealed may be opened
    GHashTable *wanted; ///< FlowKey: keep these from their first packet on; may be NULL
    bool only_wanted;   ///< and nothing else
    bool smb; ///< keep SMB between hosts from where the first conversation of theirs with a PDU that matters is kept
    guint max_flows; ///< that are remembered; 0: the default
    ScanStage stage;
    FlowSet *dropped; ///< flows of which a first stage dropped packets
} ScanOptions;

/** `keep` takes the packets that tshark must see. */
Scan *scan_new(const ScanOptions *options, ReorderFunc keep, gpointer data);
void scan_free(Scan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scan, scan_free)

void scan_packet(Scan *scan, const CapturePacket *packet);

/** In a capture that grows, to be called a few times a second: what waits for packets before it that do not come, is passed
 * on. */
void scan_tick(Scan *scan);

/** After the last packet: what waits for others is passed on. */
void scan_finish(Scan *scan);

/** FlowKeys of conversations of which packets were dropped that should have been kept. Belongs to the scan. */
GHashTable *scan_regrets(const Scan *scan);

/** What is dropped, but of use beside what is kept: FlowKeys, up to a number of them. Belongs to the scan. */
typedef struct {
    GHashTable *smb;     ///< conversations with the ports of SMB
    GHashTable *lookups; ///< see lookups.h
} ScanAside;

const ScanAside *scan_aside(const Scan *scan);

/** What is odd about packets of conversations that were kept, as in oddities.h. Belongs to the scan. */
GHashTable *scan_oddities(const Scan *scan);

void scan_aside_add(const ScanAside *aside, const ScanAside *more);

/** Binds that were dropped because nobody answered them. Belongs to the scan. */
const Unanswered *scan_unanswered(const Scan *scan);

/** Without the packets that a scan before had counted. Belongs to the scan. */
const ScanCounts *scan_counts(const Scan *scan);

/** Whether there were more flows to keep than can be remembered: only a scan that keeps everything sees all. */
bool scan_overflowed(const Scan *scan);

#endif
