/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this process may do, and what it costs that it may not do more. */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "examination.h"
#include "../proc_text.h"

#define STATUS_SZ 8192

/* The inode numbers of the first namespaces, include/linux/proc_ns.h: PROC_USER_INIT_INO and
 * PROC_PID_INIT_INO, the same since Linux 3.8. */
#define FIRST_USER_NAMESPACE "user:[4026531837]"
#define FIRST_PID_NAMESPACE "pid:[4026531836]"

/* A recorded binary takes itself and up to two links; with perf links, each of its functions two
 * links and two events. */
#define OPEN_FILES_EACH 3
#define OPEN_FILES_ENOUGH 1024
#define OPEN_FILES_EACH_PERF 4
#define OPEN_FILES_ENOUGH_PERF 8192

static bool namespace_is(const char *path, const char *name)
{
	char target[64];
	ssize_t sz = readlink(path, target, sizeof(target) - 1);

	if (sz < 0)
		return true; /* no /proc, or no such namespaces in this kernel */
	target[sz] = '\0';
	return !strcmp(target, name);
}

void gather_privileges(struct examination *x)
{
	char status[STATUS_SZ];

	if (!proc_text__read("/proc/self/status", status, sizeof(status))) {
		proc_text__status_number(status, "CapEff", 16, &x->capabilities);
		proc_text__status_number(status, "Seccomp", 10, &x->seccomp_mode);
	}
	x->own_user_namespace = !namespace_is("/proc/self/ns/user", FIRST_USER_NAMESPACE);
	if (x->own_user_namespace)
		x->capabilities = 0; /* whatever they are, outside of it they are none */
	x->own_pid_namespace = !namespace_is("/proc/self/ns/pid", FIRST_PID_NAMESPACE);
}

const char *refusal_remedy(const struct examination *x)
{
	if (x->load_err == -ENOSYS)
		return "a kernel with CONFIG_BPF_SYSCALL is needed";
	if (x->load_err != -EPERM && x->load_err != -EACCES)
		return "a kernel with CONFIG_BPF_EVENTS and CONFIG_UPROBE_EVENTS is needed";
	if (x->own_user_namespace)
		return "run tacho outside of this user namespace";
	if (!has_capability(x, CAPABILITY_SYS_ADMIN) &&
	    !(has_capability(x, CAPABILITY_BPF) && has_capability(x, CAPABILITY_PERFMON)))
		return "run it as root (sudo tacho doctor), or with CAP_BPF and CAP_PERFMON";
	if (x->seccomp_mode)
		return "a seccomp filter is in force here: let it pass bpf(2) and "
		       "perf_event_open(2) (docker run --privileged; SystemCallFilter= of a unit)";
	return "the privileges are there, so that a security module must be refusing: its audit "
	       "log says which (SELinux: ausearch -m avc)";
}

/* --- capabilities --------------------------------------------------------------------------- */

static const struct capability {
	const char *name;
	int number;
	int stand_in; /* that includes it */
	const char *stand_in_name;
	enum doctor_status without;
	const char *remedy;
} capabilities[] = {
	{ "CAP_BPF", CAPABILITY_BPF, CAPABILITY_SYS_ADMIN, "CAP_SYS_ADMIN", DOCTOR_MISSING,
	  "no BPF program can be loaded: run as root, or grant it (AmbientCapabilities= of a unit, "
	  "setcap)" },
	{ "CAP_PERFMON", CAPABILITY_PERFMON, CAPABILITY_SYS_ADMIN, "CAP_SYS_ADMIN", DOCTOR_MISSING,
	  "no BPF program can be attached: run as root, or grant it (AmbientCapabilities= of a "
	  "unit, setcap)" },
	{ "CAP_DAC_READ_SEARCH", CAPABILITY_DAC_READ_SEARCH, CAPABILITY_DAC_OVERRIDE,
	  "CAP_DAC_OVERRIDE", DOCTOR_FALLBACK,
	  "only binaries that this user may read can be recorded: run as root, or grant it" },
	{ "CAP_SYS_PTRACE", CAPABILITY_SYS_PTRACE, CAPABILITY_SYS_PTRACE, "", DOCTOR_FALLBACK,
	  "binaries that only other users' processes can see (/proc/PID/root) cannot be recorded: "
	  "run as root, or grant it" },
	{ "CAP_LEASE", CAPABILITY_LEASE, CAPABILITY_LEASE, "", DOCTOR_FALLBACK,
	  "of other users' binaries it is not noticed in time that somebody is about to write to "
	  "them: run as root, or grant it" },
};

static void check_capability(struct examination *x, const struct capability *capability)
{
	if (has_capability(x, capability->number)) {
		doctor_report__add(x->report, capability->name, DOCTOR_OK, "held");
	} else if (has_capability(x, capability->stand_in)) {
		doctor_report__add(x->report, capability->name, DOCTOR_OK,
				   "not held, but %s includes it", capability->stand_in_name);
	} else {
		doctor_report__add(x->report, capability->name, capability->without, "not held");
		doctor_report__remedy(x->report, "%s", capability->remedy);
	}
}

