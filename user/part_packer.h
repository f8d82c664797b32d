/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compresses one file at a time, in a thread of its own that gives way to everybody else.
 *
 * The thread knows descriptors only. It never renames, removes or looks up anything: names are the
 * owner's business, who may change them while the thread works. Nor is there a lock: a thread that
 * gives way could hold it for long, and the owner must never wait. There is one order at a time,
 * and it belongs either to the owner or to the thread.
 */
#ifndef TACHO_USER_PART_PACKER_H
#define TACHO_USER_PART_PACKER_H

#include <stdbool.h>

struct part_packer;

/* The thread begins with the first order. */
int part_packer__new(struct part_packer **ret_packer);

/* Gives up an order that is under way. Does not take longer than a second: a thread that the disk
 * holds up for longer is left to end by itself. */
void part_packer__free(struct part_packer *packer);

/*
 * Orders; only when none is under way. Both take over the descriptor in any case. 0 or negative
 * errno: no thread can be had.
 *
 * Writes what is in from, compressed, to the empty file `to`, which gets its modification time.
 * The result, if not what the system said, is -EAGAIN if from changed meanwhile. from stays open in
 * the thread until the next order, so that the blocks of a large file that is removed are not given
 * back while the owner waits.
 */
int part_packer__pack(struct part_packer *packer, int from, int to, bool sync);
/* fsync(2) of a directory. */
int part_packer__sync(struct part_packer *packer, int dir_fd);
/* Nothing but closing what is open. */
int part_packer__let_go(struct part_packer *packer);

/* Is the order done? If so, *ret_err is its result, and another may be given. */
bool part_packer__done(struct part_packer *packer, int *ret_err);

#endif
