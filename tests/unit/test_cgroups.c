/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Recorded texts, and cgroups of our own, below mounts that nobody else sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "processes/cgroups.h"
#include "scratch.h"

struct fixture {
	struct scratch scratch;
	struct cgroups *cgroups;
	char own[PATH_MAX]; /* where our cgroup of version 2 is */
	char name[64];	    /* its path in version 2 */
	bool made;	    /* it is there */
	pid_t pid;	    /* a process of ours, or 0 */
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	scratch__make(&fixture->scratch);
	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "proc"), 0755), 0);
	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "proc/self"), 0755), 0);
	*state = fixture;
	return 0;
}

/* Cgroups go as directories do, but what is in them stays. */
static void remove_cgroups(char *top)
{
	char *paths[] = { top, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	assert_non_null(tree);
	while ((entry = fts_read(tree))) {
		if (entry->fts_info == FTS_DP)
			rmdir(entry->fts_accpath);
	}
	fts_close(tree);
}

#define MOUNT "my cgroups" /* below the scratch directory */

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	const char *const points[] = { "below", "version1", MOUNT };

	cgroups__free(fixture->cgroups);
	if (fixture->pid) {
		kill(fixture->pid, SIGKILL);
		waitpid(fixture->pid, NULL, 0);
	}
	if (fixture->made)
		remove_cgroups(fixture->own);
	/* Before the scratch directory goes: below these are everybody's cgroups. */
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		umount2(scratch__at(&fixture->scratch, points[i]), MNT_DETACH);
	scratch__remove(&fixture->scratch);
	free(fixture);
	return 0;
}

static void put(const struct fixture *fixture, const char *name, const char *text)
{
	scratch__write(&fixture->scratch, name, text, strlen(text));
}

static void open_cgroups(struct fixture *fixture, const char *root)
{
	struct fault why = {};

	cgroups__free(fixture->cgroups);
	fixture->cgroups = NULL;
	if (cgroups__new(root, &fixture->cgroups, &why))
		fail_msg("%s", why.text);
}

/* --- recorded ----------------------------------------------------------------------------------
 */

static void a_process_is_looked_up_in_proc(void **state)
{
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ] = "old";

	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "proc/4711"), 0755), 0);
	open_cgroups(fixture, fixture->scratch.path);
	assert_int_equal(cgroups__of_process(fixture->cgroups, 4711, path, sizeof(path)), -ESRCH);
	assert_string_equal(path, "old");
	put(fixture, "proc/4711/cgroup", "1:name=systemd:/\n0::/a.service\n");
	assert_int_equal(cgroups__of_process(fixture->cgroups, 4711, path, sizeof(path)), 0);
	assert_string_equal(path, "/a.service");
	put(fixture, "proc/4711/cgroup", "0::/b.service (deleted)\n");
	assert_int_equal(cgroups__of_process(fixture->cgroups, 4711, path, sizeof(path)), 1);
	assert_string_equal(path, "/b.service");
	assert_int_equal(cgroups__of_process(fixture->cgroups, 4711, path, sizeof("/b.service")),
			 1);
	assert_int_equal(cgroups__of_process(fixture->cgroups, 4711, path, strlen("/b.service")),
			 -ENAMETOOLONG);
}

/* Version 1 does not mark cgroups that have been removed. */
static void names_of_version_1_end_as_they_like(void **state)
{
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ];

	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "proc/4711"), 0755), 0);
	put(fixture, "proc/4711/cgroup", "1:name=systemd:/a (deleted)\n0::/\n");
	open_cgroups(fixture, fixture->scratch.path);
	assert_int_equal(cgroups__of_process(fixture->cgroups, 4711, path, sizeof(path)), 0);
	assert_string_equal(path, "/a (deleted)");
}

static void without_version_2_there_are_no_ids(void **state)
{
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ];

	open_cgroups(fixture, fixture->scratch.path);
	assert_int_equal(cgroups__by_id(fixture->cgroups, 1, path, sizeof(path)), -ENODEV);
	/* what is mounted there now is something else */
	put(fixture, "proc/self/mountinfo", "1 2 0:3 / /proc rw - cgroup2 c rw\n");
	open_cgroups(fixture, fixture->scratch.path);
	assert_int_equal(cgroups__by_id(fixture->cgroups, 1, path, sizeof(path)), -ENODEV);
	put(fixture, "proc/self/mountinfo", "1 2 0:3 / /nonexistent rw - cgroup2 c rw\n\n\n");
	open_cgroups(fixture, fixture->scratch.path);
	assert_int_equal(cgroups__by_id(fixture->cgroups, 1, path, sizeof(path)), -ENODEV);
}