/* Only perf links ask for it: perf_uprobe_event_init, kernel/events/core.c. */
static void check_sys_admin(struct examination *x)
{
	static const char name[] = "CAP_SYS_ADMIN";

	if (has_capability(x, CAPABILITY_SYS_ADMIN)) {
		doctor_report__add(x->report, name, DOCTOR_OK, "held");
	} else if (!x->way_errs[UPROBE_SESSION] || !x->way_errs[UPROBE_MULTI]) {
		doctor_report__add(x->report, name, DOCTOR_OK,
				   "not held; session and multi links do without");
	} else {
		doctor_report__add(x->report, name, DOCTOR_FALLBACK, "not held");
		doctor_report__remedy(x->report,
				      "perf links, all there is before Linux 6.6, cannot be made: "
				      "run as root, or grant it");
	}
}

/* --- namespaces ----------------------------------------------------------------------------- */

static void check_namespaces(struct examination *x)
{
	if (x->own_user_namespace) {
		doctor_report__add(x->report, "user namespace", DOCTOR_MISSING,
				   "not the machine's own");
		doctor_report__remedy(x->report,
				      "its root is not root of the machine, and its capabilities "
				      "count for nothing: run tacho outside of it");
	} else {
		doctor_report__add(x->report, "user namespace", DOCTOR_OK, "the machine's own");
	}
	if (x->own_pid_namespace) {
		doctor_report__add(x->report, "pid namespace", DOCTOR_FALLBACK,
				   "not the machine's own");
		doctor_report__remedy(
			x->report, "record -p and record -- COMMAND do not find their processes, "
				   "whose numbers are others outside: run tacho in the machine's "
				   "own (docker run --pid=host)");
	} else {
		doctor_report__add(x->report, "pid namespace", DOCTOR_OK, "the machine's own");
	}
}

/* --- limits --------------------------------------------------------------------------------- */

static void check_open_files(struct examination *x)
{
	static const char name[] = "open files";
	bool perf = x->way == UPROBE_PERF;
	unsigned int enough = perf ? OPEN_FILES_ENOUGH_PERF : OPEN_FILES_ENOUGH;
	unsigned int each = perf ? OPEN_FILES_EACH_PERF : OPEN_FILES_EACH;
	unsigned long long room;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	room = limit.rlim_max;
	if (limit.rlim_max == RLIM_INFINITY)
		doctor_report__add(x->report, name, DOCTOR_OK, "no limit");
	else if (room >= enough)
		doctor_report__add(x->report, name, DOCTOR_OK, "up to %llu", room);
	else
		doctor_report__add(x->report, name, DOCTOR_FALLBACK, "up to %llu", room);
	if (room < enough)
		doctor_report__remedy(
			x->report,
			"no more than about %llu %s can be recorded at a time: ulimit "
			"-Hn %u, or LimitNOFILE=%u in a unit",
			room / each, perf ? "functions" : "binaries", enough, enough);
}

static int create_map_without_locked_memory(void)
{
	struct rlimit before, none;
	int err = 0;
	int fd;

	if (getrlimit(RLIMIT_MEMLOCK, &before))
		return -errno;
	none = before;
	none.rlim_cur = 0;
	if (setrlimit(RLIMIT_MEMLOCK, &none))
		return -errno;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, sizeof(__u32), 4096, 16, NULL);
	if (fd < 0)
		err = -errno;
	else
		close(fd);
	setrlimit(RLIMIT_MEMLOCK, &before);
	return err;
}

/* Before Linux 5.11 (memory accounting by cgroup, 80ee81e0403c and others), what BPF maps take
 * counts against RLIMIT_MEMLOCK. */
static void check_locked_memory(struct examination *x)
{
	static const char name[] = "locked memory";
	int err;

	if (add_not_tried(x, name, false))
		return;
	err = create_map_without_locked_memory();
	if (!err) {
		doctor_report__add(x->report, name, DOCTOR_OK, "BPF maps do not count against it");
		return;
	}
	x->memory_is_locked = true;
	doctor_report__add(x->report, name, DOCTOR_FALLBACK, "BPF maps count against it (%s)",
			   strerror(-err));
	doctor_report__remedy(x->report, "large buffers may not fit: ulimit -l unlimited, or "
					 "LimitMEMLOCK=infinity in a unit");
}

/* libbpf raises RLIMIT_MEMLOCK where it matters; the rest of the limits are taken as they are. */
static void check_sys_resource(struct examination *x)
{
	static const char name[] = "CAP_SYS_RESOURCE";

	if (has_capability(x, CAPABILITY_SYS_RESOURCE)) {
		doctor_report__add(x->report, name, DOCTOR_OK, "held");
	} else if (!x->memory_is_locked) {
		doctor_report__add(x->report, name, DOCTOR_OK, "not held; nothing needs it here");
	} else {
		doctor_report__add(x->report, name, DOCTOR_FALLBACK, "not held");
		doctor_report__remedy(x->report, "the limit of locked memory cannot be raised: run "
						 "as root, or grant it");
	}
}

void check_privileges(struct examination *x)
{
	check_namespaces(x);
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		check_capability(x, &capabilities[i]);
	check_sys_admin(x);
	check_open_files(x);
	check_locked_memory(x);
	check_sys_resource(x);
}
