/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happens to contents: real writers, in processes of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "file_watch_fixture.h"

/* ---- writers ---- */

struct writer {
	pid_t pid;
	int answer; /* it writes when it has got the file, and what came of it */
	int order;  /* it closes the file when it is told so */
};

struct answer {
	int err;
	uint64_t ns;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#define TRUNCATE (-1) /* by truncate(2) */

static void write_into(const char *path, int flags, int answer, int order)
{
	struct answer result = {};
	char byte;
	int fd;

	fd = flags == TRUNCATE ? truncate(path, 1) : open(path, flags, 0644);
	result.err = fd < 0 ? errno : 0;
	result.ns = now_ns();
	if (fd > 0 && write(fd, "new", 3) != 3)
		result.err = errno;
	if (write(answer, &result, sizeof(result)) != sizeof(result))
		_exit(1);
	_exit(read(order, &byte, 1) < 0);
}

static struct writer start_writer(struct bench *b, const char *name, int flags)
{
	struct writer writer;
	int answer[2], order[2];

	assert_return_code(pipe2(answer, O_CLOEXEC), errno);
	assert_return_code(pipe2(order, O_CLOEXEC), errno);
	writer.pid = fork();
	assert_return_code(writer.pid, errno);
	if (!writer.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
		close(answer[0]);
		close(order[1]);
		write_into(scratch__at(&b->scratch, name), flags, answer[1], order[0]);
	}
	close(answer[1]);
	close(order[0]);
	writer.answer = answer[0];
	writer.order = order[1];
	return writer;
}

static struct answer await_writer(const struct writer *writer)
{
	struct answer answer;

