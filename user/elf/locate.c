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
#include "root_view.h"

#define CACHE_PATH "/etc/ld.so.cache"
/* The cache of another root may be there to keep us busy; 5000 libraries make 0.6 MB. */
#define CACHE_MAX_SZ (4 << 20)
#define CACHED_MAX 64

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
/* musl has no cache, and one folder more. */
#define MUSL_FOLDER "/usr/local/lib"

/* Where names are searched. */
struct view {
	struct root_view files;
	const char *programs;  /* as PATH */
	const char *libraries; /* as LD_LIBRARY_PATH; may be NULL */
};

/* root may be NULL. Neither PATH nor LD_LIBRARY_PATH of ours means anything in another root. */
static int view__open(struct view *view, const char *root, struct fault *why)
{
	const char *path = getenv("PATH");

	*view = (struct view) {
		.programs = path ? path : "/usr/local/bin:/usr/bin:/bin",
		.libraries = getenv("LD_LIBRARY_PATH"),
	};
	if (root) {
		view->programs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
		view->libraries = NULL;
	}
	return root_view__open(&view->files, root, why);
}

static bool is_own_library(const struct root_view *files, const char *path)
{
	int fd = root_view__open_file(files, path);
	Elf64_Ehdr ehdr;
	bool own;

	if (fd < 0)
		return false;
	own = read(fd, &ehdr, sizeof(ehdr)) == sizeof(ehdr) &&
	      memcmp(ehdr.e_ident, ELFMAG, SELFMAG) == 0 && ehdr.e_ident[EI_CLASS] == ELFCLASS64 &&
	      ehdr.e_machine == OWN_MACHINE;
	close(fd);
	return own;
}

