/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "elf/locate.h"
#include "follow/in_use.h"
#include "follow/proc_maps.h"
#include "scratch.h"

/* ---- processes that use a file ---- */

struct user {
	pid_t pid;
	int wait; /* it ends when this is closed */
};

/* The child does its part, says so, and lives until it is told. */
static struct user start(bool (*part)(const char *path), const char *path)
{
	int said[2], wait[2];
	struct user user;
	char ok = 0;

	assert_return_code(pipe2(said, O_CLOEXEC), errno);
	assert_return_code(pipe2(wait, O_CLOEXEC), errno);
	user.pid = fork();
	assert_return_code(user.pid, errno);
	if (!user.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
		close(wait[1]);
		ok = part(path);
		if (write(said[1], &ok, 1) == 1)
			ok = read(wait[0], &ok, 1);
		_exit(0);
	}
	close(said[1]);
	close(wait[0]);
	assert_int_equal(read(said[0], &ok, 1), 1);
	close(said[0]);
	assert_true(ok);
	user.wait = wait[1];
	return user;
}

static void end(const struct user *user)
{
	close(user->wait);
	assert_int_equal(waitpid(user->pid, NULL, 0), user->pid);
}

static bool map(const char *path, int rights)
{
	int fd = open(path, O_RDONLY);

	return fd >= 0 && mmap(NULL, 1, rights, MAP_PRIVATE, fd, 0) != MAP_FAILED;
}

static bool map_to_execute(const char *path)
{
	return map(path, PROT_READ | PROT_EXEC);
}

static bool map_to_read(const char *path)
{
	return map(path, PROT_READ);
}

static bool load(const char *path)
{
	return dlopen(path, RTLD_NOW) != NULL;
}

/* The first thread ends before the others: the process lives, and /proc/PID/maps is empty. */
struct survivor {
	const char *path;
	int said;
	int wait;
};

static void *survive(void *arg)
{
	struct survivor *survivor = arg;
	char path[64], line[64], ok = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)getpid());
	/* Until the first one is gone. */
	for (bool empty = false; !empty;) {
		maps = fopen(path, "r");
		empty = maps && !fgets(line, sizeof(line), maps);
		if (maps)
			fclose(maps);
		sched_yield();
	}
	ok = map_to_execute(survivor->path);
	if (write(survivor->said, &ok, 1) == 1)
		ok = read(survivor->wait, &ok, 1);
	_exit(0);
}

/* ---- files ---- */

struct identity {
	dev_t dev;
	ino_t ino;
};

static struct identity identity_of(const char *path)
{
	struct stat st;

	assert_return_code(stat(path, &st), errno);
	return (struct identity) { st.st_dev, st.st_ino };
}

static bool in_use(struct identity file)
{
	bool ret = false;

	/* There may be somebody whom not even root may look at: the init of a sandbox. */
	assert_in_range(file_in_use(file.dev, file.ino, &ret), 0, 1);
	return ret;
}

static char *copy_library(const struct scratch *scratch, const char *name)
{
	char *path = NULL, *bytes;
	size_t sz;

	assert_int_equal(locate_binary("libz.so.1", &path, NULL), 0);
	bytes = read_whole(path, &sz);
	free(path);
	scratch__write(scratch, name, bytes, sz);
	free(bytes);
	return strdup(scratch__at(scratch, name));
}

static void a_file_is_in_use_while_it_is_mapped_to_execute(void **state)
{
	struct scratch *scratch = *state;
	char *path = copy_library(scratch, "lib.so");
	struct identity file = identity_of(path);
	struct user user;

	assert_false(in_use(file));
	user = start(map_to_execute, path);
	assert_true(in_use(file));
	end(&user);
	assert_false(in_use(file));
	user = start(map_to_read, path);
	assert_false(in_use(file));
	end(&user);
	free(path);
}

static void a_file_that_was_replaced_is_still_in_use(void **state)
{
	struct scratch *scratch = *state;
	char *path = copy_library(scratch, "lib.so"), *next;
	struct identity old = identity_of(path), new;
	struct user user = start(load, path);

	next = copy_library(scratch, "lib.so.new");
	new = identity_of(next);
	assert_return_code(rename(next, path), errno);
	assert_true(in_use(old));
	assert_false(in_use(new));
	assert_return_code(unlink(path), errno);
	assert_true(in_use(old));
	end(&user);
	assert_false(in_use(old));
	free(next);
	free(path);
}

