/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The report is written by the handler itself. No thread waits for signals: it would keep a process
 * alive whose other threads have ended, and change what a program with one thread may do. The
 * handler takes no lock for an unbounded time and allocates nothing.
 */
#include "report_signal.h"

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include "port/error.h"
#include "report.h"

/* The process whose memory this is. A child of vfork runs in its parent's memory: it is not. */
static volatile pid_t owner;

static void own(void)
{
    owner = getpid();
}

static void set_action(int sig, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(sig, &action, NULL);
}

/* The signal is blocked until the handler returns. Then it does what it would have done without
 * this library. */
static void end_by(int sig)
{
    set_action(sig, SIG_DFL);
    kill(getpid(), sig);
}

static void report_then_end(int sig)
{
    int saved = fr_save_errno();
    if (getpid() == owner)
        fr_report();
    end_by(sig);
    fr_restore_errno(saved);
}

static void report_and_go_on(int sig)
{
    int saved = fr_save_errno();
    if (getpid() == owner)
        fr_report();
    else
        end_by(sig);
    fr_restore_errno(saved);
}

/* Whoever ignores a signal, or has a handler, means it. */
static void catch_default(int sig, void (*handler)(int))
{
    struct sigaction now;
    if (sigaction(sig, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
        now.sa_handler == SIG_DFL)
        set_action(sig, handler);
}

void fr_report_catch(enum fr_report_at at)
{
    own();
    if (at == FR_REPORT_AT_EXIT || pthread_atfork(NULL, NULL, own) != 0)
        return;
    catch_default(SIGTERM, report_then_end);
    if (at == FR_REPORT_AT_SIGUSR2)
        catch_default(SIGUSR2, report_and_go_on);
}
