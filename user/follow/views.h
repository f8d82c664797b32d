/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the targets of a recording are found: in our own view of the file tree, and in every other
 * one that processes run in (containers, chroots); and which of the others are to be looked into,
 * and when. A view is a mount namespace and a root in it; its files are reached below
 * "/proc/PID/root" of a process in there.
 */
#ifndef TACHO_USER_FOLLOW_VIEWS_H
#define TACHO_USER_FOLLOW_VIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../fault.h"

#define VIEW_OWN 0
#define VIEW_NOWHERE UINT32_MAX
#define VIEW_ROOT_SZ 32 /* "/proc/2147483647/root" */

struct views;

int views__new(size_t target_cnt, struct views **ret_views, struct fault *why);
void views__free(struct views *views); /* NULL is fine */

/* There are more targets now; nothing has been found of the new ones. */
int views__grow(struct views *views, size_t target_cnt);
/* Nobody looks for this target any more. */
void views__forget_target(struct views *views, uint32_t target);

/* Readable when views__take may have something. */
int views__fd(const struct views *views);

/* A process has begun to run a program. If it has another view than ours, that is due now. */
void views__want(struct views *views, pid_t pid);

/* Every other view that some process has is due now. */
void views__want_all(struct views *views);

/* The views in which some target is found in this file are due now: it has changed. */
void views__want_file(struct views *views, uint32_t file);

/*
 * The next view that is due, and the root of a process in there; false when there is none, or when
 * it is too early: looking takes a twentieth of our time at most. views__looked ends the look.
 */
bool views__take(struct views *views, uint32_t *ret_view, char root[VIEW_ROOT_SZ]);
void views__looked(struct views *views);

/* In which file (a number) the target was found last; VIEW_NOWHERE: in none. A view's number is
 * good until views__want or views__forget_ended. */
uint32_t views__find(const struct views *views, uint32_t view, uint32_t target);
int views__put(struct views *views, uint32_t view, uint32_t target, uint32_t file);

/* Sets named[file] for each of the files that some target is found in. */
void views__mark(const struct views *views, bool *named, size_t file_cnt);

/* Forgets the views that no process has any more. */
void views__forget_ended(struct views *views);

#endif