static void a_running_program_is_in_use(void **state)
{
	struct scratch *scratch = *state;
	char *path = NULL, *bytes;
	struct identity file;
	int ready[2];
	char byte;
	size_t sz;
	pid_t pid;

	assert_int_equal(locate_binary("cat", &path, NULL), 0);
	bytes = read_whole(path, &sz);
	scratch__write(scratch, "cat", bytes, sz);
	free(bytes);
	free(path);
	path = strdup(scratch__at(scratch, "cat"));
	assert_return_code(chmod(path, 0755), errno);
	file = identity_of(path);
	assert_return_code(pipe(ready), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], STDOUT_FILENO);
		execl(path, "cat", "/dev/zero", NULL);
		_exit(127);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_return_code(unlink(path), errno);
	assert_true(in_use(file));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_false(in_use(file));
	close(ready[0]);
	close(ready[1]);
	free(path);
}

static void what_only_we_use_does_not_count(void **state)
{
	struct scratch *scratch = *state;
	char *path = copy_library(scratch, "lib.so");

	assert_true(map_to_execute(path));
	assert_false(in_use(identity_of(path)));
	free(path);
}

static void a_process_that_outlives_its_first_thread_is_seen(void **state)
{
	struct scratch *scratch = *state;
	char *path = copy_library(scratch, "lib.so");
	struct identity file = identity_of(path);
	int said[2], wait[2];
	char ok = 0;
	pid_t pid;

	assert_return_code(pipe2(said, O_CLOEXEC), errno);
	assert_return_code(pipe2(wait, O_CLOEXEC), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (!pid) {
		struct survivor survivor = { path, said[1], wait[0] };
		pthread_t thread;

		close(wait[1]);
		if (pthread_create(&thread, NULL, survive, &survivor))
			_exit(1);
		pthread_exit(NULL);
	}
	close(said[1]);
	assert_int_equal(read(said[0], &ok, 1), 1);
	assert_true(ok);
	assert_true(in_use(file));
	end(&(struct user) { pid, wait[1] });
	assert_false(in_use(file));
	close(said[0]);
	close(wait[0]);
	free(path);
}

/* Inode numbers repeat; the device decides, and when it seems to be another, the file itself. */
static void a_number_alone_is_no_file(void **state)
{
	struct scratch *scratch = *state;
	char *path = copy_library(scratch, "lib.so");
	struct identity file = identity_of(path);
	struct user user = start(map_to_execute, path);

	if (geteuid()) {
		print_message("skipped: only root may ask what is mapped\n");
		end(&user);
		skip();
	}
	file.dev++;
	assert_false(in_use(file));
	end(&user);
	free(path);
}

static void what_is_mapped_on_overlayfs_is_recognised(void **state)
{
	struct scratch *scratch = *state;
	char options[512], *path;
	struct identity file;
	struct user user;

	for (size_t i = 0; i < 3; i++)
		assert_return_code(
			mkdir(scratch__at(scratch, (const char *[]) { "lower", "top", "all" }[i]),
			      0755),
			errno);
	path = copy_library(scratch, "lower/lib.so");
	free(path);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tacho-test", scratch__at(scratch, "top"), "tmpfs", 0, "")) {
		print_message("skipped: no mount namespace of its own: %s\n", strerror(errno));
		skip();
	}
	assert_return_code(mkdir(scratch__at(scratch, "top/upper"), 0755), errno);
	assert_return_code(mkdir(scratch__at(scratch, "top/work"), 0755), errno);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s",
		 scratch__at(scratch, "lower"), scratch__at(scratch, "top/upper"),
		 scratch__at(scratch, "top/work"));
	if (mount("tacho-test", scratch__at(scratch, "all"), "overlay", 0, options)) {
		print_message("skipped: no overlayfs: %s\n", strerror(errno));
		umount(scratch__at(scratch, "top"));
		skip();
	}
	path = strdup(scratch__at(scratch, "all/lib.so"));
	file = identity_of(path);
	user = start(map_to_execute, path);
	assert_true(in_use(file));
	end(&user);
	assert_false(in_use(file));
	assert_return_code(umount(scratch__at(scratch, "all")), errno);
	assert_return_code(umount(scratch__at(scratch, "top")), errno);
	free(path);
}

