/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a recording tells others while it runs: its service manager (service/notify.h), and whoever
 * reads the status file (service/status_file.h). All of it is said by the loop that drains the
 * ring, so that a loop that hangs falls silent.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../clock.h"
#include "../message.h"
#include "../output_dir.h"
#include "../plural.h"
#include "../service/notify.h"
#include "../service/privileges.h"
#include "../service/status_file.h"
#include "../status/status.h"
#include "session_internal.h"

#define SECOND_NS 1000000000ULL
#define REFRESH_NS (10 * SECOND_NS) /* of a status file of which nothing has changed */
#define RATE_NS (10 * SECOND_NS)    /* calls a second are a mean over so long */
#define STATUS_NAME "status.json"   /* in $RUNTIME_DIRECTORY */

/* The pages of a BPF ring buffer that say how far it was read and written (bpf_ringbuf_mmap,
 * kernel/bpf/ringbuf.c; libbpf has no word for them before 1.3). */
struct ring_positions {
	const volatile unsigned long *consumer, *producer;
	size_t page_sz;
};

struct service {
	bool has_manager;
	struct status_file *file; /* NULL: none is wanted */
	int publish_err;	  /* the trouble that was told last */
	int timer_fd;
	uint64_t period_ns;
	uint64_t alive_interval_ns; /* 0: the manager does not watch */
	uint64_t alive_ns;	    /* when it was told last */
	char told[256];		    /* the STATUS= that was told last */
	uint64_t told_ns;
	uint64_t published_ns;
	uint64_t published_hash;
	struct ring_positions ring;
	uint64_t ring_peak_bytes;
	struct session_rate *rates; /* one a state */
	size_t rate_cnt;
	uint64_t rates_ns;
	bool rates_whole; /* they are of a whole interval */
};

static size_t placed_cnt(const struct session *s)
{
	size_t cnt = 0;

	for (size_t i = 0; s->prober && i < s->options->plan->probe_cnt; i++)
		cnt += prober__has_probe(s->prober, i);
	return cnt;
}

/* --- words -------------------------------------------------------------------------------------
 */

static void describe_states(const struct session *s, const struct recorder_summary *summary,
			    char *text, size_t sz)
{
	size_t states = session__wanted_cnt(s);
	size_t probes = placed_cnt(s);
	size_t pending = session__pending_cnt(s);
	char waiting[48] = "", summarised[48] = "";

	if (pending)
		snprintf(waiting, sizeof(waiting), ", %zu pending", pending);
	if (summary->summarised)
		snprintf(summarised, sizeof(summarised), ", %" PRIu64 " summarised",
			 summary->summarised);
	snprintf(text, sz, "%zu state%s, %zu probe%s%s; %" PRIu64 " row%s%s, %" PRIu64 " lost",
		 states, plural_s(states), probes, plural_s(probes), waiting, summary->activities,
		 plural_s(summary->activities), summarised, summary->lost);
}

void session__describe_service(const struct session *s, char *text, size_t sz)
{
	char states[160] = "", processes[80] = "", trouble[80] = "";
	struct recorder_summary summary;

	recorder__summarize(s->recorder, &summary);
	if (s->prober)
		describe_states(s, &summary, states, sizeof(states));
	if (s->resources)
		snprintf(processes, sizeof(processes), "%s%" PRIu64 " row%s of processes",
			 *states ? "; " : "", summary.process_rows, plural_s(summary.process_rows));
	if (s->write_err)
		snprintf(trouble, sizeof(trouble), "; rows cannot be written: %s",
			 strerror(-s->write_err));
	snprintf(text, sz, "%s%s%s%s", s->prober || s->resources ? "" : "nothing is recorded",
		 states, processes, trouble);
}

/* --- the ring ----------------------------------------------------------------------------------
 */

static void open_ring(struct service *v, int fd)
{
	void *consumer, *producer;

	v->ring.page_sz = sysconf(_SC_PAGESIZE);
	consumer = mmap(NULL, v->ring.page_sz, PROT_READ, MAP_SHARED, fd, 0);
	producer = mmap(NULL, v->ring.page_sz, PROT_READ, MAP_SHARED, fd, v->ring.page_sz);
	v->ring.consumer = consumer == MAP_FAILED ? NULL : consumer;
	v->ring.producer = producer == MAP_FAILED ? NULL : producer;
}

static void close_ring(struct ring_positions *ring)
{
	if (ring->consumer)
		munmap((void *)ring->consumer, ring->page_sz);
	if (ring->producer)
		munmap((void *)ring->producer, ring->page_sz);
}