	if (!readable(writer->answer, LIMIT_MS))
		fail_msg("the writer still waits");
	assert_int_equal(read(writer->answer, &answer, sizeof(answer)), sizeof(answer));
	return answer;
}

static void end_writer(struct writer *writer)
{
	/* A byte, because other writers have a copy of the pipe; nobody reads it if it was killed.
	 */
	if (write(writer->order, "", 1) < 0)
		assert_int_equal(errno, EPIPE);
	close(writer->order);
	assert_int_equal(waitpid(writer->pid, NULL, 0), writer->pid);
	close(writer->answer);
}

static void write_once(struct bench *b, const char *name, int flags)
{
	struct writer writer = start_writer(b, name, flags);

	assert_int_equal(await_writer(&writer).err, 0);
	end_writer(&writer);
}

/* The file is opened, guarded and closed again: the guard has its own. */
static int guard(struct bench *b, const char *name, uint64_t tag, struct fault *why)
{
	int fd = open(scratch__at(&b->scratch, name), O_RDONLY | O_CLOEXEC);
	int ret;

	assert_return_code(fd, errno);
	ret = file_watch__guard(b->watch, fd, tag, why);
	close(fd);
	return ret;
}

static void must_guard(struct bench *b, const char *name, uint64_t tag)
{
	struct fault why = {};

	if (guard(b, name, tag, &why) != FILE_WATCH_LEASED)
		fail_msg("%s: %s", name, why.text);
}

/* Would a writer be held up now? */
static bool is_leased(struct bench *b, const char *name)
{
	int fd = open(scratch__at(&b->scratch, name), O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		assert_int_equal(errno, EAGAIN);
	else
		close(fd);
	return fd < 0;
}

static void a_writer_waits_for_the_release(void **state)
{
	static const int ways[] = { O_WRONLY,
				    O_RDWR,
				    O_WRONLY | O_TRUNC,
				    O_RDWR | O_TRUNC,
				    O_WRONLY | O_APPEND,
				    O_WRONLY | O_CREAT,
				    TRUNCATE };
	struct bench *b = *state;

	put(b, "lib.so");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct writer writer;
		struct answer answer;
		uint64_t released_ns;

		must_guard(b, "lib.so", TAG);
		writer = start_writer(b, "lib.so", ways[i]);
		expect(b, FILE_WATCH_WRITING, TAG);
		assert_false(readable(writer.answer, 0));
		released_ns = now_ns();
		file_watch__release(b->watch, TAG);
		answer = await_writer(&writer);
		assert_int_equal(answer.err, 0);
		assert_true(answer.ns >= released_ns);
		end_writer(&writer);
		expect(b, FILE_WATCH_CHANGED, TAG);
	}
}

static void a_writer_that_is_never_released_is_held_up(void **state)
{
	struct bench *b = *state;
	struct writer writer;

	put(b, "lib.so");
	must_guard(b, "lib.so", TAG);
	writer = start_writer(b, "lib.so", O_WRONLY);
	expect(b, FILE_WATCH_WRITING, TAG);
	dispatch(b);
	assert_false(readable(writer.answer, 3 * GUARD_SETTLE_MS));
	dispatch(b);
	assert_int_equal(b->read, b->cnt);
	file_watch__free(b->watch);
	b->watch = NULL;
	assert_int_equal(await_writer(&writer).err, 0);
	end_writer(&writer);
}

static void the_receiver_may_release_at_once(void **state)
{
	struct bench *b = *state;
	struct writer writer;

	put(b, "lib.so");
	must_guard(b, "lib.so", TAG);
	b->release_at_once = TAG;
	writer = start_writer(b, "lib.so", O_WRONLY);
	expect(b, FILE_WATCH_WRITING, TAG);
	assert_int_equal(await_writer(&writer).err, 0);
	end_writer(&writer);
	expect(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

static void the_change_is_reported_when_the_writer_has_closed(void **state)
{
	struct bench *b = *state;
	struct writer writer;

	put(b, "lib.so");
	must_guard(b, "lib.so", TAG);
	writer = start_writer(b, "lib.so", O_WRONLY);
	expect(b, FILE_WATCH_WRITING, TAG);
	file_watch__release(b->watch, TAG);
	assert_int_equal(await_writer(&writer).err, 0);
	for (int ticks = 0; ticks < 1500 / GUARD_SETTLE_MS; ticks++) {
		assert_true(readable(file_watch__fd(b->watch), LIMIT_MS));
		dispatch(b);
	}
	assert_int_equal(b->read, b->cnt);
	end_writer(&writer);
	expect(b, FILE_WATCH_CHANGED, TAG);
	must_guard(b, "lib.so", TAG);
}

/* It is told by its path's tag as soon as the writer closes; the guard ends with that. */
static void a_path_and_a_guard_may_share_their_tag(void **state)
{
	struct bench *b = *state;
	struct writer writer;

	put(b, "lib.so");
	watch_name(b, "lib.so", TAG);
	must_guard(b, "lib.so", TAG);
	writer = start_writer(b, "lib.so", O_WRONLY);
	expect(b, FILE_WATCH_WRITING, TAG);
	file_watch__release(b->watch, TAG);
	assert_int_equal(await_writer(&writer).err, 0);
	end_writer(&writer);
	expect(b, FILE_WATCH_CHANGED, TAG);
	must_guard(b, "lib.so", TAG);
	expect_nothing_until_now(b);
	assert_true(is_leased(b, "lib.so"));
}

static void a_writer_that_is_killed_while_it_waits_is_noticed(void **state)
{
	struct bench *b = *state;
	struct writer writer;

	put(b, "lib.so");
	must_guard(b, "lib.so", TAG);
	writer = start_writer(b, "lib.so", O_WRONLY);
	expect(b, FILE_WATCH_WRITING, TAG);
	kill(writer.pid, SIGKILL);
	end_writer(&writer);
	file_watch__release(b->watch, TAG);
	expect(b, FILE_WATCH_CHANGED, TAG);
}

static void a_writer_that_will_not_wait_succeeds_after_the_release(void **state)
{
	struct bench *b = *state;
	struct writer writer;

	put(b, "lib.so");
	must_guard(b, "lib.so", TAG);
	writer = start_writer(b, "lib.so", O_WRONLY | O_NONBLOCK);
	assert_int_equal(await_writer(&writer).err, EAGAIN);
	end_writer(&writer);
	expect(b, FILE_WATCH_WRITING, TAG);
	file_watch__release(b->watch, TAG);
	writer = start_writer(b, "lib.so", O_WRONLY | O_NONBLOCK);
	assert_int_equal(await_writer(&writer).err, 0);
	end_writer(&writer);
	expect(b, FILE_WATCH_CHANGED, TAG);
}

static void run(const char *path)
{
	pid_t pid = fork();
	int status;

	assert_return_code(pid, errno);
	if (!pid) {
		execl(path, path, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void copy_program(struct bench *b, const char *name)
{
	size_t sz;
	char *bytes = read_whole("/bin/true", &sz);

	scratch__write(&b->scratch, name, bytes, sz);
	free(bytes);
	assert_return_code(chmod(scratch__at(&b->scratch, name), 0755), errno);
}

static void whoever_does_not_write_is_not_held_up(void **state)
{
	struct bench *b = *state;
	const char *path;
	struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	struct writer writer;

	copy_program(b, "program");
	must_guard(b, "program", TAG);
	path = scratch__at(&b->scratch, "program");
	run(path);
	assert_return_code(chmod(path, 0700), errno);
	assert_return_code(utimensat(AT_FDCWD, path, times, 0), errno);
	assert_return_code(link(path, scratch__at(&b->scratch, "link")), errno);
	copy_program(b, "program.new");
	move(b, "program.new", "program");
	move(b, "link", "elsewhere");
	/* The first of all reports is about the one that does write. */
	writer = start_writer(b, "elsewhere", O_WRONLY);
	expect(b, FILE_WATCH_WRITING, TAG);
	file_watch__release(b->watch, TAG);
	assert_int_equal(await_writer(&writer).err, 0);
	end_writer(&writer);
}

static void an_unlinked_file_stays_guarded(void **state)
{
	struct bench *b = *state;
	int fd;

	put(b, "lib.so");
	fd = open(scratch__at(&b->scratch, "lib.so"), O_RDONLY | O_CLOEXEC);
	take_away(b, "lib.so");
	assert_int_equal(file_watch__guard(b->watch, fd, TAG, NULL), FILE_WATCH_LEASED);
	put(b, "lib.so");
	assert_false(is_leased(b, "lib.so"));
	close(fd);
}

static void truncation_by_a_reader_is_reported_after_the_fact(void **state)
{
	struct bench *b = *state;

	put(b, "lib.so");
	must_guard(b, "lib.so", TAG);
	close(open(scratch__at(&b->scratch, "lib.so"), O_RDONLY | O_TRUNC));
	expect(b, FILE_WATCH_WRITTEN, TAG);
	expect(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

static void a_file_that_is_being_written_is_busy(void **state)
{
	struct bench *b = *state;
	struct fault why = {};
	struct writer writer;

	put(b, "lib.so");
	writer = start_writer(b, "lib.so", O_WRONLY);
	assert_int_equal(await_writer(&writer).err, 0);
	assert_int_equal(guard(b, "lib.so", TAG, &why), FILE_WATCH_BUSY);
	assert_string_equal(why.text, "somebody has it open for writing");
	end_writer(&writer);
	expect(b, FILE_WATCH_CHANGED, TAG);
	must_guard(b, "lib.so", TAG);
}

static void writing_into_a_busy_file_is_reported(void **state)
{
	struct bench *b = *state;
	int fd;

	put(b, "lib.so");
	fd = open(scratch__at(&b->scratch, "lib.so"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(guard(b, "lib.so", TAG, NULL), FILE_WATCH_BUSY);
	assert_int_equal(write(fd, "new", 3), 3);
	expect(b, FILE_WATCH_WRITTEN, TAG);
	assert_int_equal(write(fd, "new", 3), 3);
	close(fd);
	expect(b, FILE_WATCH_CHANGED, TAG);
}

/* Takes CAP_LEASE away, or gives it back. */
static bool set_may_lease(bool may)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return false;
	if (may)
		data[0].effective |= 1U << CAP_LEASE;
	else
		data[0].effective &= ~(1U << CAP_LEASE);
	return !syscall(SYS_capset, &header, data);
}

/* A file that is somebody else's. */
static void guard_unleased(struct bench *b, const char *name, uint64_t tag)
{
	struct fault why = {};
	int ret;

	put(b, name);
	if (chown(scratch__at(&b->scratch, name), 1, 1) || !set_may_lease(false)) {
		print_message("skipped: only root can give files and capabilities away\n");
		skip();
	}
	ret = guard(b, name, tag, &why);
	assert_true(set_may_lease(true));
	assert_int_equal(ret, FILE_WATCH_UNLEASED);
	assert_non_null(strstr(why.text, "CAP_LEASE"));
}

static void without_a_lease_writing_is_reported_after_the_fact(void **state)
{
	struct bench *b = *state;
	struct writer writer;

	guard_unleased(b, "lib.so", TAG);
	writer = start_writer(b, "lib.so", O_WRONLY);
	assert_int_equal(await_writer(&writer).err, 0);
	expect(b, FILE_WATCH_WRITTEN, TAG);
	end_writer(&writer);
	expect(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

/* Nobody closes anything. */
static void without_a_lease_truncation_is_reported_too(void **state)
{
	struct bench *b = *state;

	guard_unleased(b, "lib.so", TAG);
	write_once(b, "lib.so", TRUNCATE);
	expect(b, FILE_WATCH_WRITTEN, TAG);
	expect(b, FILE_WATCH_CHANGED, TAG);
}

static void without_a_lease_writing_is_not_lost_in_an_overflow(void **state)
{
	struct bench *b = *state;

	guard_unleased(b, "lib.so", TAG);
	overflow(b);
	write_once(b, "lib.so", O_WRONLY);
	file_watch__remove(b->watch, OTHER);
	expect(b, FILE_WATCH_WRITTEN, TAG);
	expect(b, FILE_WATCH_CHANGED, TAG);
}

static void a_tag_is_guarded_once(void **state)
{
	struct bench *b = *state;
	struct fault why = {};

	put(b, "one");
	put(b, "two");
	must_guard(b, "one", TAG);
	assert_int_equal(guard(b, "two", TAG, &why), -EEXIST);
	assert_true(is_leased(b, "one"));
	file_watch__unguard(b->watch, TAG);
	must_guard(b, "two", TAG);
	assert_false(is_leased(b, "one"));
	assert_true(is_leased(b, "two"));
}

static void only_regular_files_are_guarded(void **state)
{
	struct bench *b = *state;
	struct fault why = {};
	int ends[2];

	make_folder(b, "folder");
	assert_int_equal(guard(b, "folder", TAG, &why), -EINVAL);
	assert_non_null(strstr(why.text, "not a regular file"));
	assert_return_code(pipe(ends), errno);
	assert_int_equal(file_watch__guard(b->watch, ends[0], TAG, &why), -EINVAL);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(file_watch__guard(b->watch, ends[0], TAG, &why), -EBADF);
}

static void two_guards_of_one_file_both_hold_the_writer(void **state)
{
	struct bench *b = *state;
	struct writer writer;
	uint64_t released_ns;

	put(b, "lib.so");
	must_guard(b, "lib.so", TAG);
	must_guard(b, "lib.so", OTHER);
	writer = start_writer(b, "lib.so", O_WRONLY);
	expect(b, FILE_WATCH_WRITING, TAG);
	expect(b, FILE_WATCH_WRITING, OTHER);
	file_watch__release(b->watch, TAG);
	assert_false(readable(writer.answer, 0));
	released_ns = now_ns();
	file_watch__release(b->watch, OTHER);
	assert_true(await_writer(&writer).ns >= released_ns);
	end_writer(&writer);
	expect(b, FILE_WATCH_CHANGED, TAG);
	expect(b, FILE_WATCH_CHANGED, OTHER);
}

static void many_writers_are_told_apart(void **state)
{
	struct bench *b = *state;
	struct writer writers[20];
	char name[20];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "lib%d", i);
		put(b, name);
		must_guard(b, name, 100 + i);
	}
	for (int i = 0; i < 20; i += 2) {
		snprintf(name, sizeof(name), "lib%d", i);
		writers[i] = start_writer(b, name, O_WRONLY);
	}
	for (int i = 0; i < 10; i++) {
		struct seen seen = {};

		assert_true(next_seen(b, &seen));
		assert_int_equal(seen.kind, FILE_WATCH_WRITING);
		assert_in_range(seen.tag, 100, 119);
		assert_int_equal(seen.tag % 2, 0);
		file_watch__release(b->watch, seen.tag);
		assert_int_equal(await_writer(&writers[seen.tag - 100]).err, 0);
		end_writer(&writers[seen.tag - 100]);
	}
	assert_true(is_leased(b, "lib1"));
}

/* A child between fork and exec shares the open file, and with it the lease. */
static void a_child_does_not_prolong_a_lease(void **state)
{
	struct bench *b = *state;
	struct writer child;

	put(b, "lib.so");
	put(b, "other");
	must_guard(b, "lib.so", TAG);
	child = start_writer(b, "other", O_WRONLY);
	assert_int_equal(await_writer(&child).err, 0);
	file_watch__unguard(b->watch, TAG);
	assert_false(is_leased(b, "lib.so"));
	end_writer(&child);
}

static void nothing_is_held_after_removal(void **state)
{
	struct bench *b = *state;

	put(b, "lib.so");
	must_guard(b, "lib.so", TAG);
	file_watch__remove(b->watch, TAG);
	assert_false(is_leased(b, "lib.so"));
	must_guard(b, "lib.so", TAG);
	assert_true(is_leased(b, "lib.so"));
	file_watch__free(b->watch);
	b->watch = NULL;
	assert_false(is_leased(b, "lib.so"));
}

/* The kernel then sends SIGIO, which does not say which file it is about. */
static void a_full_queue_of_signals_hides_no_writer(void **state)
{
	struct bench *b = *state;
	struct rlimit before, none;
	struct writer writer;

	put(b, "lib.so");
	must_guard(b, "lib.so", TAG);
	assert_return_code(getrlimit(RLIMIT_SIGPENDING, &before), errno);
	none = before;
	none.rlim_cur = 0;
	assert_return_code(setrlimit(RLIMIT_SIGPENDING, &none), errno);
	writer = start_writer(b, "lib.so", O_WRONLY);
	expect(b, FILE_WATCH_WRITING, TAG);
	assert_return_code(setrlimit(RLIMIT_SIGPENDING, &before), errno);
	file_watch__release(b->watch, TAG);
	assert_int_equal(await_writer(&writer).err, 0);
	end_writer(&writer);
}

/* ---- other file systems ---- */

static void hold_up_a_writer(struct bench *b, const char *guarded, const char *written)
{
	struct writer writer;
	uint64_t released_ns;

	must_guard(b, guarded, TAG);
	writer = start_writer(b, written, O_WRONLY);
	expect(b, FILE_WATCH_WRITING, TAG);
	released_ns = now_ns();
	file_watch__release(b->watch, TAG);
	assert_true(await_writer(&writer).ns >= released_ns);
	end_writer(&writer);
	expect(b, FILE_WATCH_CHANGED, TAG);
}

static void tmpfs_has_leases(void **state)
{
	struct bench *b = *state;

	leave_the_mount_namespace(b);
	make_folder(b, "tmpfs");
	assert_return_code(mount("tacho-test", scratch__at(&b->scratch, "tmpfs"), "tmpfs", 0, ""),
			   errno);
	put(b, "tmpfs/lib.so");
	hold_up_a_writer(b, "tmpfs/lib.so", "tmpfs/lib.so");
	assert_return_code(umount(scratch__at(&b->scratch, "tmpfs")), errno);
}

static void overlayfs_has_leases(void **state)
{
	struct bench *b = *state;
	char options[512];

	leave_the_mount_namespace(b);
	make_folder(b, "tmpfs");
	make_folder(b, "merged");
	assert_return_code(mount("tacho-test", scratch__at(&b->scratch, "tmpfs"), "tmpfs", 0, ""),
			   errno);
	make_folder(b, "tmpfs/lower");
	make_folder(b, "tmpfs/upper");
	make_folder(b, "tmpfs/work");
	put(b, "tmpfs/lower/lower.so");
	put(b, "tmpfs/upper/upper.so");
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s",
		 scratch__at(&b->scratch, "tmpfs/lower"), scratch__at(&b->scratch, "tmpfs/upper"),
		 scratch__at(&b->scratch, "tmpfs/work"));
	if (mount("tacho-test", scratch__at(&b->scratch, "merged"), "overlay", 0, options)) {
		print_message("skipped: no overlayfs: %s\n", strerror(errno));
		umount(scratch__at(&b->scratch, "tmpfs"));
		skip();
	}
	hold_up_a_writer(b, "merged/upper.so", "merged/upper.so");
	hold_up_a_writer(b, "merged/lower.so", "merged/lower.so"); /* copied up */
	/* From outside of a container, what is written inside. */
	hold_up_a_writer(b, "tmpfs/upper/upper.so", "merged/upper.so");
	assert_return_code(umount(scratch__at(&b->scratch, "merged")), errno);
	assert_return_code(umount(scratch__at(&b->scratch, "tmpfs")), errno);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_bench(a_writer_waits_for_the_release),
		with_bench(a_writer_that_is_never_released_is_held_up),
		with_bench(the_receiver_may_release_at_once),
		with_bench(the_change_is_reported_when_the_writer_has_closed),
		with_bench(a_path_and_a_guard_may_share_their_tag),
		with_bench(a_writer_that_is_killed_while_it_waits_is_noticed),
		with_bench(a_writer_that_will_not_wait_succeeds_after_the_release),
		with_bench(whoever_does_not_write_is_not_held_up),
		with_bench(an_unlinked_file_stays_guarded),
		with_bench(truncation_by_a_reader_is_reported_after_the_fact),
		with_bench(a_file_that_is_being_written_is_busy),
		with_bench(writing_into_a_busy_file_is_reported),
		with_bench(without_a_lease_writing_is_reported_after_the_fact),
		with_bench(without_a_lease_truncation_is_reported_too),
		with_bench(without_a_lease_writing_is_not_lost_in_an_overflow),
		with_bench(a_tag_is_guarded_once),
		with_bench(only_regular_files_are_guarded),
		with_bench(two_guards_of_one_file_both_hold_the_writer),
		with_bench(many_writers_are_told_apart),
		with_bench(a_child_does_not_prolong_a_lease),
		with_bench(nothing_is_held_after_removal),
		with_bench(a_full_queue_of_signals_hides_no_writer),
		with_bench(tmpfs_has_leases),
		with_bench(overlayfs_has_leases),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
