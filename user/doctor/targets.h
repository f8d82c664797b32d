/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Functions of this program to put probes on. Nothing but the doctor's own child calls them. They
 * are written in assembly, so that each begins with a known instruction: what the kernel does at a
 * probe depends on which one it is on.
 */
#ifndef TACHO_USER_DOCTOR_TARGETS_H
#define TACHO_USER_DOCTOR_TARGETS_H

#include <stddef.h>
#include <stdint.h>

enum doctor_target_use {
	TARGET_TRIAL,	 /* is a feature there? Never measured */
	TARGET_ENTRY,	 /* what does one probe cost? */
	TARGET_HIJACKED, /* what does a call cost whose return address is replaced? */
	TARGET_BOTH,	 /* and one with a probe on its `ret` as well? */
};

/* What is known of an instruction, on every kernel. */
enum doctor_target_known {
	KNOWN_NOTHING,
	KNOWN_EMULATED,
	KNOWN_STEPPED,
	KNOWN_OPTIMISABLE, /* by newer kernels, which turn it into a call: no trap at all */
};

struct doctor_target {
	enum doctor_target_use use;
	const char *name; /* as the report says it */
	void (*call)(void);
	size_t delta;	/* of the probe, from the beginning */
	size_t exit_at; /* of the return instruction; TARGET_BOTH only */
	enum doctor_target_known known;
};

#define DOCTOR_TARGETS_MAX 16

extern const struct doctor_target doctor_targets[];
extern const size_t doctor_target_cnt;

/* The two TARGET_TRIALs. Where a probe has been a moment ago, the kernel takes none with another
 * semaphore, or none with one at all. */
#define TRIAL_TARGET 0
#define TRIAL_TARGET_WITH_SEMAPHORE 1

/* A USDT semaphore: the kernel counts up, in every process that maps this program, for as long as
 * a probe that names it is attached. */
extern volatile unsigned short doctor_semaphore;

/* Where in the program's file an address of it comes from. -ENOENT if it is not the program's. */
int doctor_file_offset(const volatile void *address, uint64_t *ret_offset);

#endif
