/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the running kernel is known to do wrong, and planning has to keep away from. */
#ifndef TACHO_USER_PLAN_KERNEL_FAULTS_H
#define TACHO_USER_PLAN_KERNEL_FAULTS_H

#include <stdbool.h>

/*
 * Does a kernel of this release (uname -r) end programs that return through a replaced address
 * while a seccomp filter forbids them the uretprobe system call? x86-64: Linux 6.11 brought the
 * call (ff474a78cef5), 6.14 made seccomp ignore it (cf6cb56ef244), and the stable series 6.12
 * and 6.13 took that over early on. A few of these that are right already are counted in.
 */
bool kernel_kills_filtered_programs(const char *release);

/*
 * Does a kernel of this release end children of programs? x86-64 from Linux 6.18 on: a 5-byte nop
 * with a probe becomes a call of a page that the kernel maps into the program (ba2bfc97b462), and
 * fork(2) hands the call down, but not the page: a child that comes there without an exec dies by
 * SIGSEGV. Seen on 6.18.44 with an empty program; no release is known to be right.
 */
bool kernel_kills_forked_programs(const char *release);
/* The same of the running kernel. */
bool kernel_breaks_nops(void);

/*
 * x86-64 before Linux 6.18: a probe on a call that the kernel emulates leaves the shadow stack
 * behind, and the processor ends the program at the return. Only where there are shadow stacks.
 */
bool kernel_forgets_shadow_stacks(void);

#endif
