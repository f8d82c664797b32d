/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Putting the probes of a file in place while nobody writes into it, and taking them away. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../follow/file_watch.h"
#include "../message.h"
#include "session_internal.h"

static int grow_placed(struct follow *f, size_t cnt)
{
	bool *grown;

	if (cnt <= f->placed_cnt)
		return 0;
	grown = reallocarray(f->placed, cnt, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + f->placed_cnt, 0, (cnt - f->placed_cnt) * sizeof(*grown));
	f->placed = grown;
	f->placed_cnt = cnt;
	return 0;
}

bool session__guard(struct session *s, uint32_t binary)
{
	const struct planned_binary *b = &s->options->plan->binaries[binary];
	const struct message_subject subject = { .binary = b->path };
	struct fault why = {};
	int got =
		file_watch__guard(s->follow->watch, elf_file__fd(b->elf), GUARD_TAG | binary, &why);

	if (got == -EEXIST || got == FILE_WATCH_LEASED)
		return true;
	if (got == FILE_WATCH_BUSY) {
		message_about(&subject, MESSAGE_WARNING,
			      "record: %s: %s (attached when that is done)", b->path, why.text);
		return false;
	}
	if (!s->follow->told_unguarded)
		message_about(
			&subject, MESSAGE_WARNING,
			"record: %s: %s (should it be overwritten in place, its probes are taken "
			"away only afterwards)",
			b->path, why.text);
	s->follow->told_unguarded = true;
	return true;
}

int session__attach_binary(struct session *s, uint32_t binary, struct fault *why)
{
	int got;

	if (!s->options->plan->binaries[binary].elf || !session__guard(s, binary))
		return 0;
	got = prober__attach(s->prober, binary, why);
	if (got > 0)
		session__put_placed(s, binary);
	return got;
}

int session__prepare_attaching(struct session *s, struct fault *why)
{
	int err;

	err = grow_placed(s->follow, s->options->plan->probe_cnt);
	if (!err)
		err = session__put_new_probes(s);
	return err ? fault__set(why, err, "no memory") : 0;
}

void session__detach_binary(struct session *s, uint32_t binary)
{
	if (!prober__is_attached(s->prober, binary))
		return;
	prober__detach(s->prober, binary);
	session__drain(s); /* what it recorded belongs before this */
	session__put_placed(s, binary);
}

void session__give_up(struct session *s, uint32_t binary)
{
	session__detach_binary(s, binary);
	file_watch__remove(s->follow->watch, GUARD_TAG | binary);
	plan__give_up(s->options->plan, binary);
}

int session__attach_or_give_up(struct session *s, uint32_t binary)
{
	struct fault why = {};
	int got = session__attach_binary(s, binary, &why);
	const struct message_subject subject = {
		.binary = s->options->plan->binaries[binary].path,
		.err = got,
	};

	if (got >= 0)
		return got;
	if (got != -ESTALE)
		message_about(&subject, MESSAGE_WARNING, "record: %s", why.text);
	if (!prober__is_attached(s->prober, binary))
		session__give_up(s, binary);
	return got;
}

int session__attach_new(struct session *s, size_t first_probe, size_t first_hook)
{
	const struct plan *plan = s->options->plan;
	struct fault why = {};
	int got, ret = 0;

	if (session__prepare_attaching(s, &why)) {
		message("record: %s", why.text);
		return -ENOMEM;
	}
	for (size_t i = first_probe; i < plan->probe_cnt; i++) {
		got = session__attach_or_give_up(s, plan->probes[i].binary);
		ret = got < 0 ? got : ret;
	}
	for (size_t i = first_hook; i < plan->hook_cnt; i++)
		session__attach_or_give_up(s, plan->hooks[i].binary);
	return ret;
}
