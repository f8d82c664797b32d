/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Real files, and real writers in processes of their own. What must come is waited for on the
 * descriptor; that something does not come is shown by something later that does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
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

#include "follow/file_watch.h"
#include "scratch.h"

#define LIMIT_MS 20000 /* for failing only */
#define SEEN_MAX 65536

enum { TAG = 7, OTHER = 8, END = 99 };

struct seen {
	enum file_watch_kind kind;
	uint64_t tag;
};

/* One test's watch and all it has reported. */
struct bench {
	struct scratch scratch;
	struct file_watch *watch;
	struct seen seen[SEEN_MAX];
	size_t cnt;
	size_t read; /* of them, by wait_for */
	uint64_t release_at_once;
	uint64_t remove_at_once;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct fault why = {};

	assert_non_null(b);
	scratch__make(&b->scratch);
	if (file_watch__new(&b->watch, &why))
		fail_msg("%s", why.text);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	file_watch__free(b->watch);
	scratch__remove(&b->scratch);
	free(b);
	return 0;
}

static void see(void *ctx, enum file_watch_kind kind, uint64_t tag)
{
	struct bench *b = ctx;

	assert_true(b->cnt < SEEN_MAX);
	b->seen[b->cnt++] = (struct seen) { kind, tag };
	if (kind == FILE_WATCH_WRITING && tag == b->release_at_once)
		file_watch__release(b->watch, tag);
	if (b->remove_at_once)
		file_watch__remove(b->watch, b->remove_at_once);
}

static void dispatch(struct bench *b)
{
	struct fault why = {};

	if (file_watch__dispatch(b->watch, see, b, &why))
		fail_msg("%s", why.text);
}

static bool readable(int fd, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, timeout_ms) == 1;
}

static bool next_seen(struct bench *b, struct seen *ret_seen)
{
	while (b->read == b->cnt) {
		if (!readable(file_watch__fd(b->watch), LIMIT_MS))
			return false;
		dispatch(b);
	}
	*ret_seen = b->seen[b->read++];
	return true;
}

/* The next report is this one. */
static void expect(struct bench *b, enum file_watch_kind kind, uint64_t tag)
{
	struct seen seen;

	if (!next_seen(b, &seen))
		fail_msg("no report %d of %d came", kind, (int)tag);
	assert_int_equal(seen.kind, kind);
	assert_int_equal(seen.tag, tag);
}

/* One of the next reports is this one, and none before it is of another kind or tag. */
static void expect_some(struct bench *b, enum file_watch_kind kind, uint64_t tag)
{
	expect(b, kind, tag);
	while (b->read < b->cnt && b->seen[b->read].kind == kind && b->seen[b->read].tag == tag)
		b->read++;
}

static void watch_path(struct bench *b, const char *path, uint64_t tag)
{
	struct fault why = {};

	if (file_watch__add(b->watch, path, tag, &why))
		fail_msg("%s", why.text);
}

static void watch_name(struct bench *b, const char *name, uint64_t tag)
{
	watch_path(b, scratch__at(&b->scratch, name), tag);
}

static void put(struct bench *b, const char *name)
{
	scratch__write(&b->scratch, name, "text", 4);
}

static void make_folder(struct bench *b, const char *name)
{
	assert_return_code(mkdir(scratch__at(&b->scratch, name), 0755), errno);
}

static void move(struct bench *b, const char *from, const char *to)
{
	assert_return_code(rename(scratch__at(&b->scratch, from), scratch__at(&b->scratch, to)),
			   errno);
}

static void take_away(struct bench *b, const char *name)
{
	assert_return_code(remove(scratch__at(&b->scratch, name)), errno);
}

/* As `ln -sfn` does. */
static void switch_link(struct bench *b, const char *name, const char *target)
{
	assert_return_code(symlink(target, scratch__at(&b->scratch, "link.new")), errno);
	move(b, "link.new", name);
}

/* Nothing has been reported until now: the next thing to come is the one that is caused here. */
static void expect_nothing_until_now(struct bench *b)
{
	watch_name(b, "end", END);
	put(b, "end");
	expect_some(b, FILE_WATCH_CHANGED, END);
	take_away(b, "end");
	expect_some(b, FILE_WATCH_CHANGED, END);
	file_watch__remove(b->watch, END);
}

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

/* Makes more events in "busy", which is watched, than the queue of inotify holds. */
static void overflow(struct bench *b)
{
	FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	long events;

	assert_non_null(limit);
	assert_int_equal(fscanf(limit, "%ld", &events), 1);
	fclose(limit);
	if (events > 100000) {
		print_message("skipped: the queue of inotify is too long to be filled\n");
		skip();
	}
	make_folder(b, "busy");
	watch_name(b, "busy/lib.so", OTHER);
	for (long i = 0; i < events; i += 2) {
		put(b, "busy/other");
		take_away(b, "busy/other");
	}
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

static bool alone;

/* Mounts of the tests stay theirs, and end with them. The watch sees those of its beginning. */
static void leave_the_mount_namespace(struct bench *b)
{
	alone = alone ||
		(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	if (!alone) {
		print_message("skipped: no mount namespace of its own: %s\n", strerror(errno));
		skip();
	}
	file_watch__free(b->watch);
	b->watch = NULL;
	assert_int_equal(file_watch__new(&b->watch, NULL), 0);
}

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

	fd = flags == TRUNCATE ? truncate(path, 1) : open(path, flags);
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
		struct seen seen;

		assert_true(next_seen(b, &seen));
		assert_int_equal(seen.kind, FILE_WATCH_WRITING);
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

#define with_bench(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
		with_bench(a_mount_on_the_way_is_reported),
		with_bench(tmpfs_has_leases),
		with_bench(overlayfs_has_leases),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
