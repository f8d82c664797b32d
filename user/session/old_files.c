/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that have been replaced, or that no target is found in any more: their probes stay as long
 * as somebody uses them. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../clock.h"
#include "../elf/locate.h"
#include "../follow/file_watch.h"
#include "../follow/in_use.h"
#include "../follow/sole_user.h"
#include "../follow/views.h"
#include "../message.h"
#include "session_internal.h"

/* Who still uses an old file is asked soon after it was replaced, and then less and less often:
 * services are restarted at once or not for a long time. */
#define IN_USE_PAUSE_MIN_NS 1000000000ULL
#define IN_USE_PAUSE_MAX_NS 16000000000ULL

void session__expect_old_files(struct session *s)
{
	s->follow->in_use_pause_ns = IN_USE_PAUSE_MIN_NS;
	s->follow->in_use_ns = clock_monotonic_ns() + s->follow->in_use_pause_ns;
}

/* Libraries that have hooks are no targets, so that no view knows of them. */
static bool is_still_named(const struct planned_binary *binary)
{
	struct stat st = {};
	char *path = NULL;
	int fd = -1;

	if (!binary->root) {
		if (stat(binary->path, &st))
			return false;
	} else if (!locate_binary_in(binary->root, binary->path, &path, &fd, NULL)) {
		fstat(fd, &st);
		close(fd);
		free(path);
	}
	return st.st_dev == elf_file__dev(binary->elf) && st.st_ino == elf_file__ino(binary->elf);
}

/* Where processes may not be looked into, the kernel can still say that there are none. */
static bool is_in_use(struct session *s, uint32_t binary)
{
	const struct elf_file *elf = s->options->plan->binaries[binary].elf;
	bool in_use;

	if (!file_in_use(elf_file__dev(elf), elf_file__ino(elf), &in_use))
		return in_use;
	file_watch__unguard(s->follow->watch, GUARD_TAG | binary);
	if (is_sole_user(elf_file__fd(elf)))
		return false;
	if (!session__guard(s, binary))
		session__about_to_be_written(s, binary, true);
	return true;
}

static void let_go_of_old_files(struct session *s, bool *named)
{
	const struct plan *plan = s->options->plan;

	views__forget_ended(s->follow->views);
	views__mark(s->follow->views, named, plan->binary_cnt);
	for (uint32_t i = 0; i < plan->binary_cnt; i++) {
		const struct planned_binary *b = &plan->binaries[i];

		if (named[i] || !b->elf || (session__has_hooks(plan, i) && is_still_named(b)) ||
		    is_in_use(s, i))
			continue;
		message_about(
			&(struct message_subject) { .id = MESSAGE_ID_DETACHED, .binary = b->path },
			MESSAGE_INFO,
			"record: %s: no process runs the old file any more (build-id %s): its "
			"probes are taken away",
			b->path, elf_file__build_id(b->elf));
		session__give_up(s, i);
	}
}

void session__follow_tick(struct session *s)
{
	struct follow *f = s->follow;
	uint64_t now_ns = clock_monotonic_ns();
	bool *named;

	if (now_ns < f->in_use_ns)
		return;
	f->in_use_pause_ns *= 2;
	if (f->in_use_pause_ns > IN_USE_PAUSE_MAX_NS)
		f->in_use_pause_ns = IN_USE_PAUSE_MAX_NS;
	f->in_use_ns = now_ns + f->in_use_pause_ns;
	named = calloc(s->options->plan->binary_cnt + 1, sizeof(*named));
	if (named)
		let_go_of_old_files(s, named);
	free(named);
}