static void a_root_that_is_not_there_is_refused(void **state)
{
	struct cgroups *cgroups = NULL;
	struct fault why = {};

	(void)state;
	assert_int_equal(cgroups__new("/nonexistent", &cgroups, &why), -ENOENT);
	assert_null(cgroups);
	assert_non_null(strstr(why.text, "/nonexistent"));
	cgroups__free(NULL);
}

/* --- real --------------------------------------------------------------------------------------
 */

static void skip_for(const char *what)
{
	print_message("skipped: %s: %s\n", what, strerror(errno));
	skip();
}

static bool enter_namespace(void)
{
	static bool entered;

	if (!entered)
		entered =
			!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return entered;
}

static bool mount_at(const struct fixture *fixture, const char *point, const char *type,
		     const char *options)
{
	assert_int_equal(mkdir(scratch__at(&fixture->scratch, point), 0755), 0);
	return !mount(type, scratch__at(&fixture->scratch, point), type, 0, options);
}

/* Version 2 at MOUNT, with a cgroup of ours in it; and cgroups that know it. */
static void mount_version_2(struct fixture *fixture)
{
	if (!enter_namespace())
		skip_for("no mount namespace of its own");
	if (!mount_at(fixture, MOUNT, "cgroup2", NULL))
		skip_for("cgroups of version 2 cannot be mounted");
	snprintf(fixture->own, sizeof(fixture->own), "%s/%s/tacho-test.XXXXXX",
		 fixture->scratch.path, MOUNT);
	if (!mkdtemp(fixture->own))
		skip_for("no cgroup can be made");
	fixture->made = true;
	snprintf(fixture->name, sizeof(fixture->name), "%s", strrchr(fixture->own, '/'));
	put(fixture, "proc/self/mountinfo",
	    "1 2 0:3 / / rw - ext4 /dev/sda rw\n"
	    "4 1 0:5 / /my\\040cgroups rw - cgroup2 c rw\n");
	open_cgroups(fixture, fixture->scratch.path);
}

/* In ours; the path of it in version 2 is put into path. */
static uint64_t make_cgroup(const struct fixture *fixture, const char *name,
			    char path[CGROUP_PATH_SZ])
{
	char at[2 * PATH_MAX];
	struct stat st;

	snprintf(at, sizeof(at), "%s/%s", fixture->own, name);
	assert_int_equal(mkdir(at, 0755), 0);
	assert_int_equal(stat(at, &st), 0);
	snprintf(path, CGROUP_PATH_SZ, "%s/%s", fixture->name, name);
	return st.st_ino;
}

/* A kernel may let a dead process go from its cgroup a moment after it can be waited for. */
static void remove_empty(const char *cgroup)
{
	for (int i = 0; i < 30000 && rmdir(cgroup) && errno == EBUSY; i++)
		usleep(1000);
	assert_int_equal(access(cgroup, F_OK), -1);
}

static void remove_cgroup(const struct fixture *fixture, const char *name)
{
	char at[2 * PATH_MAX];

	snprintf(at, sizeof(at), "%s/%s", fixture->own, name);
	remove_empty(at);
}

static void expect_path(struct fixture *fixture, uint64_t id, const char *expected)
{
	char path[CGROUP_PATH_SZ];
	int err = cgroups__by_id(fixture->cgroups, id, path, sizeof(path));

	if (err == -EPERM)
		skip_for("no CAP_DAC_READ_SEARCH");
	assert_int_equal(err, 0);
	assert_string_equal(path, expected);
}

static void expect_none(struct fixture *fixture, uint64_t id)
{
	char path[CGROUP_PATH_SZ] = "old";

	assert_int_equal(cgroups__by_id(fixture->cgroups, id, path, sizeof(path)), -ENOENT);
	assert_string_equal(path, "old");
}

static void cgroups_are_found_by_id(void **state)
{
	static const char *const names[] = { "a", "b c:\\040\x1b\xff", "(deleted)", "x (deleted)",
					     " (deleted)" };
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ], other[CGROUP_PATH_SZ];
	struct stat st;
	uint64_t id;

	mount_version_2(fixture);
	assert_int_equal(stat(scratch__at(&fixture->scratch, MOUNT), &st), 0);
	expect_path(fixture, st.st_ino, "/");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		id = make_cgroup(fixture, names[i], path);
		expect_path(fixture, id, path);
	}
	/* not the room for it, whether it is remembered or not */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cgroups__by_id(fixture->cgroups, id, other, strlen(path)),
				 -ENAMETOOLONG);
		assert_int_equal(cgroups__by_id(fixture->cgroups, id, other, strlen(path) + 1), 0);
	}
}

