// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * From tshark's PDML to messages of SMB that open or read files. PDML, as a packet may hold several messages, compounds of SMB2
 * among them, and only a tree tells whose a field is. Read line by line, as tshark writes a field a line; what is no such line is
 * ignored.
 */
#ifndef CAR_RECORD_SMB_MESSAGES_H
#define CAR_RECORD_SMB_MESSAGES_H

#include "base/address.h"
#include "base/slice.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** What has to be in the PDML: protocols, as tshark's option -J takes them, and a display filter for its packets. */
extern const char smb_messages_protocols[];
extern const char smb_messages_filter[];

typedef enum { SMB_OTHER, SMB_OPEN, SMB_READ } SmbCommand;

/** A message. What it does not have is empty, or NUMBER_UNKNOWN. */
typedef struct {
    int64_t frame, time;
    Address source, destination;
    Slice stream;    ///< number of the connection
    bool first;      ///< of its packet
    bool response;   ///< else a request
    bool is_related; ///< to the file of the message before, in a compound
    SmbCommand command;
    Slice message; ///< number that request and response have in common
    int64_t status;
    Slice share, name, file; ///< `file`: id of an open one
    int64_t size, offset;
    Slice data; ///< that was read, as hexadecimal digits
} SmbMessage;

/** What is done with them. */
typedef struct {
    void (*message)(const SmbMessage *message, gpointer data);
    void (*sealed)(const Address *source, const Address *destination,
                   gpointer data); ///< a packet nothing of which can be read
    gpointer data;
} SmbMessagesTaker;

typedef struct SmbMessages SmbMessages;

SmbMessages *smb_messages_new(SmbMessagesTaker taker);
void smb_messages_free(SmbMessages *messages);

/** Takes a line, without its end. */
void smb_messages_line(SmbMessages *messages, const char *line, size_t len);

#endif
