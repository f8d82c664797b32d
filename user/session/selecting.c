/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which states are recorded: what it takes to record any, and going from one selection to another.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../command.h"
#include "../message.h"
#include "session_internal.h"

/* --- ready to record states ------------------------------------------------------------------ */

/* Only rows of `detail` have it; and a raw stream is to be enough for them. */
static bool wants_usage(const struct session *s)
{
	bool wanted = s->options->raw_path != NULL;

	for (size_t i = 0; i < s->config->format_cnt; i++)
		wanted = wanted || !strcmp(s->config->formats[i], "detail");
	return wanted;
}

int session__grow_states(struct session *s, struct fault *why)
{
	size_t cnt = s->options->plan->state_cnt;
	struct session_state *grown;

	if (cnt <= s->state_cnt)
		return 0;
	grown = reallocarray(s->states, cnt, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory");
	memset(grown + s->state_cnt, 0, (cnt - s->state_cnt) * sizeof(*grown));
	s->states = grown;
	s->state_cnt = cnt;
	return 0;
}

static int open_prober(struct session *s, struct fault *why)
{
	const struct session_options *o = s->options;
	const struct prober_options options = {
		.plan = o->plan,
		.ring_bytes = s->config->ring_bytes,
		.scoped = o->pid_cnt || o->command,
		.scope_follows_forks = o->command != NULL,
		.measure_usage = wants_usage(s),
		.tell_execs = true,
		.may_grow = s->hangup_reloads,
		.way = o->way,
	};
	int err;

	err = prober__new(&options, &s->prober, why);
	if (err)
		return err;
	s->ring = ring_buffer__new(prober__ring_fd(s->prober), session__on_ring_record, s, NULL);
	if (!s->ring)
		return fault__set(why, -errno, "the ring buffer cannot be mapped: %s",
				  strerror(errno));
	return session__watch(s, ring_buffer__epoll_fd(s->ring), SOURCE_RING, why);
}

int session__open_states(struct session *s, struct fault *why)
{
	int err;

	err = session__start_following(s, why);
	if (!err)
		err = session__watch(s, session__follow_fd(s), SOURCE_FILES, why);
	if (!err)
		err = session__grow_states(s, why);
	if (!err)
		err = session__open_marks(s, why);
	if (!err)
		err = session__open_python(s, why);
	if (!err)
		err = open_prober(s, why);
	return err;
}

void session__close_states(struct session *s)
{
	session__close_python(s);
	session__stop_following(s);
	ring_buffer__free(s->ring);
	s->ring = NULL;
	prober__free(s->prober);
	s->prober = NULL;
	session__close_marks(s);
}

int session__start_states(struct session *s, struct fault *why)
{
	const struct session_options *o = s->options;
	int err = 0;

	for (size_t i = 0; !err && i < o->pid_cnt; i++)
		err = prober__add_process(s->prober, o->pids[i], false, why);
	if (!err && s->command)
		err = prober__add_process(s->prober, command__pid(s->command), true, why);
	if (!err)
		err = session__watch_flag(s, why);
	for (size_t i = 0; !err && i < s->state_cnt; i++)
		prober__select(s->prober, i, !s->states[i].retired && !s->flag_off);
	if (!err)
		err = session__attach_all(s, why);
	if (err)
		return err;
	prober__begin(s->prober);
	session__publish_python(s);
	return 0;
}

size_t session__wanted_cnt(const struct session *s)
{
	size_t cnt = 0;

	for (size_t i = 0; i < s->state_cnt; i++)
		cnt += !s->states[i].retired &&
		       (s->config->marks.enabled || !plan__is_marks(s->options->plan, i));
	return cnt;
}

/* --- from one selection to another ----------------------------------------------------------- */

/* Their calls that are open are over for us, once and for all. Functions of Python have no probes
 * of their own that could be taken away. */
static void let_go(struct session *s, bool any_python)
{
	int err;

	if (!prober__detach_unselected(s->prober) && !any_python)
		return;
	session__drain(s); /* what they recorded belongs before this */
	err = prober__close_unselected_calls(s->prober);
	if (err)
		message("record: the calls that are open cannot be listed: %s", strerror(-err));
	session__drain(s);
	for (uint32_t i = 0; i < s->options->plan->binary_cnt; i++)
		session__put_placed(s, i);
}

void session__select(struct session *s)
{
	const struct plan *plan = s->options->plan;
	bool any_off = false, any_on = false, python_off = false;

	for (size_t i = 0; i < s->state_cnt; i++) {
		bool wanted = !s->states[i].retired && !s->flag_off;

		if (wanted == prober__is_selected(s->prober, i))
			continue;
		prober__select(s->prober, i, wanted);
		any_on |= wanted;
		any_off |= !wanted;
		python_off |= !wanted && plan__is_python(plan, i);
	}
	if (any_off)
		let_go(s, python_off);
	for (uint32_t i = 0; any_on && i < plan->binary_cnt; i++)
		session__attach_or_give_up(s, i);
	session__publish_python(s);
}
