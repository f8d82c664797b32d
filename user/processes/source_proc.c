/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes as /proc shows them. Of each, in this order: stat, status, cgroup and, where that is
 * allowed, io. What is gone, hidden (hidepid=) or makes no sense is left out.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../parse.h"
#include "process_source.h"

#define PF_KTHREAD 0x00200000 /* Linux, include/linux/sched.h */
/* stat and status have bounded lines. The groups of a process, in status, may be 65536, and its
 * paths in cgroup are as long as somebody has made them. */
#define TEXT_SZ (1u << 20)
#define NS_PER_SEC 1000000000u

struct proc_source {
	struct process_source source;
	DIR *dir;
	pid_t *pids;
	size_t pid_room;
	char *text;
	uint64_t tick_ns;
	uint64_t page_kib;
};

static struct proc_source *proc_source_of(struct process_source *source)
{
	return (struct proc_source *)source;
}

/* --- one file of a process -------------------------------------------------------------------- */

/* Reads a file to its end, or to that of the room. Its length, or negative errno. */
static ssize_t read_text(struct proc_source *p, pid_t pid, const char *name)
{
	char path[64];
	size_t sz = 0;
	int err = 0;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	fd = openat(dirfd(p->dir), path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	while (sz < TEXT_SZ - 1) {
		ssize_t got = read(fd, p->text + sz, TEXT_SZ - 1 - sz);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = -errno;
		if (got <= 0)
			break;
		sz += (size_t)got;
	}
	close(fd);
	p->text[sz] = '\0';
	return err ? err : (ssize_t)sz;
}

/* The fields of stat(5) behind the name, by the numbers that proc(5) gives them. */
enum {
	STAT_STATE = 3,
	STAT_PPID = 4,
	STAT_FLAGS = 9,
	STAT_MINFLT = 10,
	STAT_MAJFLT = 12,
	STAT_UTIME = 14,
	STAT_STIME = 15,
	STAT_THREADS = 20,
	STAT_STARTTIME = 22,
	STAT_EXIT_CODE = 52, /* 0 for those that may not see it */
	STAT_FIELDS
};

struct stat_fields {
	const char *name;
	size_t name_sz;
	char state;
	uint64_t numbers[STAT_FIELDS];
};

/* The name is between the first '(' and the last ')', and may itself hold anything. */
static bool split_stat(char *text, size_t sz, struct stat_fields *ret_fields)
{
	char *first = memchr(text, '(', sz);
	char *last = memrchr(text, ')', sz);
	char *rest;
	char *word;

	if (!first || !last || last < first)
		return false;
	ret_fields->name = first + 1;
	ret_fields->name_sz = (size_t)(last - first - 1);
	word = strtok_r(last + 1, " \n", &rest);
	if (!word || strlen(word) != 1)
		return false;
	ret_fields->state = *word;
	for (int i = STAT_PPID; i < STAT_FIELDS; i++) {
		bool negative;

		word = strtok_r(NULL, " \n", &rest);
		if (!word || parse_signed(word, &negative, &ret_fields->numbers[i]))
			return false;
		if (negative)
			ret_fields->numbers[i] = 0; /* the tty and the like: none that we read */
	}
	return true;
}

/* --- from the files to the sample ---------------------------------------------------------------
 */

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static bool take_stat(struct proc_source *p, struct tacho_process_sample *sample)
{
	struct stat_fields stat = {};
	const uint64_t *n = stat.numbers;
	ssize_t sz = read_text(p, (pid_t)sample->pid, "stat");
	bool zombie;

	if (sz <= 0 || !split_stat(p->text, (size_t)sz, &stat))
		return false;
	sample->start_boot_ns = n[STAT_STARTTIME] * p->tick_ns;
	sample->ppid = (uint32_t)n[STAT_PPID];
	sample->threads = (uint32_t)n[STAT_THREADS];
	sample->user_ns = n[STAT_UTIME] * p->tick_ns;
	sample->system_ns = n[STAT_STIME] * p->tick_ns;
	sample->runtime_ns = sample->user_ns + sample->system_ns;
	sample->shown_user_ns = sample->user_ns;
	sample->shown_system_ns = sample->system_ns;
	sample->minor_faults = n[STAT_MINFLT];
	sample->major_faults = n[STAT_MAJFLT];
	memcpy(sample->comm, stat.name,
	       stat.name_sz < TACHO_COMM_SZ ? stat.name_sz : TACHO_COMM_SZ - 1);
	zombie = stat.state == 'Z' || stat.state == 'X';
	if (n[STAT_FLAGS] & PF_KTHREAD)
		sample->flags |= TACHO_PROCESS_KERNEL_THREAD;
	else if (zombie)
		sample->flags |= TACHO_PROCESS_NO_MEMORY;
	/* A first thread that has ended stays a zombie while others live. */
	if (zombie && sample->threads <= 1) {
		sample->flags |= TACHO_PROCESS_ENDED;
		sample->exit_code = (int)n[STAT_EXIT_CODE];
	}
	return true;
}

/* "Name:   123 kB" at the beginning of a line; untouched when there is none. */
static void find_number(const char *text, const char *name, __u64 *ret)
{
	const char *line = text;
	size_t sz = strlen(name);

	while (line) {
		if (!strncmp(line, name, sz) && line[sz] == ':') {
			*ret = strtoull(line + sz + 1, NULL, 10);
			return;
		}
		line = strchr(line, '\n');
		if (line)
			line++;
	}
}

/* Names cannot forge lines: status writes their line ends as "\n". */
static bool take_status(struct proc_source *p, struct tacho_process_sample *sample)
{
	__u64 rss_kib = 0, peak_kib = 0, virtual_kib = 0;

	if (read_text(p, (pid_t)sample->pid, "status") < 0)
		return false;
	find_number(p->text, "VmSize", &virtual_kib);
	find_number(p->text, "VmHWM", &peak_kib);
	find_number(p->text, "VmRSS", &rss_kib);
	find_number(p->text, "voluntary_ctxt_switches", &sample->voluntary_switches);
	find_number(p->text, "nonvoluntary_ctxt_switches", &sample->involuntary_switches);
	sample->virtual_pages = virtual_kib / p->page_kib;
	sample->peak_rss_pages = peak_kib / p->page_kib;
	sample->rss_pages = rss_kib / p->page_kib;
	return true;
}

static void take_io(struct proc_source *p, struct tacho_process_sample *sample)
{
	if (read_text(p, (pid_t)sample->pid, "io") < 0) {
		sample->flags |= TACHO_PROCESS_NO_IO;
		return;
	}
	find_number(p->text, "read_bytes", &sample->read_bytes);
	find_number(p->text, "write_bytes", &sample->write_bytes);
}

/* All that is wanted of the list is to know when it is another: FNV-1a. */
static void take_membership(struct proc_source *p, struct tacho_process_sample *sample)
{
	ssize_t sz = read_text(p, (pid_t)sample->pid, "cgroup");
	uint64_t hash = 0xcbf29ce484222325;

	for (ssize_t i = 0; i < sz; i++)
		hash = (hash ^ (unsigned char)p->text[i]) * 0x100000001b3;
	sample->membership = sz > 0 ? hash | 1 : 0;
}

static bool take_process(struct proc_source *p, pid_t pid, struct tacho_process_sample *ret_sample)
{
	struct tacho_process_sample sample = {
		.time_ns = monotonic_ns(),
		.pid = (uint32_t)pid,
		.flags = TACHO_PROCESS_ADJUSTED,
	};

	if (!take_stat(p, &sample) || !take_status(p, &sample))
		return false;
	take_io(p, &sample);
	take_membership(p, &sample);
	*ret_sample = sample;
	return true;
}

/* --- the list of processes ------------------------------------------------------------------- */

static int add_pid(struct proc_source *p, size_t cnt, pid_t pid)
{
	size_t room = p->pid_room ? 2 * p->pid_room : 1024;
	pid_t *pids;

	if (cnt == p->pid_room) {
		pids = reallocarray(p->pids, room, sizeof(*pids));
		if (!pids)
			return -ENOMEM;
		p->pids = pids;
		p->pid_room = room;
	}
	p->pids[cnt] = pid;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a;
	pid_t y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int list_pids(struct proc_source *p, size_t *ret_cnt)
{
	struct dirent *entry;
	uint64_t pid;
	size_t cnt = 0;
	int err;

	rewinddir(p->dir);
	for (;;) {
		errno = 0;
		entry = readdir(p->dir);
		if (!entry)
			break;
		if (*entry->d_name < '1' || *entry->d_name > '9' ||
		    parse_u64(entry->d_name, 1, INT32_MAX, &pid))
			continue;
		err = add_pid(p, cnt, (pid_t)pid);
		if (err)
			return err;
		cnt++;
	}
	if (errno)
		return -errno;
	qsort(p->pids, cnt, sizeof(*p->pids), compare_pids);
	*ret_cnt = cnt;
	return 0;
}

static int proc_sample(struct process_source *source,
		       int (*each)(void *ctx, const struct tacho_process_sample *sample), void *ctx,
		       struct fault *why)
{
	struct proc_source *p = proc_source_of(source);
	struct tacho_process_sample sample;
	size_t cnt;
	int err = list_pids(p, &cnt);

	if (err)
		return fault__set(why, err, "reading the processes in /proc: %s", strerror(-err));
	for (size_t i = 0; i < cnt; i++) {
		if (!take_process(p, p->pids[i], &sample))
			continue;
		err = each(ctx, &sample);
		if (err)
			return err;
	}
	return 0;
}

static int proc_drain(struct process_source *source,
		      int (*each)(void *ctx, const struct tacho_process_event *event), void *ctx)
{
	(void)source;
	(void)each;
	(void)ctx;
	return 0;
}

static int proc_event_fd(const struct process_source *source)
{
	(void)source;
	return -1;
}

static uint64_t proc_lost_events(const struct process_source *source)
{
	(void)source;
	return 0;
}

static void proc_free(struct process_source *source)
{
	struct proc_source *p = proc_source_of(source);

	if (!p)
		return;
	if (p->dir)
		closedir(p->dir);
	free(p->pids);
	free(p->text);
	free(p);
}

static const struct process_source_ops proc_ops = {
	.name = "proc",
	.sample = proc_sample,
	.drain = proc_drain,
	.event_fd = proc_event_fd,
	.lost_events = proc_lost_events,
	.free = proc_free,
};

int process_source__open_proc(const char *root, struct process_source **ret_source,
			      struct fault *why)
{
	struct proc_source *p = calloc(1, sizeof(*p));
	char path[4096];
	int err;

	if (!p)
		return -ENOMEM;
	p->source.ops = &proc_ops;
	p->tick_ns = NS_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	p->page_kib = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	p->text = malloc(TEXT_SZ);
	if (!p->text) {
		err = -ENOMEM;
		goto fail;
	}
	snprintf(path, sizeof(path), "%s/proc", root);
	p->dir = opendir(path);
	if (!p->dir) {
		err = fault__set(why, -errno, "%s: %s", path, strerror(errno));
		goto fail;
	}
	*ret_source = &p->source;
	return 0;
fail:
	proc_free(&p->source);
	return err;
}
