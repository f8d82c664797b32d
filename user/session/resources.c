/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What processes use, recorded by the session beside what they do. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../command.h"
#include "../message.h"
#include "../plural.h"
#include "../processes/resources.h"
#include "session_internal.h"

int session__open_other_resources(struct session *s, const struct config *config,
				  struct resources **ret_resources, struct fault *why)
{
	const struct session_options *o = s->options;
	const struct resources_options options = {
		.patterns = (const char *const *)config->resources.patterns,
		.pattern_cnt = config->resources.pattern_cnt,
		.put = session__put,
		.put_ctx = s,
		.source = o->process_source,
		.notice = session__notice,
		.pids = o->pids,
		.pid_cnt = o->pid_cnt,
		.command = s->command ? command__pid(s->command) : 0,
	};

	*ret_resources = NULL;
	return config->resources.enabled ? resources__open(&options, ret_resources, why) : 0;
}

int session__open_resources(struct session *s, struct fault *why)
{
	return session__open_other_resources(s, s->config, &s->resources, why);
}

static void tell_trouble(struct session *s, int err, const struct fault *why)
{
	if (err && err != s->resources_err)
		message("record: processes cannot be sampled: %s (tried again at each tick)",
			why->text);
	s->resources_err = err;
}

static void take_sample(struct session *s)
{
	struct fault why = {};

	tell_trouble(s, resources__tick(s->resources, &why), &why);
}

int session__start_resources(struct session *s, struct fault *why)
{
	uint64_t interval_ns = s->config->resources.interval_ns;
	int err;

	if (!s->resources)
		return 0;
	/* A timer's ticks count from its start, however long a sample takes: they do not drift. */
	err = session__make_timer(interval_ns, interval_ns, &s->resources_fd, why);
	if (!err)
		err = session__watch_resources(s, s->resources_fd,
					       resources__event_fd(s->resources), why);
	if (!err)
		take_sample(s);
	return err;
}

void session__resources_tick(struct session *s)
{
	uint64_t expirations;

	if (read(s->resources_fd, &expirations, sizeof(expirations)) == sizeof(expirations))
		take_sample(s);
}

void session__drain_resources(struct session *s)
{
	if (s->resources)
		resources__drain(s->resources);
}

void session__finish_resources(struct session *s)
{
	struct fault why = {};
	uint64_t lost;

	if (!s->resources)
		return;
	tell_trouble(s, resources__finish(s->resources, &why), &why);
	lost = resources__lost(s->resources);
	if (lost)
		message("record: %" PRIu64
			" %s not seen: more happened at one time than could be taken "
			"in",
			lost,
			plural(lost, "beginning or end of a process was",
			       "beginnings and ends of processes were"));
}

void session__swap_resources(struct session *s, struct resources *resources)
{
	struct fault why = {};

	session__finish_resources(s);
	session__close_resources(s);
	if (s->resources_fd >= 0)
		close(s->resources_fd);
	s->resources_fd = -1;
	s->resources = resources;
	if (session__start_resources(s, &why))
		message("record: %s", why.text);
}

void session__close_resources(struct session *s)
{
	resources__free(s->resources);
	s->resources = NULL;
}
