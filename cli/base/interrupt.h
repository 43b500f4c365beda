// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What has to be undone when SIGINT, SIGTERM or SIGHUP ends the program, wherever it is: files without their final name are
 * removed, children ended. While nothing has to be, the signals do what they did before. One that is ignored, as under
 * nohup, stays so.
 */
#ifndef CAR_BASE_INTERRUPT_H
#define CAR_BASE_INTERRUPT_H

#include <glib.h>

typedef struct Interrupt Interrupt;

/** Runs in a thread of its own; then the program dies of the signal. */
typedef void (*InterruptFunc)(gpointer data);

/** From now on a signal calls `undo`. */
Interrupt *interrupt_add(InterruptFunc undo, gpointer data);

/** There is nothing to be undone any more. Does not return when a signal is just ending the program: nobody sees what the undoing
 * looks like from here. NULL is harmless. */
void interrupt_remove(Interrupt *interrupt);

#endif
