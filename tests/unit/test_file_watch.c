/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happens to names: real files in a directory, changed behind the watch's back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "file_watch_fixture.h"

/* ---- names ---- */

static void a_file_that_appears_is_reported(void **state)
{
	struct bench *b = *state;

	watch_name(b, "lib.so", TAG);
	put(b, "lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

static void nothing_happens_without_a_change(void **state)
{
	struct bench *b = *state;
	struct pollfd fd = { .fd = file_watch__fd(b->watch), .events = POLLIN };

	watch_name(b, "lib.so", TAG);
	assert_int_equal(poll(&fd, 1, 0), 0);
	dispatch(b);
	assert_int_equal(b->cnt, 0);
}

static void other_names_in_the_folder_are_not_reported(void **state)
{
	struct bench *b = *state;

	put(b, "lib.so");
	watch_name(b, "lib.so", TAG);
	put(b, "lib.so.1");
	put(b, "lib");
	take_away(b, "lib");
	move(b, "lib.so.1", "lib.so.2");
	expect_nothing_until_now(b);
}

static void reading_it_is_not_reported(void **state)
{
	struct bench *b = *state;
	char byte;
	int fd;

	put(b, "lib.so");
	watch_name(b, "lib.so", TAG);
	fd = open(scratch__at(&b->scratch, "lib.so"), O_RDONLY);
	assert_int_equal(read(fd, &byte, 1), 1);
	close(fd);
	expect_nothing_until_now(b);
}

static void a_rename_over_it_is_reported(void **state)
{
	struct bench *b = *state;

	put(b, "lib.so");
	put(b, "lib.so.dpkg-new");
	watch_name(b, "lib.so", TAG);
	move(b, "lib.so.dpkg-new", "lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

static void unlinking_and_creating_again_is_reported(void **state)
{
	struct bench *b = *state;

	put(b, "lib.so");
	watch_name(b, "lib.so", TAG);
	take_away(b, "lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	put(b, "lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	/* Both before anybody looks; the new one may well have the old one's inode number. */
	take_away(b, "lib.so");
	put(b, "lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

/* Whoever was told something before may just have seen it. */
static void a_file_that_came_and_went_is_reported(void **state)
{
	struct bench *b = *state;

	watch_name(b, "lib.so", TAG);
	put(b, "lib.so");
	take_away(b, "lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

static void a_copy_is_reported_when_it_is_complete(void **state)
{
	struct bench *b = *state;
	int fd;

	watch_name(b, "lib.so", TAG);
	fd = open(scratch__at(&b->scratch, "lib.so"), O_WRONLY | O_CREAT, 0755);
	assert_return_code(fd, errno);
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	assert_int_equal(write(fd, "x", 1), 1);
	expect_nothing_until_now(b);
	assert_return_code(fchmod(fd, 0700), errno);
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	close(fd);
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void a_change_of_mode_is_reported(void **state)
{
	struct bench *b = *state;

	put(b, "program");
	watch_name(b, "program", TAG);
	assert_return_code(chmod(scratch__at(&b->scratch, "program"), 0755), errno);
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void a_switched_link_is_reported(void **state)
{
	struct bench *b = *state;

	put(b, "lib.so.1.0");
	put(b, "lib.so.1.1");
	switch_link(b, "lib.so.1", "lib.so.1.0");
	watch_name(b, "lib.so.1", TAG);
	switch_link(b, "lib.so.1", "lib.so.1.1");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	put(b, "lib.so.1.0"); /* is not its target any more */
	expect_nothing_until_now(b);
	take_away(b, "lib.so.1.1");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void the_target_of_a_link_elsewhere_is_watched(void **state)
{
	struct bench *b = *state;

	make_folder(b, "store");
	make_folder(b, "bin");
	put(b, "store/new");
	switch_link(b, "bin/middle", "../store/program");
	assert_return_code(symlink(scratch__at(&b->scratch, "bin/middle"),
				   scratch__at(&b->scratch, "program")),
			   errno);
	watch_name(b, "program", TAG);
	move(b, "store/new", "store/program");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	take_away(b, "bin/middle");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void a_switched_link_on_the_way_is_reported(void **state)
{
	struct bench *b = *state;

	make_folder(b, "app-1");
	make_folder(b, "app-2");
	put(b, "app-1/program");
	put(b, "app-2/program");
	switch_link(b, "app", "app-1");
	watch_name(b, "app/program", TAG);
	switch_link(b, "app", "app-2");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	take_away(b, "app-2/program");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void links_in_a_circle_are_survived(void **state)
{
	struct bench *b = *state;

	switch_link(b, "one", "two");
	switch_link(b, "two", "one");
	watch_name(b, "one", TAG);
	put(b, "file");
	switch_link(b, "two", "file");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void folders_that_are_made_late_are_followed(void **state)
{
	struct bench *b = *state;

	watch_name(b, "a/b/c/lib.so", TAG);
	make_folder(b, "a");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	make_folder(b, "a/other");
	expect_nothing_until_now(b);
	make_folder(b, "a/b");
	make_folder(b, "a/b/c");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	put(b, "a/b/c/lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

/* All at once, before anybody could have watched the folders in between. */
static void a_tree_that_appears_at_once_is_seen(void **state)
{
	struct bench *b = *state;

	watch_name(b, "a/b/lib.so", TAG);
	make_folder(b, "new");
	make_folder(b, "new/b");
	put(b, "new/b/lib.so");
	move(b, "new", "a");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	put(b, "a/b/lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void a_tree_that_is_removed_and_made_again_is_followed(void **state)
{
	struct bench *b = *state;

	make_folder(b, "a");
	make_folder(b, "a/b");
	put(b, "a/b/lib.so");
	watch_name(b, "a/b/lib.so", TAG);
	for (int i = 0; i < 3; i++) {
		take_away(b, "a/b/lib.so");
		take_away(b, "a/b");
		take_away(b, "a");
		expect_some(b, FILE_WATCH_CHANGED, TAG);
		make_folder(b, "a");
		make_folder(b, "a/b");
		put(b, "a/b/lib.so");
		expect_some(b, FILE_WATCH_CHANGED, TAG);
		expect_nothing_until_now(b);
	}
}

static void a_folder_that_is_moved_is_reported(void **state)
{
	struct bench *b = *state;

	make_folder(b, "app");
	make_folder(b, "app/lib");
	put(b, "app/lib/lib.so");
	make_folder(b, "app.new");
	make_folder(b, "app.new/lib");
	put(b, "app.new/lib/lib.so");
	watch_name(b, "app/lib/lib.so", TAG);
	move(b, "app", "app.old");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	put(b, "app.old/lib/lib.so"); /* is not it any more */
	expect_nothing_until_now(b);
	move(b, "app.new", "app");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	put(b, "app/lib/lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void a_file_where_a_folder_should_be_is_no_obstacle(void **state)
{
	struct bench *b = *state;

	put(b, "a");
	watch_name(b, "a/lib.so", TAG);
	take_away(b, "a");
	make_folder(b, "a");
	put(b, "a/lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void dots_in_a_path_are_understood(void **state)
{
	struct bench *b = *state;

	make_folder(b, "a");
	make_folder(b, "b");
	watch_name(b, "a//.././b/lib.so", TAG);
	put(b, "b/lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void paths_in_one_folder_are_told_apart(void **state)
{
	struct bench *b = *state;

	watch_name(b, "one", TAG);
	watch_name(b, "two", OTHER);
	put(b, "two");
	expect_some(b, FILE_WATCH_CHANGED, OTHER);
	put(b, "one");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	file_watch__remove(b->watch, OTHER);
	put(b, "two");
	put(b, "one");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

static void a_tag_of_many_paths_is_reported_once(void **state)
{
	struct bench *b = *state;

	watch_name(b, "one", TAG);
	watch_name(b, "two", TAG);
	watch_name(b, "two", TAG);
	put(b, "one");
	put(b, "two");
	put(b, "one");
	assert_true(readable(file_watch__fd(b->watch), LIMIT_MS));
	dispatch(b);
	assert_int_equal(b->cnt, 1);
	expect(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

static void every_tag_of_a_path_is_reported(void **state)
{
	struct bench *b = *state;

	watch_name(b, "one", TAG);
	watch_name(b, "one", OTHER);
	put(b, "one");
	dispatch(b);
	assert_int_equal(b->cnt, 2);
	assert_int_equal(b->seen[0].tag + b->seen[1].tag, TAG + OTHER);
}

static void what_is_removed_is_not_reported_any_more(void **state)
{
	struct bench *b = *state;

	watch_name(b, "one", TAG);
	put(b, "one");
	file_watch__remove(b->watch, TAG);
	expect_nothing_until_now(b);
	/* Not even when it is removed by the receiver of an earlier report. */
	watch_name(b, "one", TAG);
	watch_name(b, "two", OTHER);
	put(b, "one");
	put(b, "two");
	b->remove_at_once = OTHER;
	expect(b, FILE_WATCH_CHANGED, TAG);
	b->remove_at_once = 0;
	expect_nothing_until_now(b);
}

static void after_an_overflow_every_tag_is_reported(void **state)
{
	struct bench *b = *state;
	bool all[2] = {};

	watch_name(b, "quiet", TAG);
	overflow(b);
	while (!all[0] || !all[1]) {
		struct seen seen = {};

		assert_true(next_seen(b, &seen));
		assert_int_equal(seen.kind, FILE_WATCH_CHANGED);
		all[seen.tag == TAG] = true;
	}
	put(b, "quiet");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void a_path_that_is_none_is_refused(void **state)
{
	char path[PATH_MAX + 1];
	struct bench *b = *state;
	struct fault why = {};

	memset(path, 'a', PATH_MAX);
	path[0] = '/';
	path[PATH_MAX] = '\0';
	assert_int_equal(file_watch__add(b->watch, "lib.so", TAG, &why), -EINVAL);
	assert_non_null(strstr(why.text, "lib.so: not an absolute path"));
	assert_int_equal(file_watch__add(b->watch, "", TAG, &why), -EINVAL);
	assert_int_equal(file_watch__add(b->watch, path, TAG, &why), -ENAMETOOLONG);
	path[NAME_MAX + 10] = '\0'; /* a name that no file can have */
	assert_int_equal(file_watch__add(b->watch, path, TAG, &why), 0);
}

/* ---- while it changes ---- */

/* Everything that can happen to "a/b/lib.so", in any order, as fast as possible; much of it fails.
 */
static void shake(const char *folder, unsigned int seed)
{
	static const char *const folders[] = { "one", "two" };
	char name[32];

	if (chdir(folder))
		_exit(1);
	for (int i = 0; i < 10; i++) {
		int dir = -1, fd = -1;

		switch (rand_r(&seed) % 8) {
		case 0:
			mkdir("a", 0755);
			mkdir("a/b", 0755);
			break;
		case 1:
			dir = open(folders[i % 2], O_PATH | O_DIRECTORY);
			mkdirat(dir, "b", 0755);
			break;
		case 2:
			snprintf(name, sizeof(name), "gone-%d", i);
			rename("a", name);
			break;
		case 3:
			if (!symlink(folders[i % 2], "link"))
				rename("link", "a");
			break;
		case 4:
			unlink("a/b/lib.so");
			rmdir("a/b");
			break;
		case 5:
			fd = open("new", O_WRONLY | O_CREAT, 0644);
			rename("new", "a/b/lib.so");
			break;
		case 6:
			fd = open("a/b/lib.so", O_WRONLY | O_CREAT, 0644);
			break;
		default:
			rename("a", "other");
			rename("other", "a");
		}
		if (dir >= 0)
			close(dir);
		if (fd >= 0)
			close(fd);
	}
	_exit(0);
}

/* The file is there at the end, and the folders on its way are new: a look that comes in between
 * may see the one and miss the other. */
static void appear(const char *folder, unsigned int delay)
{
	char name[32];

	if (chdir(folder))
		_exit(1);
	snprintf(name, sizeof(name), "gone-%u", delay);
	rename("a", name);
	mkdir("a", 0755);
	mkdir("a/b", 0755);
	for (volatile unsigned int i = 0; i < delay % 64 * 500; i++)
		;
	_exit(open("a/b/lib.so", O_WRONLY | O_CREAT, 0644) < 0);
}

/* As the recorder does: at each report it looks what is there. */
struct onlooker {
	const char *path;
	struct stat last;
	bool exists;
};

static void look(void *ctx, enum file_watch_kind kind, uint64_t tag)
{
	struct onlooker *onlooker = ctx;

	assert_int_equal(kind, FILE_WATCH_CHANGED);
	assert_int_equal(tag, TAG);
	onlooker->exists = !stat(onlooker->path, &onlooker->last);
}

static void no_change_is_missed_however_fast_they_come(void **state)
{
	struct bench *b = *state;
	struct onlooker onlooker = { .path = scratch__at(&b->scratch, "a/b/lib.so") };
	struct fault why = {};
	struct stat now;
	int status;

	make_folder(b, "one");
	make_folder(b, "two");
	watch_path(b, onlooker.path, TAG);
	for (unsigned int round = 0; round < 600; round++) {
		pid_t pid = fork();

		assert_return_code(pid, errno);
		if (!pid && round % 2)
			shake(b->scratch.path, round);
		if (!pid)
			appear(b->scratch.path, round);
		do {
			if (readable(file_watch__fd(b->watch), 0) &&
			    file_watch__dispatch(b->watch, look, &onlooker, &why))
				fail_msg("%s", why.text);
		} while (!waitpid(pid, &status, WNOHANG));
		assert_int_equal(status, 0);
		while (readable(file_watch__fd(b->watch), 0))
			file_watch__dispatch(b->watch, look, &onlooker, &why);
		assert_int_equal(onlooker.exists, !stat(onlooker.path, &now));
		if (!onlooker.exists)
			continue;
		assert_int_equal(onlooker.last.st_ino, now.st_ino);
		assert_int_equal(onlooker.last.st_ctim.tv_sec, now.st_ctim.tv_sec);
		assert_int_equal(onlooker.last.st_ctim.tv_nsec, now.st_ctim.tv_nsec);
	}
}

/* ---- another root ---- */

static void watch_in(struct bench *b, const char *root, const char *path, uint64_t tag)
{
	struct fault why = {};

	if (file_watch__add_in(b->watch, scratch__at(&b->scratch, root), path, tag, &why))
		fail_msg("%s", why.text);
}

static void links_in_another_root_stay_inside(void **state)
{
	struct bench *b = *state;

	make_folder(b, "root");
	make_folder(b, "root/lib");
	switch_link(b, "root/lib/lib.so", "/../../../../lib/real.so");
	watch_in(b, "root", "/lib/lib.so", TAG);
	watch_in(b, "root", "/../lib/../../lib/real.so", OTHER);
	put(b, "root/lib/real.so");
	dispatch(b);
	assert_int_equal(b->cnt, 2);
	assert_int_equal(b->seen[0].tag + b->seen[1].tag, TAG + OTHER);
	b->read = 2;
	file_watch__remove(b->watch, OTHER);
	take_away(b, "root/lib/lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
}

static void a_root_that_is_gone_is_survived(void **state)
{
	struct bench *b = *state;

	make_folder(b, "root");
	put(b, "root/lib.so");
	watch_in(b, "root", "/lib.so", TAG);
	watch_in(b, "none", "/lib.so", OTHER);
	move(b, "root", "gone");
	take_away(b, "gone/lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	expect_nothing_until_now(b);
}

/* ---- mounts ---- */

static void a_mount_on_the_way_is_reported(void **state)
{
	struct bench *b = *state;
	char *path;

	leave_the_mount_namespace(b);
	make_folder(b, "data");
	make_folder(b, "other");
	path = strdup(scratch__at(&b->scratch, "data"));
	put(b, "data/lib.so");
	watch_name(b, "data/lib.so", TAG);
	dispatch(b); /* it is settled what was found */
	assert_return_code(mount("tacho-test", scratch__at(&b->scratch, "other"), "tmpfs", 0, ""),
			   errno);
	expect_nothing_until_now(b);
	assert_return_code(mount("tacho-test", path, "tmpfs", 0, ""), errno);
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	put(b, "data/lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	/* Whoever was told may have looked while another file system was there. */
	assert_return_code(mount("tacho-test", path, "tmpfs", 0, ""), errno);
	assert_return_code(umount(path), errno);
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	/* Nothing that is held open keeps it from being unmounted. */
	assert_return_code(umount(path), errno);
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	put(b, "data/lib.so");
	expect_some(b, FILE_WATCH_CHANGED, TAG);
	umount(scratch__at(&b->scratch, "other"));
	free(path);
}

/* ---- limits ---- */

static int set_number(const char *path, const char *number)
{
	int fd = open(path, O_WRONLY);
	ssize_t sz = fd < 0 ? -1 : write(fd, number, strlen(number));

	if (fd >= 0)
		close(fd);
	return sz > 0 ? 0 : -1;
}

enum { LIMIT_SAID = 0, LIMIT_NOT_SAID, LIMIT_NOT_SET };

/* In a user namespace of its own, a process may be given lower limits. */
static int meet_limits(const struct scratch *scratch)
{
	struct file_watch *watch = NULL;
	struct fault why = {};

	if (unshare(CLONE_NEWUSER) || set_number("/proc/sys/user/max_inotify_watches", "2"))
		return LIMIT_NOT_SET;
	if (file_watch__new(&watch, &why))
		return LIMIT_NOT_SET;
	if (file_watch__add(watch, scratch__at(scratch, "a/lib.so"), TAG, &why) != -ENOSPC ||
	    !strstr(why.text, "fs.inotify.max_user_watches"))
		return LIMIT_NOT_SAID;
	/* What was watched in vain has been given back. */
	if (file_watch__add(watch, "/none", TAG, &why))
		return LIMIT_NOT_SAID;
	file_watch__free(watch);
	watch = NULL;
	if (set_number("/proc/sys/user/max_inotify_instances", "0"))
		return LIMIT_NOT_SET;
	if (file_watch__new(&watch, &why) != -EMFILE || watch ||
	    !strstr(why.text, "fs.inotify.max_user_instances"))
		return LIMIT_NOT_SAID;
	return LIMIT_SAID;
}

static void exhausted_limits_are_named(void **state)
{
	struct scratch *scratch = *state;
	int status;
	pid_t pid;

	assert_return_code(mkdir(scratch__at(scratch, "a"), 0755), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (!pid)
		_exit(meet_limits(scratch));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == LIMIT_NOT_SET) {
		print_message("skipped: no user namespace with limits of its own\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), LIMIT_SAID);
}

static void the_signals_are_given_back(void **state)
{
	sigset_t before, during, after;
	struct file_watch *one = NULL, *two = NULL;
	int blocked = 0;

	(void)state;
	sigprocmask(SIG_BLOCK, NULL, &before);
	assert_int_equal(file_watch__new(&one, NULL), 0);
	assert_int_equal(file_watch__new(&two, NULL), 0);
	sigprocmask(SIG_BLOCK, NULL, &during);
	for (int signo = SIGRTMIN; signo <= SIGRTMAX; signo++)
		blocked += sigismember(&during, signo) - sigismember(&before, signo);
	assert_int_equal(blocked, 2); /* one each */
	file_watch__free(two);
	file_watch__free(one);
	sigprocmask(SIG_BLOCK, NULL, &after);
	for (int signo = 1; signo <= SIGRTMAX; signo++)
		assert_int_equal(sigismember(&before, signo), sigismember(&after, signo));
	file_watch__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_bench(a_file_that_appears_is_reported),
		with_bench(nothing_happens_without_a_change),
		with_bench(other_names_in_the_folder_are_not_reported),
		with_bench(reading_it_is_not_reported),
		with_bench(a_rename_over_it_is_reported),
		with_bench(unlinking_and_creating_again_is_reported),
		with_bench(a_file_that_came_and_went_is_reported),
		with_bench(a_copy_is_reported_when_it_is_complete),
		with_bench(a_change_of_mode_is_reported),
		with_bench(a_switched_link_is_reported),
		with_bench(the_target_of_a_link_elsewhere_is_watched),
		with_bench(a_switched_link_on_the_way_is_reported),
		with_bench(links_in_a_circle_are_survived),
		with_bench(folders_that_are_made_late_are_followed),
		with_bench(a_tree_that_appears_at_once_is_seen),
		with_bench(a_tree_that_is_removed_and_made_again_is_followed),
		with_bench(a_folder_that_is_moved_is_reported),
		with_bench(a_file_where_a_folder_should_be_is_no_obstacle),
		with_bench(dots_in_a_path_are_understood),
		with_bench(paths_in_one_folder_are_told_apart),
		with_bench(a_tag_of_many_paths_is_reported_once),
		with_bench(every_tag_of_a_path_is_reported),
		with_bench(what_is_removed_is_not_reported_any_more),
		with_bench(after_an_overflow_every_tag_is_reported),
		with_bench(a_path_that_is_none_is_refused),
		with_bench(no_change_is_missed_however_fast_they_come),
		with_bench(links_in_another_root_stay_inside),
		with_bench(a_root_that_is_gone_is_survived),
		cmocka_unit_test_setup_teardown(exhausted_limits_are_named, scratch__set_up,
						scratch__tear_down),
		cmocka_unit_test(the_signals_are_given_back),
		with_bench(a_mount_on_the_way_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
