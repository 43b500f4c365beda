// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Where the releases of libwiretap differ. No other file of the program asks for its version.
 */
#ifndef CAR_CAPTURE_WIRETAP_H
#define CAR_CAPTURE_WIRETAP_H

#include <stdint.h>
#include <wiretap/pcap-encap.h>
#include <wiretap/wtap.h>
#include <ws_version.h>

#define WIRETAP_4_6 (WIRESHARK_VERSION_MAJOR > 4 || (WIRESHARK_VERSION_MAJOR == 4 && WIRESHARK_VERSION_MINOR >= 6))
#define WIRETAP_PACKET_SIZE 2048 ///< for a start

/** A record and its bytes. */
typedef struct {
    wtap_rec rec;
#if !WIRETAP_4_6
    Buffer data;
#endif
} WiretapRecord;

static inline void wiretap_record_init(WiretapRecord *record)
{
#if WIRETAP_4_6
    wtap_rec_init(&record->rec, WIRETAP_PACKET_SIZE);
#else
    wtap_rec_init(&record->rec);
    ws_buffer_init(&record->data, WIRETAP_PACKET_SIZE);
#endif
}

static inline void wiretap_record_clear(WiretapRecord *record)
{
    wtap_rec_cleanup(&record->rec);
#if !WIRETAP_4_6
    ws_buffer_free(&record->data);
#endif
}

/** The next record in place of the one before. */
static inline bool wiretap_read(wtap *file, WiretapRecord *record, int *error, char **info)
{
    int64_t offset;
    wtap_rec_reset(&record->rec);
#if WIRETAP_4_6
    return wtap_read(file, &record->rec, error, info, &offset);
#else
    return wtap_read(file, &record->rec, &record->data, error, info, &offset);
#endif
}

static inline const uint8_t *wiretap_data(WiretapRecord *record)
{
#if WIRETAP_4_6
    return ws_buffer_start_ptr(&record->rec.data);
#else
    return ws_buffer_start_ptr(&record->data);
#endif
}

#endif
