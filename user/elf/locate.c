/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "locate.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suggest.h"
#include "ld_cache.h"

#define CACHE_PATH "/etc/ld.so.cache"
#define CACHE_MAX_SZ (64 << 20)

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#define MULTIARCH "aarch64-linux-gnu"
#else
#error "locate.c: name this machine's ELF number and Debian folder"
#endif

/* ld.so's own default folders come last; Debian's multiarch ones are built into its ld.so. */
static const char *const default_folders[] = {
	"/lib/" MULTIARCH, "/usr/lib/" MULTIARCH, "/lib64", "/usr/lib64", "/lib", "/usr/lib",
};

static bool is_own_library(const char *path)
{
	struct stat st;
	Elf64_Ehdr ehdr;
	bool own;
	int fd;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	own = read(fd, &ehdr, sizeof(ehdr)) == sizeof(ehdr) &&
	      memcmp(ehdr.e_ident, ELFMAG, SELFMAG) == 0 && ehdr.e_ident[EI_CLASS] == ELFCLASS64 &&
	      ehdr.e_machine == OWN_MACHINE;
	close(fd);
	return own;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* "folder/name", malloced. An empty folder in a search path means the current one. */
static char *join(const char *folder, size_t folder_len, const char *name)
{
	size_t sz = folder_len + strlen(name) + sizeof("./");
	char *path = malloc(sz);

	if (path && folder_len == 0)
		snprintf(path, sz, "./%s", name);
	else if (path)
		snprintf(path, sz, "%.*s%s%s", (int)folder_len, folder,
			 folder[folder_len - 1] == '/' ? "" : "/", name);
	return path;
}

static int make_absolute(const char *text, char **ret_path)
{
	char *folder, *path;

	while (text[0] == '.' && text[1] == '/') {
		text += 2;
		text += strspn(text, "/");
	}
	if (*text == '/') {
		path = strdup(text);
	} else {
		folder = getcwd(NULL, 0);
		if (!folder)
			return -errno;
		path = join(folder, strlen(folder), text);
		free(folder);
	}
	if (!path)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

/* The first of the folders (separated as in PATH) that has a fitting file of this name; *ret_path
 * stays NULL when none has. */
static int search_folders(const char *folders, const char *separators, const char *name,
			  bool (*fits)(const char *path), char **ret_path)
{
	for (;;) {
		size_t len = strcspn(folders, separators);
		char *path = len <= PATH_MAX ? join(folders, len, name) : NULL;
		int err;

		if (!path && len <= PATH_MAX)
			return -ENOMEM;
		if (path && fits(path)) {
			err = make_absolute(path, ret_path);
			free(path);
			return err;
		}
		free(path);
		if (!folders[len])
			return 0;
		folders += len + 1;
	}
}

/* The levels of the x86-64 psABI that this processor reaches; ld.so prefers the highest that a
 * library was also built for (glibc-hwcaps folders). */
static int level_of_processor(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt"))
		return 1;
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
	    !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma"))
		return 2;
	if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
	    !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq") ||
	    !__builtin_cpu_supports("avx512vl"))
		return 3;
	return 4;
#else
	return 1;
#endif
}

/* 1 for a library for every processor, 2 to 4 for one of a level, 0 for one of an unknown kind. */
static int level_of_library(const struct ld_cache_entry *entry)
{
	static const char marker[] = "/glibc-hwcaps/x86-64-v";
	const char *found = strstr(entry->path, marker);

	if (entry->hwcap == 0)
		return 1;
	if (!found)
		return 0;
	found += sizeof(marker) - 1;
	return *found >= '2' && *found <= '4' && found[1] == '/' ? *found - '0' : 0;
}

struct cache_search {
	const char *soname;
	int level_max;
	int level; /* of path; 0 when there is none yet */
	const char *path;
	struct suggestions closest;
};

static int consider(void *ctx, const struct ld_cache_entry *entry)
{
	struct cache_search *search = ctx;
	int level;

	suggestions__offer(&search->closest, entry->soname);
	if (strcmp(entry->soname, search->soname) != 0)
		return 0;
	level = level_of_library(entry);
	if (level > search->level && level <= search->level_max && is_own_library(entry->path)) {
		search->level = level;
		search->path = entry->path;
	}
	return 0;
}

/* The whole file in memory (malloced), or NULL: a missing cache is nothing to complain about. */
static char *read_cache(size_t *ret_sz)
{
	char *bytes = NULL;
	struct stat st;
	ssize_t sz;
	int fd;

	fd = open(CACHE_PATH, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= CACHE_MAX_SZ)
		bytes = malloc((size_t)st.st_size);
	sz = bytes ? read(fd, bytes, (size_t)st.st_size) : -1;
	close(fd);
	if (sz <= 0) {
		free(bytes);
		return NULL;
	}
	*ret_sz = (size_t)sz;
	return bytes;
}

static int refuse_library(const char *soname, const struct suggestions *closest, bool in_path,
			  struct fault *why)
{
	char names[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < closest->cnt && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 closest->names[i]);
	return fault__set(why, -ENOENT,
			  "%s: not found; searched %s%s" CACHE_PATH
			  ", /lib and /usr/lib with their " MULTIARCH " folders (%s%s)",
			  soname, in_path ? "PATH, " : "",
			  getenv("LD_LIBRARY_PATH") ? "LD_LIBRARY_PATH, " : "",
			  used ? "closest: " : "give its path", names);
}

static int search_default_folders(const char *soname, char **ret_path)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(default_folders) / sizeof(default_folders[0]); i++) {
		err = search_folders(default_folders[i], "", soname, is_own_library, ret_path);
		if (err || *ret_path)
			break;
	}
	return err;
}

/* As ld.so(8) does for a program without a search path of its own. */
static int locate_library(const char *soname, bool in_path, char **ret_path, struct fault *why)
{
	struct cache_search search = {
		.soname = soname,
		.level_max = level_of_processor(),
		.closest.word = soname,
	};
	const char *folders = getenv("LD_LIBRARY_PATH");
	char *cache = NULL, *path = NULL;
	size_t sz;
	int err = 0;

	if (folders && *folders)
		err = search_folders(folders, ":;", soname, is_own_library, &path);
	if (!err && !path) {
		cache = read_cache(&sz);
		if (cache)
			ld_cache__each(cache, sz, consider, &search);
		path = search.path ? strdup(search.path) : NULL;
		err = search.path && !path ? -ENOMEM : 0;
	}
	if (!err && !path)
		err = search_default_folders(soname, &path);
	if (err)
		fault__set(why, err, "%s: %s", soname, strerror(-err));
	else if (!path)
		err = refuse_library(soname, &search.closest, in_path, why);
	else
		*ret_path = path;
	free(cache);
	return err;
}

int locate_binary(const char *text, char **ret_path, struct fault *why)
{
	const char *folders;
	char *path = NULL;
	int err;

	if (!*text)
		return fault__set(why, -EINVAL, "the name of the program or library is empty");
	if (strchr(text, '/')) {
		err = make_absolute(text, ret_path);
		return err ? fault__set(why, err, "%s: %s", text, strerror(-err)) : 0;
	}
	if (strstr(text, ".so"))
		return locate_library(text, false, ret_path, why);
	folders = getenv("PATH");
	err = search_folders(folders ? folders : "/usr/local/bin:/usr/bin:/bin", ":", text,
			     is_program, &path);
	if (err)
		return fault__set(why, err, "%s: %s", text, strerror(-err));
	if (!path)
		return locate_library(text, true, ret_path, why);
	*ret_path = path;
	return 0;
}
