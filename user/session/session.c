/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../clock.h"
#include "../command.h"
#include "../message.h"
#include "../output_dir.h"
#include "../raw.h"
#include "session_internal.h"

#define BACKLOG_BYTES ((size_t)32 << 20)

/* --- what the loop waits for --------------------------------------------------------------- */

int session__watch(struct session *s, int fd, uint64_t source, struct fault *why)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = source };

	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return fault__set(why, -errno, "epoll: %s", strerror(errno));
	return 0;
}

int session__watch_resources(struct session *s, int timer_fd, int event_fd, struct fault *why)
{
	int err = session__watch(s, timer_fd, SOURCE_RESOURCES, why);

	return err || event_fd < 0 ? err : session__watch(s, event_fd, SOURCE_PROCESS_EVENTS, why);
}

int session__watch_service(struct session *s, int timer_fd, struct fault *why)
{
	return session__watch(s, timer_fd, SOURCE_SERVICE, why);
}

int session__make_timer(uint64_t first_ns, uint64_t period_ns, int *ret_fd, struct fault *why)
{
	struct itimerspec spec = {
		.it_value = { first_ns / 1000000000, first_ns % 1000000000 },
		.it_interval = { period_ns / 1000000000, period_ns % 1000000000 },
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd < 0 || timerfd_settime(fd, 0, &spec, NULL)) {
		int err = fault__set(why, -errno, "timerfd: %s", strerror(errno));

		if (fd >= 0)
			close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int watch_signals(struct session *s, struct fault *why)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit shows as EFBIG */
	s->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signal_fd < 0)
		return fault__set(why, -errno, "signalfd: %s", strerror(errno));
	return session__watch(s, s->signal_fd, SOURCE_SIGNAL, why);
}

static int watch_pids(struct session *s, struct fault *why)
{
	const struct session_options *o = s->options;
	int err = 0;
	int fd;

	s->pid_fds = calloc(o->pid_cnt + 1, sizeof(*s->pid_fds));
	if (!s->pid_fds)
		return fault__set(why, -ENOMEM, "no memory");
	memset(s->pid_fds, -1, o->pid_cnt * sizeof(*s->pid_fds));
	for (size_t i = 0; !err && i < o->pid_cnt; i++) {
		fd = syscall(SYS_pidfd_open, o->pids[i], 0);
		if (fd < 0)
			return fault__set(why, -errno, "process %d: %s", (int)o->pids[i],
					  errno == ESRCH ? "no such process" : strerror(errno));
		s->pid_fds[i] = fd;
		s->pids_alive++;
		err = session__watch(s, fd, SOURCE_PID + i, why);
	}
	return err;
}

static int watch_all(struct session *s, struct fault *why)
{
	uint64_t tick_ns = s->config->flush_ns / 2;
	int err;

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		return fault__set(why, -errno, "epoll: %s", strerror(errno));
	err = watch_signals(s, why);
	/* Half of `flush`, so that even a call that ended right behind a tick is in time. */
	if (!err)
		err = session__make_timer(tick_ns, tick_ns, &s->tick_fd, why);
	if (!err)
		err = session__watch(s, s->tick_fd, SOURCE_TICK, why);
	if (!err)
		err = watch_pids(s, why);
	if (err)
		return err;
	s->clock_fd = clock_step_fd();
	if (s->clock_fd < 0)
		return fault__set(why, s->clock_fd, "timerfd: %s", strerror(-s->clock_fd));
	return session__watch(s, s->clock_fd, SOURCE_CLOCK_STEP, why);
}

/* --- starting ------------------------------------------------------------------------------ */

static void tell_debug(void *ctx, const char *text)
{
	(void)ctx;
	message_debug("record: %s", text);
}

void session__read_output_settings(const struct config *config, struct sink_options *sinks)
{
	sinks->rotate_bytes = config->rotate_bytes;
	sinks->rotate_keep = config->rotate_keep;
	sinks->rotate_age_ns = config->rotate_age_ns;
	sinks->compress = config->rotate_compress;
	sinks->keep_bytes = config->keep_bytes;
	sinks->sync_ns = config->sync_ns;
}

