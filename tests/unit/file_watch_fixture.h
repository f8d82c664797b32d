/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file_watch, a directory, and all that was reported. What must come is waited for on the
 * descriptor; that something does not come is shown by something later that does. All of these fail
 * the case themselves. Include cmocka.h first.
 */
#ifndef TACHO_TESTS_FILE_WATCH_FIXTURE_H
#define TACHO_TESTS_FILE_WATCH_FIXTURE_H

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>

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
	size_t read; /* of them, by next_seen */
	uint64_t release_at_once;
	uint64_t remove_at_once;
};

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
{
	struct bench *b = *state;

	file_watch__free(b->watch);
	scratch__remove(&b->scratch);
	free(b);
	return 0;
}

static inline void see(void *ctx, enum file_watch_kind kind, uint64_t tag)
{
	struct bench *b = ctx;

	assert_true(b->cnt < SEEN_MAX);
	b->seen[b->cnt++] = (struct seen) { kind, tag };
	if (kind == FILE_WATCH_WRITING && tag == b->release_at_once)
		file_watch__release(b->watch, tag);
	if (b->remove_at_once)
		file_watch__remove(b->watch, b->remove_at_once);
}

static inline void dispatch(struct bench *b)
{
	struct fault why = {};

	if (file_watch__dispatch(b->watch, see, b, &why))
		fail_msg("%s", why.text);
}

static inline bool readable(int fd, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, timeout_ms) == 1;
}

static inline bool next_seen(struct bench *b, struct seen *ret_seen)
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
static inline void expect(struct bench *b, enum file_watch_kind kind, uint64_t tag)
{
	struct seen seen;

	if (!next_seen(b, &seen))
		fail_msg("no report %d of %d came", kind, (int)tag);
	assert_int_equal(seen.kind, kind);
	assert_int_equal(seen.tag, tag);
}

/* One of the next reports is this one, and none before it is of another kind or tag. */
static inline void expect_some(struct bench *b, enum file_watch_kind kind, uint64_t tag)
{
	expect(b, kind, tag);
	while (b->read < b->cnt && b->seen[b->read].kind == kind && b->seen[b->read].tag == tag)
		b->read++;
}

static inline void watch_path(struct bench *b, const char *path, uint64_t tag)
{
	struct fault why = {};

	if (file_watch__add(b->watch, path, tag, &why))
		fail_msg("%s", why.text);
}

static inline void watch_name(struct bench *b, const char *name, uint64_t tag)
{
	watch_path(b, scratch__at(&b->scratch, name), tag);
}

static inline void put(struct bench *b, const char *name)
{
	scratch__write(&b->scratch, name, "text", 4);
}

static inline void make_folder(struct bench *b, const char *name)
{
	assert_return_code(mkdir(scratch__at(&b->scratch, name), 0755), errno);
}

static inline void move(struct bench *b, const char *from, const char *to)
{
	assert_return_code(rename(scratch__at(&b->scratch, from), scratch__at(&b->scratch, to)),
			   errno);
}

static inline void take_away(struct bench *b, const char *name)
{
	assert_return_code(remove(scratch__at(&b->scratch, name)), errno);
}

/* As `ln -sfn` does. */
static inline void switch_link(struct bench *b, const char *name, const char *target)
{
	assert_return_code(symlink(target, scratch__at(&b->scratch, "link.new")), errno);
	move(b, "link.new", name);
}

/* Nothing has been reported until now: the next thing to come is the one that is caused here. */
static inline void expect_nothing_until_now(struct bench *b)
{
	watch_name(b, "end", END);
	put(b, "end");
	expect_some(b, FILE_WATCH_CHANGED, END);
	take_away(b, "end");
	expect_some(b, FILE_WATCH_CHANGED, END);
	file_watch__remove(b->watch, END);
}

/* Makes more events in "busy", which is watched, than the queue of inotify holds. */
static inline void overflow(struct bench *b)
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

/* Mounts of the tests stay theirs, and end with them. The watch sees those of its beginning. */
static inline void leave_the_mount_namespace(struct bench *b)
{
	static bool alone;

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

#define with_bench(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