static void ids_of_nothing_are_refused(void **state)
{
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ], file[2 * PATH_MAX];
	struct stat st;
	uint64_t id;

	mount_version_2(fixture);
	id = make_cgroup(fixture, "a", path);
	expect_path(fixture, id, path);
	expect_none(fixture, 0);
	expect_none(fixture, UINT64_MAX);
	expect_none(fixture, id | 1ULL << 63);
	/* a file has an id as well */
	snprintf(file, sizeof(file), "%s/cgroup.procs", fixture->own);
	assert_int_equal(stat(file, &st), 0);
	expect_none(fixture, st.st_ino);
}

static void a_cgroup_that_is_gone_is_remembered(void **state)
{
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ], other_path[CGROUP_PATH_SZ];
	uint64_t id, other;

	mount_version_2(fixture);
	id = make_cgroup(fixture, "a", path);
	other = make_cgroup(fixture, "b", other_path);
	expect_path(fixture, id, path);
	remove_cgroup(fixture, "a");
	remove_cgroup(fixture, "b");
	expect_path(fixture, id, path);
	expect_none(fixture, other);
	/* its name has a new id now */
	assert_int_not_equal(make_cgroup(fixture, "a", path), id);
	expect_path(fixture, id, path);
}

/* As many as are remembered, and one: some must be forgotten, but not the newest; nor one that is
 * asked for again and again. */
static void what_is_remembered_is_bounded(void **state)
{
	static uint64_t ids[CGROUPS_REMEMBERED + 1];
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ], name[16], asked_for[CGROUP_PATH_SZ];
	size_t remembered = 0;
	uint64_t id;

	mount_version_2(fixture);
	id = make_cgroup(fixture, "asked for", asked_for);
	expect_path(fixture, id, asked_for);
	remove_cgroup(fixture, "asked for");
	for (size_t i = 0; i <= CGROUPS_REMEMBERED; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		ids[i] = make_cgroup(fixture, name, path);
		expect_path(fixture, ids[i], path);
		remove_cgroup(fixture, name);
		expect_path(fixture, id, asked_for);
	}
	expect_path(fixture, ids[CGROUPS_REMEMBERED], path);
	for (size_t i = 0; i <= CGROUPS_REMEMBERED; i++)
		remembered += !cgroups__by_id(fixture->cgroups, ids[i], path, sizeof(path));
	assert_in_range(remembered, 8, CGROUPS_REMEMBERED);
}

static void a_mount_of_a_part_shows_paths_of_the_whole(void **state)
{
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ], mounts[200];
	struct stat st, all;
	uint64_t id;

	mount_version_2(fixture);
	id = make_cgroup(fixture, "a", path);
	assert_int_equal(stat(scratch__at(&fixture->scratch, MOUNT), &all), 0);
	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "below"), 0755), 0);
	assert_int_equal(
		mount(fixture->own, scratch__at(&fixture->scratch, "below"), NULL, MS_BIND, NULL),
		0);
	assert_int_equal(stat(fixture->own, &st), 0);
	snprintf(mounts, sizeof(mounts), "1 2 0:3 %s /below rw - cgroup2 c rw\n", fixture->name);
	put(fixture, "proc/self/mountinfo", mounts);
	open_cgroups(fixture, fixture->scratch.path);
	expect_path(fixture, id, path);
	expect_path(fixture, st.st_ino, fixture->name);
	expect_none(fixture, all.st_ino);
	/* the whole is better, wherever it comes */
	strcat(mounts, "1 2 0:3 / /my\\040cgroups rw - cgroup2 c rw\n"
		       "1 2 0:3 / /nonexistent rw - cgroup2 c rw\n");
	put(fixture, "proc/self/mountinfo", mounts);
	open_cgroups(fixture, fixture->scratch.path);
	expect_path(fixture, id, path);
	expect_path(fixture, all.st_ino, "/");
}

static void ids_need_a_capability(void **state)
{
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ];
	uint64_t id;
	int err;

	mount_version_2(fixture);
	id = make_cgroup(fixture, "a", path);
	if (seteuid(65534))
		skip_for("no other user");
	err = cgroups__by_id(fixture->cgroups, id, path, sizeof(path));
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(err, -EPERM);
}

/* --- real processes ----------------------------------------------------------------------------
 */