static int open_outputs(struct session *s, struct fault *why)
{
	const struct config *config = s->config;
	struct sink_options sinks;
	int err;

	err = output_dir__open(s->options->directory, &s->dir, why);
	if (err)
		return err;
	sinks = (struct sink_options) {
		.dir = s->dir,
		.backlog_bytes = BACKLOG_BYTES,
		.notice = session__notice,
		.notice_debug = tell_debug,
		.keep_columns = s->options->plan && s->options->plan->has_marks,
	};
	session__read_output_settings(config, &sinks);
	err = recorder__new((const char *const *)config->formats, config->format_cnt, &sinks,
			    &s->recorder, why);
	if (!err && s->options->raw_path)
		err = raw_writer__open(s->options->raw_path, &s->raw, why);
	return err;
}

/* All that records; the files are there when it does. */
static int start_recording(struct session *s, struct fault *why)
{
	int err;

	err = session__put_preamble(s, why);
	if (!err && s->prober)
		err = session__start_states(s, why);
	if (!err)
		err = session__start_resources(s, why);
	return err;
}

/* The clock of --for begins when the probes are there. */
static int start_clock(struct session *s, struct fault *why)
{
	int err;

	s->started_ns = clock_monotonic_ns();
	if (!s->options->duration_ns)
		return 0;
	err = session__make_timer(s->options->duration_ns, 0, &s->limit_fd, why);
	return err ? err : session__watch(s, s->limit_fd, SOURCE_LIMIT, why);
}

/* --- the loop ------------------------------------------------------------------------------ */

static void tick(struct session *s)
{
	session__drain(s);
	session__drain_resources(s);
	session__put_clock(s);
	session__put_sums(s, false);
	session__put_flush(s, false);
	if (s->follow)
		session__follow_tick(s);
	message_say_repetitions();
	session__show_status(s);
}

static void read_away(int fd)
{
	uint64_t expirations;

	if (read(fd, &expirations, sizeof(expirations)) < 0)
		return; /* spurious: nothing was due */
}

/* With a command, the first request is the command's to obey; the second one ends us. */
static void request_stop(struct session *s, const struct signalfd_siginfo *info)
{
	if (info->ssi_signo == SIGHUP && s->hangup_reloads) {
		session__reload(s);
		return;
	}
	s->stop_requests++;
	if (!s->command || s->stop_requests > 1) {
		s->stopping = true;
		return;
	}
	/* The terminal has sent its Ctrl-C to the command as well: once is enough. */
	if (info->ssi_code != SI_KERNEL)
		command__signal(s->command, info->ssi_signo);
}

static void handle_signals(struct session *s, struct session_result *result)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD) {
			request_stop(s, &info);
		} else if (s->command && command__ended(s->command, &result->command_status)) {
			result->command_ended = true;
			s->stopping = true;
		}
	}
}

static void handle_pid_exit(struct session *s, size_t index)
{
	if (s->pid_fds[index] < 0)
		return;
	close(s->pid_fds[index]);
	s->pid_fds[index] = -1;
	if (!--s->pids_alive)
		s->stopping = true;
}

static void handle(struct session *s, uint64_t source, struct session_result *result)
{
	switch (source) {
	case SOURCE_SIGNAL:
		handle_signals(s, result);
		break;
	case SOURCE_TICK:
		read_away(s->tick_fd);
		tick(s);
		break;
	case SOURCE_CLOCK_STEP:
		clock_step_acknowledge(s->clock_fd);
		/* What happened before the step is stamped with the old offset. */
		session__drain(s);
		session__put_clock(s);
		break;
	case SOURCE_RING:
		session__drain(s);
		break;
	case SOURCE_FILES:
		session__handle_file_events(s);
		break;
	case SOURCE_RESOURCES:
		session__resources_tick(s);
		break;
	case SOURCE_PROCESS_EVENTS:
		session__drain_resources(s);
		break;
	case SOURCE_SERVICE:
		session__service_tick(s);
		break;
	case SOURCE_LIMIT:
		read_away(s->limit_fd);
		s->stopping = true;
		break;
	default:
		handle_pid_exit(s, source - SOURCE_PID);
	}
}

