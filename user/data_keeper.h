/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Looks after the rotated files of one recorder: compresses them, and deletes the oldest when there
 * are too many bytes of them. What rotates is none of its business; it looks at the directory.
 *
 * All names are changed by the thread that calls this, which is also the one that rotates: so they
 * may shift as they like while another thread compresses (part_packer.h), which knows nothing but
 * two descriptors. When it is done, the part is looked for by its inode, wherever it is by then.
 *
 *     NAME.1  ->  .NAME.zst.tmp written and synced   by the packer
 *             ->  renamed to NAME.2.zst              at some later flush; NAME.2 is still there
 *             ->  directory synced                   by the packer
 *             ->  NAME.2 removed                     at the flush after that
 *
 * While there are both, NAME.2.zst is redundant, and a rotation makes it the temporary file again:
 * then it is renamed once more. A crash leaves either, and either can go: NAME.2 has all rows.
 */
#ifndef TACHO_USER_DATA_KEEPER_H
#define TACHO_USER_DATA_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"
#include "sink.h"

struct data_keeper;

int data_keeper__new(const struct sink_options *options, struct data_keeper **ret_keeper,
		     struct fault *why);
/* What is being compressed stays as it was. */
void data_keeper__free(struct data_keeper *keeper);

/* From the next look on, as these say (sink_options__change). */
void data_keeper__set_options(struct data_keeper *keeper, const struct sink_options *options);

/* The file of this name, which need not be there yet, is one of the recorder's. Before anything of
 * it is rotated: removes what a recorder has left that was killed (a notice says so). 0, or
 * negative errno with why. */
int data_keeper__add_name(struct data_keeper *keeper, const char *name, struct fault *why);

/* Does what there is to do and can be done at once; to be called behind each flush. now_ns is
 * CLOCK_MONOTONIC. last: begins nothing. Trouble is told by notices. */
void data_keeper__tend(struct data_keeper *keeper, uint64_t now_ns, bool last);

#endif
