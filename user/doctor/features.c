/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What BPF programs can do here: each thing is done once, in a program of its own. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "examination.h"
#include "../proc_text.h"
#include "trial.h"

#define TRIAL_COOKIE 0x7461636f

struct feature {
	const char *name;
	const char *program;
	const char *map; /* that the program needs; NULL = none */
	/* Attaches, makes the program run, and looks at what came of it. */
	int (*try)(struct examination *x, const struct feature *feature, struct trial *trial);
	/* At a probe, once the program has run: 0 if all is well. May be NULL. */
	int (*verify)(const struct trial *trial);
	uint64_t cookie;
	bool semaphore;
	const char *proof;
	enum doctor_status without;
	const char *remedy;
};

/* --- ways of trying ------------------------------------------------------------------------- */

static int try_at_probe(struct examination *x, const struct feature *feature, struct trial *trial)
{
	struct uprobe_places places = { .cookie = feature->cookie };
	struct uprobe_links links = {};
	size_t target = feature->semaphore ? TRIAL_TARGET_WITH_SEMAPHORE : TRIAL_TARGET;
	struct runner_result result;
	int err = 0;

	if (feature->semaphore)
		err = doctor_file_offset(&doctor_semaphore, &places.semaphore);
	if (!err)
		err = attach_trial(trial, target, x->way, false, &places, &links);
	if (!err)
		err = examination__run(x, target, 0, &result);
	if (!err && !trial__runs(trial))
		err = -ENODATA;
	if (!err && feature->verify)
		err = feature->verify(trial);
	uprobe_links__free(&links);
	return err;
}

static int try_at_exit(struct examination *x, const struct feature *feature, struct trial *trial)
{
	struct bpf_link *link = bpf_program__attach(trial__program(trial));
	pid_t pid;
	int err = 0;

	(void)x;
	(void)feature;
	if (!link)
		return -errno;
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid < 0)
		err = -errno;
	else
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (!err && !trial__runs(trial))
		err = -ENODATA;
	bpf_link__destroy(link);
	return err;
}

static int try_iterating(struct examination *x, const struct feature *feature, struct trial *trial)
{
	struct bpf_link *link = bpf_program__attach_iter(trial__program(trial), NULL);
	char nothing[64];
	ssize_t got = -1;
	int err = 0;
	int fd;

	(void)x;
	(void)feature;
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = -errno;
	} else {
		do {
			got = read(fd, nothing, sizeof(nothing));
		} while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)));
		if (got < 0)
			err = -errno;
		close(fd);
	}
	if (!err && !trial__runs(trial))
		err = -ENODATA;
	bpf_link__destroy(link);
	return err;
}

/* --- what came of it ------------------------------------------------------------------------ */

static int verify_cookie(const struct trial *trial)
{
	return trial__cookie(trial) == TRIAL_COOKIE ? 0 : -ENODATA;
}

/* Up by now in every process that maps this program, so in this one as well. */
static int verify_semaphore(const struct trial *trial)
{
	(void)trial;
	return doctor_semaphore ? 0 : -ENODATA;
}

static int take_record(void *ctx, void *data, size_t sz)
{
	(void)ctx;
	(void)data;
	return sz == sizeof(uint64_t) ? 0 : -EBADMSG;
}

static int verify_ring(const struct trial *trial)
{
	struct ring_buffer *ring;
	int got;

	ring = ring_buffer__new(trial__map_fd(trial), take_record, NULL, NULL);
	if (!ring)
		return -errno;
	got = ring_buffer__consume(ring);
	ring_buffer__free(ring);
	if (got < 0)
		return got;
	return got ? 0 : -ENODATA;
}

/* --- the table ------------------------------------------------------------------------------ */

