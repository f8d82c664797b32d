/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

/* CAP_CHECKPOINT_RESTORE follows /proc/PID/map_files, where maps show another device than stat(2)
 * does (user/follow/in_use.c). */
static const cap_value_t always[] = { CAP_BPF,	      CAP_PERFMON, CAP_DAC_READ_SEARCH,
				      CAP_SYS_PTRACE, CAP_LEASE,   CAP_CHECKPOINT_RESTORE };

#define ALWAYS_CNT (sizeof(always) / sizeof(always[0]))
#define KEPT_MAX (ALWAYS_CNT + 2)

static bool holds(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;

	return !cap_get_flag(caps, cap, CAP_PERMITTED, &value) && value == CAP_SET;
}

/* Takes the one out of the effective set for the time of the question. */
static int is_override_needed(const struct privileges_needs *needs, cap_t before, bool *ret_needed)
{
	const cap_value_t override = CAP_DAC_OVERRIDE;
	cap_t without = cap_dup(before);
	bool needed = false;
	int err = 0;

	if (!without)
		return -errno;
	if (cap_set_flag(without, CAP_EFFECTIVE, 1, &override, CAP_CLEAR) || cap_set_proc(without))
		err = -errno;
	for (size_t i = 0; !err && i < needs->folder_cnt; i++)
		needed = needed || faccessat(needs->folder_fds[i], ".", W_OK | X_OK, AT_EACCESS);
	if (!err && cap_set_proc(before))
		err = -errno;
	cap_free(without);
	if (!err)
		*ret_needed = needed;
	return err;
}

static int choose(const struct privileges_needs *needs, cap_t before, cap_value_t *kept,
		  int *ret_cnt)
{
	bool override = false;
	int cnt = 0;
	int err = 0;

	if (holds(before, CAP_DAC_OVERRIDE))
		err = is_override_needed(needs, before, &override);
	for (size_t i = 0; i < ALWAYS_CNT; i++) {
		if (holds(before, always[i]))
			kept[cnt++] = always[i];
	}
	if (needs->perf_links && holds(before, CAP_SYS_ADMIN))
		kept[cnt++] = CAP_SYS_ADMIN;
	if (override)
		kept[cnt++] = CAP_DAC_OVERRIDE;
	*ret_cnt = cnt;
	return err;
}

static bool is_among(const cap_value_t *kept, int cnt, cap_value_t cap)
{
	for (int i = 0; i < cnt; i++) {
		if (kept[i] == cap)
			return true;
	}
	return false;
}

/* The kernel may know more of them than our headers do. */
static int drop_bound(const cap_value_t *kept, int cnt)
{
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++) {
		if (!is_among(kept, cnt, cap) && cap_get_bound(cap) > 0 && cap_drop_bound(cap))
			return -errno;
	}
	return 0;
}

static int set(const cap_value_t *kept, int cnt)
{
	cap_t caps = cap_init();
	int err = 0;

	if (!caps)
		return -errno;
	if (cnt && (cap_set_flag(caps, CAP_PERMITTED, cnt, kept, CAP_SET) ||
		    cap_set_flag(caps, CAP_EFFECTIVE, cnt, kept, CAP_SET)))
		err = -errno;
	if (!err && cap_set_proc(caps))
		err = -errno;
	cap_free(caps);
	return err;
}

/* What leaves the inheritable set leaves the ambient one, too (cap_capset, security/commoncap.c).
 */
static int give_up(const struct privileges_needs *needs, cap_t before)
{
	cap_value_t kept[KEPT_MAX];
	int cnt;
	int err;

	err = choose(needs, before, kept, &cnt);
	if (!err && holds(before, CAP_SETPCAP))
		err = drop_bound(kept, cnt);
	if (!err)
		err = set(kept, cnt);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	return err;
}

int privileges__give_up(const struct privileges_needs *needs, struct fault *why)
{
	cap_t before = cap_get_proc();
	int err;

	if (!before)
		err = -errno;
	else
		err = give_up(needs, before);
	cap_free(before);
	return err ? fault__set(why, err, "capabilities cannot be given up: %s", strerror(-err))
		   : 0;
}