static bool is_program(const struct root_view *files, const char *path)
{
	int fd = root_view__find(files, path);
	struct stat st;
	bool is;

	if (fd < 0)
		return false;
	is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
	close(fd);
	/* Whether its own processes may run it is their business. */
	return is && (files->root || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0);
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

enum candidate_kind { CANDIDATE_PATH, CANDIDATE_PROGRAM, CANDIDATE_LIBRARY, CANDIDATE_CACHE };

struct candidate {
	enum candidate_kind kind;
	int level; /* of libraries in the cache */
	char *path;
};

/* Where a text is searched, best first. */
struct search {
	const struct view *view;
	const char *text;
	struct candidate *items;
	size_t cnt;
	size_t cached; /* where those of the cache begin */
	int level_max;
	bool for_program;
	char *cache; /* its bytes; what is closest points into them */
	struct suggestions closest;
	int err;
};

/* Takes the path over. */
static void search__add(struct search *search, enum candidate_kind kind, int level, char *path)
{
	struct candidate *grown = reallocarray(search->items, search->cnt + 1, sizeof(*grown));
	size_t at = search->cnt;

	if (grown)
		search->items = grown;
	if (!grown || !path) {
		free(path);
		search->err = -ENOMEM;
		return;
	}
	/* ld.so prefers the highest level, and the first of equals. */
	while (level && at > search->cached && grown[at - 1].level < level)
		at--;
	memmove(grown + at + 1, grown + at, (search->cnt - at) * sizeof(*grown));
	grown[at] = (struct candidate) { kind, level, path };
	search->cnt++;
}

/* The name in each of the folders, which are separated as in PATH. */
static void search__add_folders(struct search *search, enum candidate_kind kind,
				const char *folders, const char *separators)
{
	for (;;) {
		size_t len = strcspn(folders, separators);
		char *path = NULL;
		int err = 0;

		if (len <= PATH_MAX) {
			char *joined = join(folders, len, search->text);

			err = joined ? make_absolute(joined, &path) : -ENOMEM;
			free(joined);
		}
		if (err == -ENOMEM)
			search->err = err;
		else if (path)
			search__add(search, kind, 0, path);
		if (!folders[len] || search->err)
			return;
		folders += len + 1;
	}
}

static int consider(void *ctx, const struct ld_cache_entry *entry)
{
	struct search *search = ctx;
	int level;

	suggestions__offer(&search->closest, entry->soname);
	if (strcmp(entry->soname, search->text) != 0)
		return 0;
	level = level_of_library(entry);
	if (level && level <= search->level_max && search->cnt - search->cached < CACHED_MAX)
		search__add(search, CANDIDATE_LIBRARY, level, strdup(entry->path));
	return search->err;
}

/* The whole file in memory (malloced), or NULL: a missing cache is nothing to complain about. */
static char *read_cache(const struct view *view, size_t *ret_sz)
{
	int fd = root_view__open_file(&view->files, CACHE_PATH);
	char *bytes = NULL;
	struct stat st;
	ssize_t sz;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= CACHE_MAX_SZ)
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

/* As ld.so(8) does for a program without a search path of its own. */
static void search__add_libraries(struct search *search)
{
	const struct view *view = search->view;
	size_t sz = 0;

	if (view->libraries && *view->libraries)
		search__add_folders(search, CANDIDATE_LIBRARY, view->libraries, ":;");
	search__add(search, CANDIDATE_CACHE, 0, strdup(CACHE_PATH));
	search->cached = search->cnt;
	search->cache = read_cache(view, &sz);
	if (search->cache)
		ld_cache__each(search->cache, sz, consider, search);
	for (size_t i = 0; i < sizeof(default_folders) / sizeof(default_folders[0]); i++)
		search__add_folders(search, CANDIDATE_LIBRARY, default_folders[i], "");
	if (view->files.root && !search->cache)
		search__add_folders(search, CANDIDATE_LIBRARY, MUSL_FOLDER, "");
}

static void search__close(struct search *search)
{
	for (size_t i = 0; i < search->cnt; i++)
		free(search->items[i].path);
	free(search->items);
	free(search->cache);
}

static int search__open(struct search *search, const struct view *view, const char *text,
			struct fault *why)
{
	char *path = NULL;

	*search = (struct search) {
		.view = view,
		.text = text,
		.level_max = level_of_processor(),
		.closest.word = text,
	};
	if (!*text)
		return fault__set(why, -EINVAL, "the name of the program or library is empty");
	if (strchr(text, '/')) {
		if (view->files.root && *text != '/')
			return fault__set(why, -EINVAL, "%s: not an absolute path", text);
		search->err = make_absolute(text, &path);
		if (!search->err)
			search__add(search, CANDIDATE_PATH, 0, path);
	} else {
		search->for_program = !strstr(text, ".so");
		if (search->for_program)
			search__add_folders(search, CANDIDATE_PROGRAM, view->programs, ":");
		search__add_libraries(search);
	}
	if (!search->err)
		return 0;
	search__close(search);
	return fault__set(why, search->err, "%s: %s", text, strerror(-search->err));
}

static const char *search__first(const struct search *search)
{
	for (size_t i = 0; i < search->cnt; i++) {
		const struct candidate *candidate = &search->items[i];

		if (candidate->kind == CANDIDATE_PATH ||
		    (candidate->kind == CANDIDATE_PROGRAM &&
		     is_program(&search->view->files, candidate->path)) ||
		    (candidate->kind == CANDIDATE_LIBRARY &&
		     is_own_library(&search->view->files, candidate->path)))
			return candidate->path;
	}
	return NULL;
}

static int search__refuse(const struct search *search, struct fault *why)
{
	const struct suggestions *closest = &search->closest;
	const char *root = search->view->files.root;
	char names[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < closest->cnt && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 closest->names[i]);
	return fault__set(why, -ENOENT,
			  "%s: not found%s%s; searched %s%s" CACHE_PATH
			  ", /lib and /usr/lib with their " MULTIARCH " folders (%s%s)",
			  search->text, root ? " in " : "", root ? root : "",
			  search->for_program ? "PATH, " : "",
			  search->view->libraries ? "LD_LIBRARY_PATH, " : "",
			  used ? "closest: " : "give its path", names);
}

static int find(const struct search *search, char **ret_path, struct fault *why)
{
	const char *found = search__first(search);
	char *path;

	if (!found)
		return search__refuse(search, why);
	path = strdup(found);
	if (!path)
		return fault__set(why, -ENOMEM, "%s: no memory", found);
	*ret_path = path;
	return 0;
}

int locate_binary(const char *text, char **ret_path, struct fault *why)
{
	struct search search;
	struct view view;
	int err;

	err = view__open(&view, NULL, why);
	if (!err)
		err = search__open(&search, &view, text, why);
	if (err)
		return err;
	err = find(&search, ret_path, why);
	search__close(&search);
	return err;
}

static int find_and_open(const struct search *search, char **ret_path, int *ret_fd,
			 struct fault *why)
{
	const struct root_view *files = &search->view->files;
	char *path = NULL;
	int fd, err;

	err = find(search, &path, why);
	if (err)
		return err;
	fd = root_view__open_file(files, path);
	if (fd < 0) {
		fault__set(why, fd, "%s in %s: %s", path, files->root,
			   fd == -EINVAL ? "not a regular file" : strerror(-fd));
		free(path);
		return fd;
	}
	*ret_path = path;
	*ret_fd = fd;
	return 0;
}

int locate_binary_in(const char *root, const char *text, char **ret_path, int *ret_fd,
		     struct fault *why)
{
	struct search search;
	struct view view;
	int err;

	err = view__open(&view, root, why);
	if (err)
		return err;
	err = search__open(&search, &view, text, why);
	if (!err) {
		err = find_and_open(&search, ret_path, ret_fd, why);
		search__close(&search);
	}
	root_view__close(&view.files);
	return err;
}

static bool has_path(char *const *paths, size_t cnt, const char *path)
{
	for (size_t i = 0; i < cnt; i++) {
		if (!strcmp(paths[i], path))
			return true;
	}
	return false;
}

static int list_paths(struct search *search, char ***ret_paths, size_t *ret_cnt)
{
	char **paths = calloc(search->cnt, sizeof(*paths));
	size_t cnt = 0;

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < search->cnt; i++) {
		if (has_path(paths, cnt, search->items[i].path))
			continue;
		paths[cnt++] = search->items[i].path;
		search->items[i].path = NULL;
	}
	*ret_paths = paths;
	*ret_cnt = cnt;
	return 0;
}

int locate_candidates_in(const char *root, const char *text, char ***ret_paths, size_t *ret_cnt,
			 struct fault *why)
{
	struct search search;
	struct view view;
	int err;

	err = view__open(&view, root, why);
	if (err)
		return err;
	err = search__open(&search, &view, text, why);
	if (!err) {
		if (list_paths(&search, ret_paths, ret_cnt))
			err = fault__set(why, -ENOMEM, "%s: no memory", text);
		search__close(&search);
	}
	root_view__close(&view.files);
	return err;
}

int locate_candidates(const char *text, char ***ret_paths, size_t *ret_cnt, struct fault *why)
{
	return locate_candidates_in(NULL, text, ret_paths, ret_cnt, why);
}

void locate_candidates__free(char **paths, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		free(paths[i]);
	free(paths);
}
