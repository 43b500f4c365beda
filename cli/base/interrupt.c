// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

struct Interrupt {
    InterruptFunc undo;
    gpointer data;
};

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
static struct sigaction before[G_N_ELEMENTS(numbers)];
static int wake[2]; ///< the number of a signal, from its handler to the thread
static GMutex lock; ///< of what follows; whoever ends the program keeps it
static GPtrArray *interrupts;

static void on_signal(int number)
{
    int saved = errno;
    char byte = (char) number;
    (void) !write(wake[1], &byte, 1);
    errno = saved;
}

static gpointer wait_for_signal(gpointer data)
{
    (void) data;
    char number;
    while (read(wake[0], &number, 1) != 1)
        continue;
    g_mutex_lock(&lock);
    for (guint i = interrupts->len; i > 0; i--) {
        const Interrupt *interrupt = g_ptr_array_index(interrupts, i - 1);
        interrupt->undo(interrupt->data);
    }
    (void) signal(number, SIG_DFL);
    (void) raise(number);
    return NULL;
}

/** Called once, under the lock. */
static void start(void)
{
    if (!g_unix_open_pipe(wake, FD_CLOEXEC, NULL))
        return;
    interrupts = g_ptr_array_new_with_free_func(g_free);
    g_thread_unref(g_thread_new("interrupt", wait_for_signal, NULL));
}

static void catch_signals(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        if (sigaction(numbers[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
            (void) sigaction(numbers[i], &action, NULL);
    }
}

static void leave_signals(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        (void) sigaction(numbers[i], &before[i], NULL);
}

Interrupt *interrupt_add(InterruptFunc undo, gpointer data)
{
    Interrupt *interrupt = NULL;
    g_mutex_lock(&lock);
    if (!interrupts)
        start();
    if (interrupts) {
        if (interrupts->len == 0)
            catch_signals();
        interrupt = g_new(Interrupt, 1);
        *interrupt = (Interrupt){undo, data};
        g_ptr_array_add(interrupts, interrupt);
    }
    g_mutex_unlock(&lock);
    return interrupt;
}

void interrupt_remove(Interrupt *interrupt)
{
    if (!interrupt)
        return;
    g_mutex_lock(&lock);
    (void) g_ptr_array_remove(interrupts, interrupt);
    if (interrupts->len == 0)
        leave_signals();
    g_mutex_unlock(&lock);
}