void session__note_ring(struct session *s)
{
	const struct ring_positions *ring = s->service ? &s->service->ring : NULL;
	uint64_t filled;

	if (!ring || !s->service->file)
		return;
	/* The first states may come with new settings. */
	if (!ring->page_sz)
		open_ring(s->service, prober__ring_fd(s->prober));
	if (!ring->consumer || !ring->producer)
		return;
	filled = *ring->producer - *ring->consumer;
	if (filled > s->service->ring_peak_bytes)
		s->service->ring_peak_bytes = filled;
}

/* --- the status file ---------------------------------------------------------------------------
 */

/* A service has one folder of this kind or several, by colons. */
static char *service_path(void)
{
	const char *folders = getenv("RUNTIME_DIRECTORY");
	char *path;

	if (!folders || *folders != '/')
		return NULL;
	return asprintf(&path, "%.*s/" STATUS_NAME, (int)strcspn(folders, ":"), folders) < 0 ? NULL
											     : path;
}

/* Two that write the same file would take turns in it. */
static int check_free(const char *path, struct fault *why)
{
	struct status *other;
	int err = 0;

	if (status__read(path, &other, NULL))
		return 0;
	if (status__life(other, clock_monotonic_ns()) != STATUS_GONE)
		err = fault__set(why, -EBUSY, "%s: process %d writes it already", path,
				 (int)other->pid);
	status__free(other);
	return err;
}

static int open_free_file(const char *path, struct status_file **ret_file, struct fault *why)
{
	int err = check_free(path, why);

	return err ? err : status_file__open(path, ret_file, why);
}

/* A file that was asked for is needed; one that a service would have is not. */
static int open_file(struct session *s, struct fault *why)
{
	const char *asked = s->options->status_path;
	struct fault refused = {};
	char *path;
	int err;

	if (asked)
		return open_free_file(asked, &s->service->file, why);
	path = service_path();
	if (!path)
		return 0;
	err = open_free_file(path, &s->service->file, &refused);
	if (err)
		message("record: %s (tacho status will not find this recording)", refused.text);
	free(path);
	return 0;
}

static void hash_number(uint64_t *hash, uint64_t number)
{
	*hash = (*hash ^ number) * 0x100000001b3;
	*hash ^= *hash >> 29;
}

/* Of all that a reader would want to know at once. */
static uint64_t hash_state(const struct session *s)
{
	uint64_t hash = 0xcbf29ce484222325;
	struct recorder_summary summary;

	recorder__summarize(s->recorder, &summary);
	hash_number(&hash, summary.activities);
	hash_number(&hash, summary.summarised);
	hash_number(&hash, summary.lost);
	hash_number(&hash, summary.process_rows);
	hash_number(&hash, summary.process_rows_lost);
	hash_number(&hash, placed_cnt(s));
	hash_number(&hash, session__pending_cnt(s));
	hash_number(&hash, s->options->plan->state_cnt);
	hash_number(&hash, (uint64_t)s->write_err);
	hash_number(&hash, (uint64_t)s->raw_err);
	hash_number(&hash, s->flag_off);
	hash_number(&hash, s->clock_offset_ns / (int64_t)SECOND_NS);
	for (size_t i = 0; i < s->state_cnt; i++) {
		hash_number(&hash, s->states[i].summarised_ns != 0);
		hash_number(&hash, s->states[i].retired);
	}
	return hash;
}

/* A plan may get more states. */
static int grow_rates(struct service *v, size_t cnt)
{
	struct session_rate *grown;

	if (cnt <= v->rate_cnt)
		return 0;
	grown = reallocarray(v->rates, cnt, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + v->rate_cnt, 0, (cnt - v->rate_cnt) * sizeof(*grown));
	v->rates = grown;
	v->rate_cnt = cnt;
	return 0;
}

static void take_rates(struct session *s, uint64_t now_ns)
{
	struct service *v = s->service;
	struct recorder_state state;
	double elapsed_s = (now_ns - v->rates_ns) / 1e9;
	bool whole = now_ns - v->rates_ns >= RATE_NS;

	/* The first interval is shown as it grows. */
	if ((!whole && v->rates_whole) || grow_rates(v, s->options->plan->state_cnt))
		return;
	for (size_t i = 0; i < s->options->plan->state_cnt; i++) {
		if (recorder__read_state(s->recorder, i, &state))
			continue;
		v->rates[i].per_second =
			(double)(state.ledger.entries - v->rates[i].entries) / elapsed_s;
		if (whole)
			v->rates[i].entries = state.ledger.entries;
	}
	if (!whole)
		return;
	v->rates_ns = now_ns;
	v->rates_whole = true;
}

static void publish(struct session *s, uint64_t now_ns)
{
	struct service *v = s->service;
	const struct session_published published = { v->ring_peak_bytes, v->rates, v->rate_cnt,
						     REFRESH_NS };
	struct fault why = {};
	char *text;
	int err;

	text = session__make_status(s, &published);
	err = text ? status_file__write(v->file, text, strlen(text), &why)
		   : fault__set(&why, -ENOMEM, "no memory");
	free(text);
	if (err && err != v->publish_err) {
		const struct message_subject subject = { .err = err };

		message_about(&subject, MESSAGE_WARNING, "record: the status file: %s", why.text);
	}
	v->publish_err = err;
	v->published_ns = now_ns;
}