static void processes_that_may_not_be_looked_into_leave_doubt(void **state)
{
	bool ret = true;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid()) {
		print_message("skipped: only root can become somebody else\n");
		skip();
	}
	pid = fork();
	assert_return_code(pid, errno);
	if (!pid) {
		/* Our parent is root's. */
		if (setgid(65534) || setuid(65534))
			_exit(2);
		_exit(file_in_use(1, 1, &ret) != 1 || ret);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- mappings ---- */

struct mappings {
	struct proc_mapping items[1024];
	size_t cnt;
};

static int keep(void *ctx, const struct proc_mapping *mapping)
{
	struct mappings *kept = ctx;

	assert_true(kept->cnt < 1024);
	kept->items[kept->cnt++] = *mapping;
	return 0;
}

static int stop_at_first(void *ctx, const struct proc_mapping *mapping)
{
	(void)ctx;
	(void)mapping;
	return 5;
}

static struct mappings *mappings_of(
	pid_t pid,
	int (*each)(int fd, int (*each)(void *ctx, const struct proc_mapping *mapping), void *ctx))
{
	struct mappings *kept = calloc(1, sizeof(*kept));
	char path[64];
	int fd;

	assert_non_null(kept);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY);
	assert_return_code(fd, errno);
	assert_int_equal(each(fd, keep, kept), 0);
	close(fd);
	return kept;
}

static void mappings_are_the_same_in_text(void **state)
{
	char *path = copy_library(*state, "a name of more words, and a\nline");
	struct identity file = identity_of(path);
	struct user user = start(load, path);
	struct mappings *mappings, *text;
	size_t times = 0;
	int fd;

	mappings = mappings_of(user.pid, proc_maps__each);
	text = mappings_of(user.pid, proc_maps__each_by_text);
	assert_in_range(mappings->cnt, 2, 1024);
	assert_int_equal(mappings->cnt, text->cnt);
	for (size_t i = 0; i < text->cnt; i++) {
		assert_int_equal(text->items[i].start, mappings->items[i].start);
		assert_int_equal(text->items[i].end, mappings->items[i].end);
		assert_int_equal(text->items[i].dev, mappings->items[i].dev);
		assert_int_equal(text->items[i].ino, mappings->items[i].ino);
		times += text->items[i].ino == file.ino;
	}
	assert_int_equal(times, 1);
	fd = open("/proc/self/maps", O_RDONLY);
	assert_int_equal(proc_maps__each(fd, stop_at_first, NULL), 5);
	assert_int_equal(proc_maps__each_by_text(fd, stop_at_first, NULL), 5);
	close(fd);
	end(&user);
	free(mappings);
	free(text);
	free(path);
}

static void a_dead_process_has_no_mappings(void **state)
{
	struct mappings *kept = calloc(1, sizeof(*kept));
	char path[64];
	pid_t pid;
	int fd;

	(void)state;
	pid = fork();
	assert_return_code(pid, errno);
	if (!pid)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY);
	/* A kernel may refuse to open what another lets read nothing. */
	if (fd >= 0) {
		assert_int_equal(proc_maps__each(fd, keep, kept), -ESRCH);
		assert_int_equal(proc_maps__each_by_text(fd, keep, kept), -ESRCH);
		close(fd);
	} else {
		assert_int_equal(errno, ESRCH);
	}
	assert_int_equal(kept->cnt, 0);
	waitpid(pid, NULL, 0);
	free(kept);
}

/* ---- mount namespaces ---- */

struct views_seen {
	struct {
		pid_t pid;
		struct view_id view;
	} items[4096];
	size_t cnt;
};

