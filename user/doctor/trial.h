/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One BPF program of bpf/doctor.bpf.c, loaded alone: what one kernel lacks hides nothing else. */
#ifndef TACHO_USER_DOCTOR_TRIAL_H
#define TACHO_USER_DOCTOR_TRIAL_H

#include <stdint.h>

#include "uprobe_link.h"

struct trial;

/* way: how the program is to be attached, if it is one for probes. map: the one that it needs, or
 * NULL. 0 or negative errno. */
int trial__new(const char *program, const char *map, enum uprobe_way way, struct trial **ret_trial);
void trial__free(struct trial *trial); /* NULL is fine */

struct bpf_program *trial__program(const struct trial *trial);
int trial__map_fd(const struct trial *trial); /* of the map that it needs */

/* How often the program has run and got what it asked for. */
uint64_t trial__runs(const struct trial *trial);
uint64_t trial__cookie(const struct trial *trial); /* that it got last */

/* libbpf has one print function for the whole process: from here on it says nothing. */
void trial_silence_libbpf(void);

#endif