static const struct feature features[] = {
	{
		.name = "attach cookies",
		.program = "try_cookie",
		.try = try_at_probe,
		.verify = verify_cookie,
		.cookie = TRIAL_COOKIE,
		.proof = "the program at a probe was told which one it is",
		.without = DOCTOR_MISSING,
		.remedy = "no probe can be told from another: Linux 5.15 is needed",
	},
	{
		.name = "USDT semaphores",
		.program = "try_probe",
		.try = try_at_probe,
		.verify = verify_semaphore,
		.semaphore = true,
		.proof = "the kernel counted one up while a probe was on",
		.without = DOCTOR_FALLBACK,
		.remedy = "probes that a program skips until a semaphore is up never fire: Linux "
			  "4.20 "
			  "(perf links) or 6.6 (multi links) is needed",
	},
	{
		.name = "ring buffer",
		.program = "try_ring",
		.map = "ring",
		.try = try_at_probe,
		.verify = verify_ring,
		.proof = "a program wrote records, and they were read",
		.without = DOCTOR_MISSING,
		.remedy = "no call reaches the recorder: Linux 5.8 is needed",
	},
	{
		.name = "task storage",
		.program = "try_task_storage",
		.map = "storage",
		.try = try_at_probe,
		.proof = "a program kept data with the thread it ran in",
		.without = DOCTOR_MISSING,
		.remedy = "open calls cannot be remembered: Linux 5.12 is needed",
	},
	{
		.name = "kernel memory",
		.program = "try_kernel_memory",
		.try = try_at_probe,
		.proof = "a program read some",
		.without = DOCTOR_MISSING,
		.remedy = "the recorder's programs are refused: boot without "
			  "lockdown=confidentiality",
	},
	{
		.name = "sched tracepoints",
		.program = "try_tracepoint",
		.try = try_at_exit,
		.proof = "a program saw a process exit",
		.without = DOCTOR_MISSING,
		.remedy =
			"calls in threads that end stay open for ever: a kernel with BTF is needed",
	},
	{
		.name = "task iterator",
		.program = "try_iterator",
		.try = try_iterating,
		.proof = "a program was shown every task",
		.without = DOCTOR_MISSING,
		.remedy = "calls that are open at the end cannot be written: Linux 5.8 with BTF is "
			  "needed",
	},
	{
		.name = "bpf_loop",
		.program = "try_loop",
		.try = try_at_probe,
		.proof = "a program called a function several times",
		.without = DOCTOR_FALLBACK,
		.remedy = "no more than 8 open calls of a thread are searched, and `process =` "
			  "cannot "
			  "be used: Linux 5.17 is needed",
	},
	{
		.name = "bpf_find_vma",
		.program = "try_find_vma",
		.try = try_at_probe,
		.proof = "a program found the mapping that it ran from",
		.without = DOCTOR_FALLBACK,
		.remedy = "nothing is lost so far: recording does without it; Linux 5.17 has it",
	},
};

static void check_feature(struct examination *x, const struct feature *feature)
{
	const bool at_probe = feature->try == try_at_probe;
	struct trial *trial = NULL;
	int err;

	if (add_not_tried(x, feature->name, at_probe))
		return;
	err = trial__new(feature->program, feature->map, at_probe ? x->way : UPROBE_PERF, &trial);
	if (!err)
		err = feature->try(x, feature, trial);
	trial__free(trial);
	if (!err) {
		doctor_report__add(x->report, feature->name, DOCTOR_OK, "%s", feature->proof);
		return;
	}
	doctor_report__add(x->report, feature->name, feature->without, "%s", trial_trouble(err));
	doctor_report__remedy(x->report, "%s", feature->remedy);
}

/* The file is there only where the module is, and securityfs mounted: what it forbids has been
 * tried above. */
static void check_lockdown(struct examination *x)
{
	static const char name[] = "lockdown";
	static const char path[] = "/sys/kernel/security/lockdown";
	char text[64], mode[32];
	int err;

	err = proc_text__read(path, text, sizeof(text));
	if (!err)
		err = proc_text__lockdown_mode(text, mode, sizeof(mode));
	if (err && add_not_tried(x, name, false))
		return;
	if (err) {
		doctor_report__add(x->report, name, DOCTOR_OK, "nothing in %s", path);
	} else if (strcmp(mode, "confidentiality")) {
		doctor_report__add(x->report, name, DOCTOR_OK, "%s", mode);
	} else {
		doctor_report__add(x->report, name, DOCTOR_MISSING, "%s", mode);
		doctor_report__remedy(x->report,
				      "BPF programs may not read the kernel's memory: boot "
				      "with lockdown=integrity or without it");
	}
}

void check_features(struct examination *x)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		check_feature(x, &features[i]);
	check_lockdown(x);
}