static int see(void *ctx, pid_t pid, const struct view_id *view)
{
	struct views_seen *seen = ctx;

	assert_true(seen->cnt < 4096);
	seen->items[seen->cnt].pid = pid;
	seen->items[seen->cnt++].view = *view;
	return 0;
}

static int stop(void *ctx, pid_t pid, const struct view_id *view)
{
	(void)pid;
	(void)view;
	(*(int *)ctx)++;
	return 5;
}

static size_t times_seen(struct view_id view, pid_t *ret_pid)
{
	struct views_seen *seen = calloc(1, sizeof(*seen));
	size_t times = 0;

	assert_non_null(seen);
	assert_int_equal(in_use__each_view(see, seen), 0);
	for (size_t i = 0; i < seen->cnt; i++) {
		if (!view_id__same(&seen->items[i].view, &view))
			continue;
		times++;
		*ret_pid = seen->items[i].pid;
	}
	free(seen);
	return times;
}

/* Others, in a chroot of our namespace, have another one than ours. */
static struct view_id view_of(pid_t pid)
{
	struct identity namespace, root;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	namespace = identity_of(path);
	snprintf(path, sizeof(path), "/proc/%d/root/", (int)pid);
	root = identity_of(path);
	return (struct view_id) { namespace.ino, root.dev, root.ino };
}

/* With a child that lives there, too. */
static bool live_elsewhere(const char *path)
{
	(void)path;
	return !unshare(CLONE_NEWNS) && fork() >= 0;
}

static void each_other_mount_namespace_is_seen_once(void **state)
{
	struct view_id own, other, same;
	struct user user;
	pid_t seen = 0;
	int calls = 0;

	(void)state;
	if (geteuid()) {
		print_message("skipped: only root can make mount namespaces\n");
		skip();
	}
	user = start(live_elsewhere, NULL);
	own = view_of(getpid());
	other = view_of(user.pid);
	assert_int_not_equal(other.mount_namespace, own.mount_namespace);
	assert_int_equal(times_seen(other, &seen), 1);
	same = view_of(seen);
	assert_true(view_id__same(&same, &other));
	assert_int_equal(times_seen(own, &seen), 0);
	assert_int_equal(in_use__each_view(stop, &calls), 5);
	assert_int_equal(calls, 1);
	end(&user);
}

#define PF_KTHREAD 0x00200000 /* Linux, include/linux/sched.h */

/* Not by its /proc/PID/exe: a process that is just ending has none either. */
static bool is_kernel_thread(pid_t pid)
{
	char path[64], line[1024] = "";
	const char *behind_name;
	unsigned int flags = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	stat = fopen(path, "r");
	if (!stat)
		return false;
	if (fread(line, 1, sizeof(line) - 1, stat) && (behind_name = strrchr(line, ')')))
		sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %u", &flags);
	fclose(stat);
	return flags & PF_KTHREAD;
}

static void kernel_threads_stand_for_no_namespace(void **state)
{
	struct views_seen *seen = calloc(1, sizeof(*seen));

	(void)state;
	assert_non_null(seen);
	assert_int_equal(in_use__each_view(see, seen), 0);
	for (size_t i = 0; i < seen->cnt; i++) {
		if (is_kernel_thread(seen->items[i].pid))
			fail_msg("process %d is a kernel thread", (int)seen->items[i].pid);
	}
	free(seen);
}

#define with_scratch(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, scratch__set_up, scratch__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_scratch(a_file_is_in_use_while_it_is_mapped_to_execute),
		with_scratch(a_file_that_was_replaced_is_still_in_use),
		with_scratch(a_running_program_is_in_use),
		with_scratch(what_only_we_use_does_not_count),
		with_scratch(a_process_that_outlives_its_first_thread_is_seen),
		with_scratch(a_number_alone_is_no_file),
		cmocka_unit_test(processes_that_may_not_be_looked_into_leave_doubt),
		with_scratch(mappings_are_the_same_in_text),
		cmocka_unit_test(a_dead_process_has_no_mappings),
		cmocka_unit_test(each_other_mount_namespace_is_seen_once),
		cmocka_unit_test(kernel_threads_stand_for_no_namespace),
		with_scratch(what_is_mapped_on_overlayfs_is_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
