/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * New settings while recording (SIGHUP). All that can fail is done first and changes nothing: the
 * settings are read and checked, states that are new are planned, what watches processes is opened.
 * Then the difference is applied:
 *
 *   same meaning as before       untouched
 *   not there any more, or off   retired: detached, its open calls are closed as `open`
 *   another meaning              the old one is retired, a new one of the name begins
 *   as one that was retired      that one goes on
 *
 * Of each state that was ever recorded something stays in memory, but for each meaning only once: a
 * plan's state with its probes, and the same in the recorder, about 1 KiB and 1 KiB a probe. No
 * more can come than the kernel's tables have room for (prober.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../message.h"
#include "../plural.h"
#include "../processes/resources.h"
#include "../service/notify.h"
#include "session_internal.h"

struct reload {
	struct config *config; /* the new one */
	bool *added;	       /* states of config that are planned anew */
	/* Of the plan's states, before and after: */
	bool *kept;
	bool *came; /* back, or anew */
	bool *went;
	size_t state_cnt; /* there is room for, in these three */
	struct plan_mark before;
	struct resources *resources; /* to take over, if resources_differ */
	bool resources_differ;
	bool flag_differs;
	bool opened; /* there was no state until now */
};

bool session__reloads_at_hangup(const struct session *s)
{
	int fd;

	if (!s->options->load_again || s->options->command)
		return false;
	fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return true;
	close(fd);
	return false;
}

/* --- what is different ----------------------------------------------------------------------- */

/* Of two that are the same, the one that is recorded. */
static bool find_state(const struct session *s, const struct state_config *wanted,
		       size_t *ret_state)
{
	const struct plan *plan = s->options->plan;
	bool found = false;

	for (size_t i = 0; i < s->state_cnt; i++) {
		if (!state_config__same(plan->states[i].config, wanted))
			continue;
		*ret_state = i;
		found = true;
		if (!s->states[i].retired)
			break;
	}
	return found;
}

/* The core of the Python package has probes only if the recording began with such states. */
static bool is_too_late(const struct session *s, const struct state_config *state)
{
	return state->python_cnt && !s->options->plan->reserved_labels;
}

static void compare_states(const struct session *s, struct reload *r)
{
	size_t at;

	for (size_t i = 0; i < r->config->state_cnt; i++) {
		const struct state_config *state = &r->config->states[i];

		if (!state->enabled || is_too_late(s, state))
			continue;
		if (find_state(s, state, &at))
			r->kept[at] = true;
		else
			r->added[i] = true;
	}
	for (size_t i = 0; i < s->state_cnt; i++) {
		r->kept[i] |= session__is_of_marks(s, i);
		r->came[i] = r->kept[i] && s->states[i].retired;
		r->went[i] = !r->kept[i] && !s->states[i].retired;
	}
}

static int begin(struct session *s, struct reload *r, struct fault *why)
{
	int err;

	err = s->options->load_again(s->options->load_ctx, &r->config, why);
	if (err)
		return err;
	r->state_cnt = s->state_cnt + r->config->state_cnt + session__labels_max(s);
	r->added = calloc(r->config->state_cnt + 1, sizeof(bool));
	r->kept = calloc(r->state_cnt + 1, sizeof(bool));
	r->came = calloc(r->state_cnt + 1, sizeof(bool));
	r->went = calloc(r->state_cnt + 1, sizeof(bool));
	if (!r->added || !r->kept || !r->came || !r->went)
		return fault__set(why, -ENOMEM, "no memory");
	compare_states(s, r);
	r->resources_differ = !resources_config__same(&s->config->resources, &r->config->resources);
	r->flag_differs = !feature_flag_config__same(&s->config->flag, &r->config->flag);
	return 0;
}

static void end(struct reload *r)
{
	config__free(r->config);
	resources__free(r->resources);
	free(r->added);
	free(r->kept);
	free(r->came);
	free(r->went);
}

/* --- what can fail --------------------------------------------------------------------------- */

static bool any(const bool *which, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (which[i])
			return true;
	}
	return false;
}

/* Columns stay where they are: they only become more. */
static int check_columns(const struct plan *plan, struct fault *why)
{
	const char *names[SINK_CAPTURES_MAX];
	size_t cnt = 0, at;

	for (size_t s = 0; s < plan->state_cnt; s++) {
		const struct state_config *state = plan->states[s].config;

		for (size_t i = 0; i < state->capture_cnt; i++) {
			at = 0;
			while (at < cnt && strcmp(names[at], state->captures[i].name))
				at++;
			if (at == SINK_CAPTURES_MAX)
				return fault__set(why, -E2BIG,
						  "captured values, old and new ones, have more "
						  "than %d names (start again)",
						  SINK_CAPTURES_MAX);
			if (at == cnt)
				names[cnt++] = state->captures[i].name;
		}
	}
	return 0;
}

static int plan_states(struct session *s, struct reload *r, struct fault *why)
{
	struct plan *plan = s->options->plan;
	int err;

	r->before = plan__mark(plan);
	if (!any(r->added, r->config->state_cnt))
		return 0;
	err = plan__add_states(plan, r->config, r->added, why);
	if (err)
		return err;
	err = check_columns(plan, why);
	if (!err && !s->prober) {
		r->opened = true;
		err = session__open_states(s, why);
	} else if (!err) {
		err = session__grow_states(s, why);
		if (!err)
			err = prober__add_states(s->prober, why);
	}
	if (err) {
		if (r->opened)
			session__close_states(s);
		plan__cut_back(plan, &r->before);
		s->state_cnt = plan->state_cnt;
	}
	for (size_t i = r->before.state_cnt; !err && i < plan->state_cnt; i++)
		r->kept[i] = r->came[i] = true;
	return err;
}