static void publish_if_due(struct session *s, uint64_t now_ns)
{
	struct service *v = s->service;
	uint64_t hash;

	if (!v->file || now_ns - v->published_ns + v->period_ns / 2 < SECOND_NS)
		return;
	take_rates(s, now_ns);
	hash = hash_state(s);
	if (hash == v->published_hash && now_ns - v->published_ns + v->period_ns < REFRESH_NS)
		return;
	v->published_hash = hash;
	publish(s, now_ns);
}

/* --- the manager -------------------------------------------------------------------------------
 */

static void tell_status(struct session *s, uint64_t now_ns)
{
	struct service *v = s->service;
	char text[sizeof(v->told)];

	if (now_ns - v->told_ns + v->period_ns / 2 < SECOND_NS)
		return;
	session__describe_service(s, text, sizeof(text));
	if (!strcmp(text, v->told))
		return;
	memcpy(v->told, text, sizeof(text));
	v->told_ns = now_ns;
	notify__status(text);
}

/* At the first tick of which the next one would be too late. */
static void tell_alive(struct service *v, uint64_t now_ns)
{
	if (!v->alive_interval_ns || now_ns - v->alive_ns + v->period_ns <= v->alive_interval_ns)
		return;
	v->alive_ns = now_ns;
	notify__alive();
}

void session__service_tick(struct session *s)
{
	struct service *v = s->service;
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t expirations;

	if (read(v->timer_fd, &expirations, sizeof(expirations)) < 0)
		return; /* spurious: nothing was due */
	message_say_repetitions();
	if (v->has_manager) {
		tell_alive(v, now_ns);
		tell_status(s, now_ns);
	}
	publish_if_due(s, now_ns);
}

/* --- beginning and end -------------------------------------------------------------------------
 */

int session__open_service(struct session *s, struct fault *why)
{
	struct service *v = calloc(1, sizeof(*v));
	int err;

	if (!v)
		return fault__set(why, -ENOMEM, "no memory");
	v->timer_fd = -1;
	s->service = v;
	v->has_manager = getenv("NOTIFY_SOCKET") != NULL;
	v->alive_interval_ns = notify__alive_interval_ns();
	err = open_file(s, why);
	if (!err && !v->has_manager && !v->file)
		session__close_service(s);
	return err;
}

/* A command runs with the privileges of its caller, and may be anything: it was started before, and
 * is left alone; but then so is the recorder, which runs no longer than it. */
static void give_up_privileges(const struct session *s)
{
	const struct service *v = s->service;
	const int fds[] = { output_dir__fd(s->dir),
			    v && v->file ? status_file__folder_fd(v->file) : -1,
			    session__python_folder_fd(s) };
	int folder_fds[sizeof(fds) / sizeof(fds[0])];
	struct privileges_needs needs = {
		.perf_links = s->prober && !strcmp(prober__way(s->prober), "perf"),
		.folder_fds = folder_fds,
	};
	struct fault why = {};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			folder_fds[needs.folder_cnt++] = fds[i];
	}

	if (!s->command && privileges__give_up(&needs, &why))
		message("record: %s", why.text);
}

int session__start_service(struct session *s, struct fault *why)
{
	struct service *v = s->service;
	int err;

	message_limit_repetition(true);
	give_up_privileges(s);
	if (!v)
		return 0;
	v->period_ns = SECOND_NS;
	if (v->alive_interval_ns && v->alive_interval_ns < v->period_ns)
		v->period_ns = v->alive_interval_ns;
	v->rates_ns = clock_monotonic_ns();
	v->published_hash = hash_state(s);
	err = session__make_timer(v->period_ns, v->period_ns, &v->timer_fd, why);
	if (!err)
		err = session__watch_service(s, v->timer_fd, why);
	if (!err && v->file)
		publish(s, clock_monotonic_ns());
	if (!err && v->has_manager) {
		session__describe_service(s, v->told, sizeof(v->told));
		v->told_ns = clock_monotonic_ns();
		notify__ready(v->told);
	}
	return err;
}

void session__stop_service(struct session *s)
{
	if (s->service && s->service->has_manager)
		notify__stopping();
	message_limit_repetition(false);
}

void session__close_service(struct session *s)
{
	struct service *v = s->service;

	if (!v)
		return;
	status_file__close(v->file);
	close_ring(&v->ring);
	if (v->timer_fd >= 0)
		close(v->timer_fd);
	free(v->rates);
	free(v);
	s->service = NULL;
}
