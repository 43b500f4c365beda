// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What is kept from the programs that read an attacker's bytes.
 */
#ifndef CAR_TSHARK_FENCE_H
#define CAR_TSHARK_FENCE_H

/** From now on this process, and whatever it becomes or starts, gains no rights, has no capability but that of reading what its
 * user may not, opens no socket, and writes, makes and removes no files; descriptors that are open stay as they are. What
 * the kernel does not know is left out. To be called between fork and exec: safe in a signal handler. */
void fence_close(void);

#endif
