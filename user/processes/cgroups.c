/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup_text.h"
#include "slurp.h"

/* What a file handle of a cgroup holds: its id (include/linux/exportfs.h, since 33c5ac917519). */
#define FILEID_KERNFS 0xfe

/* Ids lie in sets by their number; in a set, the one that was not used for longest makes room. */
#define WAY_CNT 8
#define SET_CNT (CGROUPS_REMEMBERED / WAY_CNT)

struct known_cgroup {
	uint64_t id;
	uint64_t used; /* when, by cgroups.clock; 0: nothing is here */
	char *path;
};

struct cgroups {
	int root_fd;
	struct slurp text;
	int mount_fd;	  /* -1: version 2 is not mounted */
	char *mount_root; /* the cgroup that is seen there; "" for the root */
	char *mount_point;
	uint64_t clock;
	struct known_cgroup known[SET_CNT][WAY_CNT];
};

/* --- where version 2 is mounted ----------------------------------------------------------------
 */

/* The path of an open file, as this process sees it. */
static int path_of_fd(int fd, char path[PATH_MAX])
{
	char link[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	ssize_t sz;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	sz = readlink(link, path, PATH_MAX);
	if (sz < 0)
		return -errno;
	if (sz == PATH_MAX)
		return -ENAMETOOLONG;
	path[sz] = '\0';
	return 0;
}

/* What is mounted there may be hidden below another mount. */
static int open_mount(const struct cgroups *cgroups, const struct cgroup_mount *mount)
{
	const char *point = mount->point + strspn(mount->point, "/");
	int fd = openat(cgroups->root_fd, *point ? point : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs st;

	if (fd >= 0 && (fstatfs(fd, &st) || st.f_type != CGROUP2_SUPER_MAGIC)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static char *without_slash(const char *path)
{
	return strdup(strcmp(path, "/") ? path : "");
}

static int use_mount(struct cgroups *cgroups, const struct cgroup_mount *mount)
{
	char point[PATH_MAX];
	int fd = open_mount(cgroups, mount);
	int err;

	if (fd < 0)
		return 0;
	err = path_of_fd(fd, point);
	if (err) {
		close(fd);
		return 0;
	}
	if (cgroups->mount_fd >= 0)
		close(cgroups->mount_fd);
	free(cgroups->mount_root);
	free(cgroups->mount_point);
	cgroups->mount_fd = fd;
	cgroups->mount_root = without_slash(mount->root);
	cgroups->mount_point = without_slash(point);
	return cgroups->mount_root && cgroups->mount_point ? 0 : -ENOMEM;
}

/* The first one that shows everything; or else the first one. */
static int find_mount(struct cgroups *cgroups)
{
	struct cgroup_mount mount;
	const char *line;
	int err;

	err = slurp__read_at(&cgroups->text, cgroups->root_fd, "proc/self/mountinfo");
	if (err)
		return err == -ENOMEM ? err : 0;
	for (line = cgroups->text.data; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!cgroup_text__take_mount(line, &mount))
			continue;
		if (cgroups->mount_fd < 0 || (*cgroups->mount_root && !strcmp(mount.root, "/")))
			err = use_mount(cgroups, &mount);
		if (err)
			return err;
	}
	return 0;
}

int cgroups__new(const char *root, struct cgroups **ret_cgroups, struct fault *why)
{
	struct cgroups *cgroups = calloc(1, sizeof(*cgroups));
	int err;

	if (!cgroups)
		return fault__set(why, -ENOMEM, "no memory");
	cgroups->mount_fd = -1;
	cgroups->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cgroups->root_fd < 0)
		err = fault__set(why, -errno, "%s: %s", root, strerror(errno));
	else
		err = find_mount(cgroups);
	if (err == -ENOMEM)
		fault__set(why, err, "no memory");
	if (err)
		cgroups__free(cgroups);
	else
		*ret_cgroups = cgroups;
	return err;
}

void cgroups__free(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	for (size_t set = 0; set < SET_CNT; set++) {
		for (size_t way = 0; way < WAY_CNT; way++)
			free(cgroups->known[set][way].path);
	}
	if (cgroups->mount_fd >= 0)
		close(cgroups->mount_fd);
	if (cgroups->root_fd >= 0)
		close(cgroups->root_fd);
	free(cgroups->mount_root);
	free(cgroups->mount_point);
	slurp__free(&cgroups->text);
	free(cgroups);
}

/* --- by process --------------------------------------------------------------------------------
 */

/* What the path ends with is part of the name if there is a cgroup of exactly this name, below what
 * is mounted. */
static bool cut_deleted(const struct cgroups *cgroups, char *path)
{
	struct stat st;

	return fstatat(cgroups->mount_fd, path + strspn(path, "/"), &st, AT_SYMLINK_NOFOLLOW) &&
	       cgroup_text__cut_deleted(path);
}

int cgroups__of_process(struct cgroups *cgroups, pid_t pid, char *path, size_t sz)
{
	char name[sizeof("proc//cgroup") + 3 * sizeof(pid)];
	char found[CGROUP_PATH_SZ + sizeof(" (deleted)")];
	int err, version;
	bool deleted;

	snprintf(name, sizeof(name), "proc/%d/cgroup", (int)pid);
	err = slurp__read_at(&cgroups->text, cgroups->root_fd, name);
	if (err)
		return err == -ENOENT ? -ESRCH : err;
	version = cgroup_text__choose(cgroups->text.data, found, sizeof(found));
	if (version < 0)
		return version;
	deleted = version == 2 && cut_deleted(cgroups, found);
	if (strlen(found) >= sz)
		return -ENAMETOOLONG;
	strcpy(path, found);
	return deleted;
}

/* --- by id -------------------------------------------------------------------------------------
 */

struct id_handle {
	struct file_handle head;
	uint64_t id;
};

_Static_assert(offsetof(struct id_handle, id) == offsetof(struct file_handle, f_handle),
	       "the id is what the handle holds");

static int path_below_mount(const struct cgroups *cgroups, int fd, char found[2 * PATH_MAX])
{
	size_t prefix_sz = strlen(cgroups->mount_point);
	char path[PATH_MAX];
	char *below = path + prefix_sz;
	int err = path_of_fd(fd, path);

	if (err)
		return err;
	if (strncmp(path, cgroups->mount_point, prefix_sz) || (*below && *below != '/'))
		return -ENOENT;	     /* not below: its path is "/" */
	cut_deleted(cgroups, below); /* while we look */
	snprintf(found, 2 * PATH_MAX, "%s%s", cgroups->mount_root, below);
	if (!*found)
		strcpy(found, "/");
	return 0;
}

static int look_up(const struct cgroups *cgroups, uint64_t id, char found[2 * PATH_MAX])
{
	struct id_handle handle = {
		.head = { .handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS },
		.id = id,
	};
	int fd, err;

	if (cgroups->mount_fd < 0)
		return -ENODEV;
	/* files in cgroups have ids as well */
	fd = open_by_handle_at(cgroups->mount_fd, &handle.head, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ESTALE || errno == ENOTDIR ? -ENOENT : -errno;
	err = path_below_mount(cgroups, fd, found);
	close(fd);
	return err;
}

static struct known_cgroup *set_of(struct cgroups *cgroups, uint64_t id)
{
	return cgroups->known[(id ^ id >> 32) % SET_CNT];
}

static struct known_cgroup *recall(struct cgroups *cgroups, uint64_t id)
{
	struct known_cgroup *set = set_of(cgroups, id);

	for (size_t way = 0; way < WAY_CNT; way++) {
		if (set[way].used && set[way].id == id)
			return &set[way];
	}
	return NULL;
}

/* Without memory it is looked up again the next time. */
static void remember(struct cgroups *cgroups, uint64_t id, const char *path)
{
	struct known_cgroup *set = set_of(cgroups, id);
	struct known_cgroup *oldest = set;
	char *copy = strdup(path);

	if (!copy)
		return;
	for (size_t way = 1; way < WAY_CNT; way++) {
		if (set[way].used < oldest->used)
			oldest = &set[way];
	}
	free(oldest->path);
	*oldest = (struct known_cgroup) { .id = id, .used = ++cgroups->clock, .path = copy };
}

int cgroups__by_id(struct cgroups *cgroups, uint64_t id, char *path, size_t sz)
{
	struct known_cgroup *known = recall(cgroups, id);
	char found[2 * PATH_MAX];
	const char *is = found;
	int err;

	if (known) {
		known->used = ++cgroups->clock;
		is = known->path;
	} else {
		err = look_up(cgroups, id, found);
		if (err)
			return err;
		remember(cgroups, id, found);
	}
	if (strlen(is) >= sz)
		return -ENAMETOOLONG;
	strcpy(path, is);
	return 0;
}
