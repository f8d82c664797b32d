/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "in_use.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc_maps.h"

/* --- processes ----------------------------------------------------------------------------- */

/* Calls each for every name that is a number, until it returns non-zero. */
static int each_number(const char *folder, int (*each)(void *ctx, pid_t number), void *ctx)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int ret = 0;
	char *end;
	long number;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		number = strtol(entry->d_name, &end, 10);
		if (*end || number <= 0)
			continue;
		ret = each(ctx, (pid_t)number);
	}
	closedir(dir);
	return ret;
}

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ESRCH;
}

/* --- files in use -------------------------------------------------------------------------- */

struct file_search {
	dev_t dev;
	ino_t ino;
	pid_t pid; /* whose mappings are looked at */
	bool refused;
};

enum { NOT_FOUND = 0, FOUND = 1 };

/*
 * The number fits and the device does not: inode numbers repeat between file systems, but maps may
 * also show another device than stat(2) does. The mapping itself knows. Who may not ask it
 * (CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE) has to assume the worst.
 */
static bool is_the_file(const struct file_search *search, const struct proc_mapping *mapping)
{
	struct stat st;
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)search->pid,
		 mapping->start, mapping->end);
	if (stat(path, &st))
		return !is_gone(-errno);
	return st.st_dev == search->dev && st.st_ino == search->ino;
}

static int judge_mapping(void *ctx, const struct proc_mapping *mapping)
{
	const struct file_search *search = ctx;

	if (mapping->ino != search->ino)
		return NOT_FOUND;
	return mapping->dev == search->dev || is_the_file(search, mapping) ? FOUND : NOT_FOUND;
}

/* Threads are found below /proc by their number, too, though they are not listed there. FOUND,
 * NOT_FOUND, -ESRCH when it has no memory of its own, or another negative errno. */
static int search_thread(struct file_search *search, pid_t tid)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = fd < 0 ? -errno : 0;
	search->pid = tid;
	if (!ret) {
		ret = proc_maps__each(fd, judge_mapping, search);
		close(fd);
	}
	if (ret == -EACCES || ret == -EPERM) {
		search->refused = true;
		return NOT_FOUND;
	}
	return ret;
}

static int search_other_thread(void *ctx, pid_t tid)
{
	int ret = search_thread(ctx, tid);

	return is_gone(ret) ? NOT_FOUND : ret;
}

static int search_process(void *ctx, pid_t pid)
{
	struct file_search *search = ctx;
	char tasks[32];
	int ret;

	if (pid == getpid())
		return NOT_FOUND;
	ret = search_thread(search, pid);
	if (ret != -ESRCH)
		return is_gone(ret) ? NOT_FOUND : ret;
	/* A kernel thread, or a process that lives on in other threads than its first. */
	snprintf(tasks, sizeof(tasks), "/proc/%d/task", (int)pid);
	ret = each_number(tasks, search_other_thread, search);
	return is_gone(ret) ? NOT_FOUND : ret;
}

int file_in_use(dev_t dev, ino_t ino, bool *ret_in_use)
{
	struct file_search search = { .dev = dev, .ino = ino };
	int ret = each_number("/proc", search_process, &search);

	if (ret < 0)
		return ret;
	*ret_in_use = ret == FOUND;
	return ret == NOT_FOUND && search.refused;
}

/* --- views of the file tree ------------------------------------------------------------------ */

struct view_search {
	int (*each)(void *ctx, pid_t pid, const struct view_id *view);
	void *ctx;
	struct view_id *known; /* the first one is ours */
	size_t known_cnt;
};

int view_id__of(pid_t pid, struct view_id *ret_view)
{
	struct stat namespace, root;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	if (stat(path, &namespace))
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	if (stat(path, &root))
		return -errno;
	*ret_view = (struct view_id) { namespace.st_ino, root.st_dev, root.st_ino };
	return 0;
}

bool view_id__same(const struct view_id *a, const struct view_id *b)
{
	return a->mount_namespace == b->mount_namespace && a->root_dev == b->root_dev &&
	       a->root_ino == b->root_ino;
}

static bool is_known(const struct view_search *search, const struct view_id *view)
{
	for (size_t i = 0; i < search->known_cnt; i++) {
		if (view_id__same(&search->known[i], view))
			return true;
	}
	return false;
}

static int remember(struct view_search *search, const struct view_id *view)
{
	struct view_id *grown = reallocarray(search->known, search->known_cnt + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	search->known = grown;
	grown[search->known_cnt++] = *view;
	return 0;
}

/* Kernel threads have namespaces too (one that sees devtmpfs alone), and run no files. */
static bool runs_a_file(pid_t pid)
{
	char path[64], target[1];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return readlink(path, target, sizeof(target)) > 0;
}

static int look_at_view(void *ctx, pid_t pid)
{
	struct view_search *search = ctx;
	struct view_id view;
	int err;

	if (view_id__of(pid, &view) || is_known(search, &view) || !runs_a_file(pid))
		return 0;
	err = remember(search, &view);
	return err ? err : search->each(search->ctx, pid, &view);
}

int in_use__each_view(int (*each)(void *ctx, pid_t pid, const struct view_id *view), void *ctx)
{
	struct view_search search = { .each = each, .ctx = ctx };
	struct view_id own;
	int ret;

	ret = view_id__of(getpid(), &own);
	if (!ret)
		ret = remember(&search, &own);
	if (!ret)
		ret = each_number("/proc", look_at_view, &search);
	free(search.known);
	return ret;
}