static int prepare(struct session *s, struct reload *r, struct fault *why)
{
	int err = 0;

	if (r->resources_differ)
		err = session__open_other_resources(s, r->config, &r->resources, why);
	return err ? err : plan_states(s, r, why);
}

/* --- what is applied ------------------------------------------------------------------------- */

static void tell_not_taken(const char *what)
{
	message("record: %s is taken at the next start", what);
}

static void apply_flush(struct session *s, const struct config *config)
{
	uint64_t tick_ns = config->flush_ns / 2;
	const struct itimerspec spec = {
		.it_value = { tick_ns / 1000000000, tick_ns % 1000000000 },
		.it_interval = { tick_ns / 1000000000, tick_ns % 1000000000 },
	};

	if (config->flush_ns != s->config->flush_ns)
		timerfd_settime(s->tick_fd, 0, &spec, NULL);
}

/* How the files are kept. */
static void apply_output_settings(struct session *s, const struct config *config)
{
	struct sink_options sinks = {};

	session__read_output_settings(config, &sinks);
	recorder__set_options(s->recorder, &sinks);
	if (!config__same_formats(config, s->config))
		tell_not_taken("formats");
}

static void apply_settings(struct session *s, struct reload *r)
{
	const struct config *config = r->config;

	if (!config__same_directory(config, s->config))
		tell_not_taken("directory");
	if (config->ring_bytes != s->config->ring_bytes)
		tell_not_taken("ring-size");
	if (!marks_config__same(&config->marks, &s->config->marks))
		tell_not_taken("[marks]");
	for (size_t i = 0; i < config->state_cnt; i++) {
		const struct state_config *state = &config->states[i];

		if (state->enabled && is_too_late(s, state))
			message("record: state %s: python is taken at the next start", state->name);
	}
	apply_flush(s, config);
	apply_output_settings(s, config);
	message_set_level(config->message_level);
	config__free(s->owned_config);
	s->config = s->owned_config = r->config;
	s->options->plan->config = r->config;
	r->config = NULL;
}

/* The limits of states that are kept, before their settings are gone. */
static void apply_limits(struct session *s, const struct reload *r)
{
	struct plan *plan = s->options->plan;
	size_t at;

	for (size_t i = 0; i < r->config->state_cnt; i++) {
		const struct state_config *state = &r->config->states[i];

		if (r->added[i] || !state->enabled || !find_state(s, state, &at) ||
		    plan->states[at].rate_limit == state->rate_limit)
			continue;
		plan->states[at].rate_limit = state->rate_limit;
		if (prober__set_limit(s->prober, at))
			message("record: state %s: rate-limit is taken at the next start",
				plan->states[at].name);
	}
}

static void start_states(struct session *s)
{
	struct fault why = {};

	if (session__start_states(s, &why))
		message("record: %s", why.text);
}

static void apply_states(struct session *s, struct reload *r)
{
	struct fault why = {};

	if (session__put_new_states(s) || session__prepare_attaching(s, &why))
		message("record: no memory");
	for (size_t i = 0; i < s->state_cnt; i++)
		s->states[i].retired = !r->kept[i] && !session__is_of_marks(s, i);
	if (r->opened) {
		start_states(s);
		return;
	}
	if (r->flag_differs && session__watch_flag(s, &why))
		message("record: %s", why.text);
	session__unfollow_states(s, r->went);
	session__select(s);
	session__follow_states(s, r->came);
}

static void tell(const struct session *s, const struct reload *r)
{
	size_t came = 0, went = 0;

	for (size_t i = 0; i < s->state_cnt; i++) {
		came += r->came[i];
		went += r->went[i];
	}
	message_about(&(struct message_subject) { .id = MESSAGE_ID_RELOADED }, MESSAGE_INFO,
		      "record: settings reloaded: %zu state%s, %zu of them new or changed; %zu "
		      "taken away",
		      session__wanted_cnt(s), plural_s(session__wanted_cnt(s)), came, went);
}

static void apply(struct session *s, struct reload *r)
{
	session_tell_plan(s->options->plan, &r->before);
	if (s->prober)
		apply_limits(s, r);
	apply_settings(s, r);
	if (s->prober)
		apply_states(s, r);
	if (r->resources_differ)
		session__swap_resources(s, r->resources);
	r->resources = NULL;
	tell(s, r);
}

void session__reload(struct session *s)
{
	const struct message_subject refused = { .id = MESSAGE_ID_RELOAD_REFUSED };
	char status[SESSION_TEXT_SZ];
	struct reload r = {};
	struct fault why = {};
	int err;

	notify__reloading();
	message_forget_repetitions();
	err = begin(s, &r, &why);
	if (!err)
		err = prepare(s, &r, &why);
	if (!err)
		apply(s, &r);
	else
		message_about(&refused, MESSAGE_WARNING, "record: reload refused: %s", why.text);
	end(&r);
	session__describe_service(s, status, sizeof(status));
	notify__ready(status);
}