static int loop(struct session *s, struct session_result *result, struct fault *why)
{
	struct epoll_event events[16];
	int cnt;

	while (!s->stopping) {
		cnt = epoll_wait(s->epoll_fd, events, 16, -1);
		if (cnt < 0 && errno != EINTR)
			return fault__set(why, -errno, "epoll: %s", strerror(errno));
		for (int i = 0; i < cnt; i++)
			handle(s, events[i].data.u64, result);
	}
	return 0;
}

/* --- ending -------------------------------------------------------------------------------- */

/* Detach, drain to empty, count what is open, drain again. */
static void detach(struct session *s)
{
	int err;

	session__close_python(s);
	/* Files are guarded as long as there are probes in them. */
	prober__detach_all(s->prober);
	session__stop_following(s);
	session__drain(s);
	err = prober__close_open_calls(s->prober);
	if (err)
		message("record: the calls that are open cannot be listed: %s", strerror(-err));
	session__drain(s);
	session__put_sums(s, true);
}

/* The last rows of everything; closes the books. */
static int finish(struct session *s, struct session_result *result, struct fault *why)
{
	s->stopping = true;
	status_line_clear();
	session__stop_service(s);
	result->recorded_ns = clock_monotonic_ns() - s->started_ns;
	session__finish_resources(s);
	if (s->prober)
		detach(s);
	session__put_flush(s, true);
	recorder__summarize(s->recorder, &result->summary);
	if (s->write_err)
		return fault__set(why, s->write_err, "%s: rows could not be written: %s",
				  output_dir__path(s->dir), strerror(-s->write_err));
	return s->raw_err ? fault__set(why, s->raw_err, "the raw stream is incomplete") : 0;
}

static void session__close(struct session *s)
{
	int fds[] = { s->limit_fd,     s->clock_fd,  s->tick_fd,
		      s->resources_fd, s->signal_fd, s->epoll_fd };

	for (size_t i = 0; s->pid_fds && i < s->options->pid_cnt; i++) {
		if (s->pid_fds[i] >= 0)
			close(s->pid_fds[i]);
	}
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	session__close_service(s);
	session__close_resources(s);
	session__close_states(s);
	command__free(s->command);
	raw_writer__close(s->raw, NULL);
	recorder__free(s->recorder);
	output_dir__free(s->dir);
	free(s->pid_fds);
	free(s->states);
	config__free(s->owned_config);
	/* The signals stay blocked: what is left to do is to say what was recorded, and another
	 * Ctrl-C must not take that away. */
}

int session__run(const struct session_options *options, struct session_result *ret_result,
		 struct fault *why)
{
	struct session s = {
		.options = options,
		.config = options->config,
		.epoll_fd = -1,
		.signal_fd = -1,
		.tick_fd = -1,
		.limit_fd = -1,
		.clock_fd = -1,
		.resources_fd = -1,
	};
	int err = 0;

	*ret_result = (struct session_result) {};
	/* First of all: the child is to inherit nothing that we change or open for ourselves. */
	if (options->command)
		err = command__start(options->command, &s.command, why);
	if (!err)
		err = open_outputs(&s, why);
	if (!err)
		err = session__open_service(&s, why);
	if (!err)
		err = watch_all(&s, why);
	s.hangup_reloads = session__reloads_at_hangup(&s);
	if (!err && options->plan->state_cnt)
		err = session__open_states(&s, why);
	if (!err)
		err = session__open_resources(&s, why);
	if (!err)
		err = start_recording(&s, why);
	if (!err)
		err = start_clock(&s, why);
	if (err)
		goto out;
	session__announce(&s);
	err = session__start_service(&s, why);
	if (err)
		goto out;
	if (s.command)
		err = command__release(s.command, why);
	if (err)
		ret_result->command_failed = true;
	else
		err = loop(&s, ret_result, why);
	if (err)
		finish(&s, ret_result, NULL);
	else
		err = finish(&s, ret_result, why);
	session__tell_trouble(&s);
	session__tell_uncalled_python(&s);
out:
	session__close(&s);
	return err;
}