/* One that does nothing until it is killed; and is killed if we are. */
static void start_process(struct fixture *fixture)
{
	fixture->pid = fork();
	assert_true(fixture->pid >= 0);
	if (!fixture->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

/* It is dead then, and not gone. */
static void kill_process(const struct fixture *fixture)
{
	siginfo_t info;

	assert_int_equal(kill(fixture->pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)fixture->pid, &info, WEXITED | WNOWAIT), 0);
}

static void forget_process(struct fixture *fixture)
{
	assert_int_equal(waitpid(fixture->pid, NULL, 0), fixture->pid);
	fixture->pid = 0;
}

static void move_process(const struct fixture *fixture, const char *cgroup)
{
	char at[2 * PATH_MAX];
	FILE *file;

	snprintf(at, sizeof(at), "%s/cgroup.procs", cgroup);
	file = fopen(at, "w");
	assert_non_null(file);
	fprintf(file, "%d", (int)fixture->pid);
	assert_int_equal(fclose(file), 0);
}

static void expect_cgroup_of(struct fixture *fixture, pid_t pid, int ret, const char *expected)
{
	char path[CGROUP_PATH_SZ];

	assert_int_equal(cgroups__of_process(fixture->cgroups, pid, path, sizeof(path)), ret);
	assert_string_equal(path, expected);
}

/* In this cgroup of ours, until it has ended and the cgroup is removed. */
static void live_and_die_in(struct fixture *fixture, const char *name)
{
	char path[CGROUP_PATH_SZ], at[2 * PATH_MAX];
	pid_t pid;

	make_cgroup(fixture, name, path);
	start_process(fixture);
	pid = fixture->pid;
	snprintf(at, sizeof(at), "%s/%s", fixture->own, name);
	move_process(fixture, at);
	expect_cgroup_of(fixture, pid, 0, path);
	kill_process(fixture);
	expect_cgroup_of(fixture, pid, 0, path);
	remove_cgroup(fixture, name);
	expect_cgroup_of(fixture, pid, 1, path);
	forget_process(fixture);
	assert_int_equal(cgroups__of_process(fixture->cgroups, pid, path, sizeof(path)), -ESRCH);
}

static void a_process_is_in_its_cgroup_of_version_2(void **state)
{
	struct fixture *fixture = *state;

	mount_version_2(fixture);
	open_cgroups(fixture, "/");
	live_and_die_in(fixture, "a");
	live_and_die_in(fixture, "0::b\\012\x1b\xff :");
	live_and_die_in(fixture, "x (deleted)");
}

/* The kernel would show it in two lines. */
static void names_hold_no_line_feed(void **state)
{
	struct fixture *fixture = *state;
	char at[2 * PATH_MAX];

	mount_version_2(fixture);
	snprintf(at, sizeof(at), "%s/a\n0::", fixture->own);
	assert_int_equal(mkdir(at, 0755), -1);
	assert_int_equal(errno, EINVAL);
}

static void a_process_is_in_its_cgroup_of_version_1(void **state)
{
	struct fixture *fixture = *state;
	char path[CGROUP_PATH_SZ], at[PATH_MAX];
	int err;

	mount_version_2(fixture);
	open_cgroups(fixture, "/");
	if (!mount_at(fixture, "version1", "cgroup", "none,name=systemd"))
		skip_for("cgroups of version 1 cannot be mounted");
	snprintf(at, sizeof(at), "%s/version1%s", fixture->scratch.path, fixture->name);
	assert_int_equal(mkdir(at, 0755), 0);
	start_process(fixture);
	move_process(fixture, scratch__at(&fixture->scratch, MOUNT));
	move_process(fixture, at);
	err = cgroups__of_process(fixture->cgroups, fixture->pid, path, sizeof(path));
	kill_process(fixture);
	forget_process(fixture);
	remove_empty(at);
	assert_int_equal(err, 0);
	assert_string_equal(path, fixture->name);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_process_is_looked_up_in_proc),
		CASE(names_of_version_1_end_as_they_like),
		CASE(without_version_2_there_are_no_ids),
		CASE(a_root_that_is_not_there_is_refused),
		CASE(cgroups_are_found_by_id),
		CASE(ids_of_nothing_are_refused),
		CASE(a_cgroup_that_is_gone_is_remembered),
		CASE(what_is_remembered_is_bounded),
		CASE(a_mount_of_a_part_shows_paths_of_the_whole),
		CASE(ids_need_a_capability),
		CASE(a_process_is_in_its_cgroup_of_version_2),
		CASE(names_hold_no_line_feed),
		CASE(a_process_is_in_its_cgroup_of_version_1),
	};

	return cmocka_run_group_tests_name("cgroups", tests, NULL, NULL);
}
