/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "elf/ld_cache.h"
#include "elf/locate.h"
#include "scratch.h"
#include "tiny_elf.h"

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#define OTHER_MACHINE EM_AARCH64
#define OWN_FLAGS 0x0303
#else
#define OWN_MACHINE EM_AARCH64
#define OTHER_MACHINE EM_X86_64
#define OWN_FLAGS 0x0a03
#endif

static void assert_located(const char *text, const char *want)
{
	struct fault why = {};
	char *path = NULL;

	if (locate_binary(text, &path, &why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(path, want);
	free(path);
}

static void assert_not_located(const char *text, int err, const char *part)
{
	struct fault why = {};
	char *path = NULL;

	assert_int_equal(locate_binary(text, &path, &why), err);
	assert_null(path);
	if (!strstr(why.text, part))
		fail_msg("\"%s\" does not say \"%s\"", why.text, part);
}

static void put_library(const char *folder, const char *name, uint16_t machine)
{
	static const uint8_t ret[] = { 0xc3 };
	const struct tiny_elf spec = { .machine = machine, .code = ret, .code_sz = 1 };
	struct tiny_file file;
	char path[256];
	int fd;

	tiny_elf__make(&spec, &file);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_return_code(fd, errno);
	assert_int_equal(write(fd, file.bytes, file.sz), file.sz);
	close(fd);
}

/* ---- paths and commands ---- */

static void a_path_is_made_absolute(void **state)
{
	char cwd[4096], want[4200];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_located("/usr/../bin/sh", "/usr/../bin/sh");
	snprintf(want, sizeof(want), "%s/build/x", cwd);
	assert_located("./build/x", want);
	assert_located(".//build/x", want);
	assert_located("build/x", want);
	assert_return_code(chdir("/"), errno);
	assert_located("bin/sh", "/bin/sh");
	assert_return_code(chdir(cwd), errno);
}

static void a_path_need_not_exist_yet(void **state)
{
	(void)state;
	assert_located("/no/such/thing.so", "/no/such/thing.so");
}

static void a_link_is_kept_as_it_is(void **state)
{
	char folder[] = "/tmp/tacho_locate_XXXXXX", link[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_return_code(symlink("/bin/sh", link), errno);
	assert_located(link, link);
	setenv("PATH", folder, 1);
	assert_located("link", link);
	unlink(link);
	rmdir(folder);
}

static void a_command_is_searched_in_path(void **state)
{
	char folder[] = "/tmp/tacho_locate_XXXXXX", path[64], search[128];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/command", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_return_code(fd, errno);
	close(fd);
	snprintf(search, sizeof(search), "/no/such/folder:/usr/lib:%s/", folder);
	setenv("PATH", search, 1);
	assert_not_located("command", -ENOENT, "searched PATH, ");
	assert_return_code(chmod(path, 0755), errno);
	assert_located("command", path);
	unsetenv("PATH");
	assert_located("env", "/usr/bin/env");
	unlink(path);
	rmdir(folder);
}

static void folders_are_no_commands(void **state)
{
	(void)state;
	setenv("PATH", "/usr", 1);
	assert_not_located("bin", -ENOENT, "not found");
}

static void an_empty_name_is_refused(void **state)
{
	(void)state;
	assert_not_located("", -EINVAL, "empty");
}

/* ---- libraries ---- */

static void the_c_library_is_found(void **state)
{
	struct fault why = {};
	char *path = NULL;

	(void)state;
	unsetenv("LD_LIBRARY_PATH");
	assert_int_equal(locate_binary("libc.so.6", &path, &why), 0);
	assert_int_equal(path[0], '/');
	assert_return_code(access(path, R_OK), errno);
	free(path);
}

static void a_near_library_is_suggested(void **state)
{
	(void)state;
	unsetenv("LD_LIBRARY_PATH");
	assert_not_located("libc.so.7", -ENOENT, "libc.so.6");
	assert_not_located("libc.so.7", -ENOENT, "/etc/ld.so.cache");
}

static void the_library_path_comes_first_and_skips_other_machines(void **state)
{
	char own[] = "/tmp/tacho_locate_XXXXXX", other[] = "/tmp/tacho_locate_XXXXXX";
	char path[64], other_path[64], search[256];

	(void)state;
	assert_non_null(mkdtemp(own));
	assert_non_null(mkdtemp(other));
	put_library(own, "libc.so.6", OWN_MACHINE);
	put_library(other, "libc.so.6", OTHER_MACHINE);
	snprintf(path, sizeof(path), "%s/libc.so.6", own);
	snprintf(other_path, sizeof(other_path), "%s/libc.so.6", other);
	snprintf(search, sizeof(search), "/none:%s;%s", other, own);
	setenv("LD_LIBRARY_PATH", search, 1);
	assert_located("libc.so.6", path);
	assert_not_located("libnone.so.1", -ENOENT, "LD_LIBRARY_PATH, ");
	unsetenv("LD_LIBRARY_PATH");
	unlink(path);
	unlink(other_path);
	rmdir(own);
	rmdir(other);
}

/* ---- the cache ---- */

struct cache {
	uint8_t bytes[1024];
	size_t sz;
};

struct new_entry {
	int32_t flags;
	uint32_t key, value, os_version;
	uint64_t hwcap;
};

static void put_new(struct cache *cache, const struct new_entry *entries, uint32_t cnt,
		    const char *strings, size_t strings_sz)
{
	uint8_t *at = cache->bytes + cache->sz;
	uint32_t sz = (uint32_t)strings_sz;

	memset(at, 0, 48);
	memcpy(at, "glibc-ld.so.cache1.1", 20);
	memcpy(at + 20, &cnt, 4);
	memcpy(at + 24, &sz, 4);
	memcpy(at + 48, entries, cnt * sizeof(*entries));
	memcpy(at + 48 + cnt * sizeof(*entries), strings, strings_sz);
	cache->sz += 48 + cnt * sizeof(*entries) + strings_sz;
}

/* Strings begin after the header and two entries. */
#define AT(offset) (48 + 2 * 24 + (offset))
static const char strings[] = "liba.so.1\0/lib/liba.so.1\0libb.so.1\0/lib/libb.so.1";
static const struct new_entry entries[] = {
	{ OWN_FLAGS, AT(0), AT(10), 0, 0 },
	{ OWN_FLAGS, AT(25), AT(35), 0, 2 },
};

struct seen {
	size_t cnt;
	struct ld_cache_entry last;
};

static int see(void *ctx, const struct ld_cache_entry *entry)
{
	struct seen *seen = ctx;

	seen->cnt++;
	seen->last = *entry;
	return 0;
}

static int stop(void *ctx, const struct ld_cache_entry *entry)
{
	(void)entry;
	(*(int *)ctx)++;
	return 5;
}

static void the_new_cache_is_read(void **state)
{
	struct cache cache = {};
	struct seen seen = {};
	int calls = 0;

	(void)state;
	put_new(&cache, entries, 2, strings, sizeof(strings));
	assert_int_equal(ld_cache__each(cache.bytes, cache.sz, see, &seen), 0);
	assert_int_equal(seen.cnt, 2);
	assert_string_equal(seen.last.soname, "libb.so.1");
	assert_string_equal(seen.last.path, "/lib/libb.so.1");
	assert_int_equal(seen.last.hwcap, 2);
	assert_int_equal(ld_cache__each(cache.bytes, cache.sz, stop, &calls), 5);
	assert_int_equal(calls, 1);
}

static void put_old(struct cache *cache, uint32_t cnt)
{
	memset(cache->bytes, 0, 16 + cnt * 12);
	memcpy(cache->bytes, "ld.so-1.7.0", 11);
	memcpy(cache->bytes + 12, &cnt, 4);
	cache->sz = 16 + cnt * 12;
}

static void the_new_cache_behind_an_old_one_is_read(void **state)
{
	struct cache cache = {};
	struct seen seen = {};

	(void)state;
	put_old(&cache, 3);
	cache.sz = (cache.sz + 7) & ~(size_t)7;
	put_new(&cache, entries, 2, strings, sizeof(strings));
	assert_int_equal(ld_cache__each(cache.bytes, cache.sz, see, &seen), 0);
	assert_int_equal(seen.cnt, 2);
	assert_string_equal(seen.last.path, "/lib/libb.so.1");
}

static void the_old_cache_alone_is_read(void **state)
{
	const int32_t entry[] = { OWN_FLAGS, 0, 10 };
	struct cache cache = {};
	struct seen seen = {};

	(void)state;
	put_old(&cache, 1);
	memcpy(cache.bytes + 16, entry, sizeof(entry));
	memcpy(cache.bytes + cache.sz, strings, sizeof(strings));
	cache.sz += sizeof(strings);
	assert_int_equal(ld_cache__each(cache.bytes, cache.sz, see, &seen), 0);
	assert_int_equal(seen.cnt, 1);
	assert_string_equal(seen.last.path, "/lib/liba.so.1");
}

static void libraries_of_other_machines_are_passed_over(void **state)
{
	struct new_entry other[2] = { entries[0], entries[1] };
	struct cache cache = {};
	struct seen seen = {};

	(void)state;
	other[0].flags = 0x0803;
	other[1].flags = 0x0003;
	put_new(&cache, other, 2, strings, sizeof(strings));
	assert_int_equal(ld_cache__each(cache.bytes, cache.sz, see, &seen), 0);
	assert_int_equal(seen.cnt, 0);
}

static void entries_that_point_outside_are_passed_over(void **state)
{
	struct new_entry bad[2] = { entries[0], entries[1] };
	struct cache cache = {};
	struct seen seen = {};

	(void)state;
	bad[0].key = 0x7fffffff;
	bad[1].value = UINT32_MAX;
	put_new(&cache, bad, 2, strings, sizeof(strings));
	assert_int_equal(ld_cache__each(cache.bytes, cache.sz, see, &seen), 0);
	assert_int_equal(seen.cnt, 0);
}

/* An exact copy on the heap, so that the sanitizer sees a read past its end. */
static void read_copy(const uint8_t *bytes, size_t sz)
{
	uint8_t *copy = malloc(sz ? sz : 1);
	struct seen seen = {};
	int err;

	assert_non_null(copy);
	memcpy(copy, bytes, sz);
	err = ld_cache__each(copy, sz, see, &seen);
	assert_true(err == 0 || err == -EBADMSG);
	free(copy);
}

static void a_spoiled_cache_is_survived(void **state)
{
	struct cache caches[2] = {};

	(void)state;
	put_new(&caches[0], entries, 2, strings, sizeof(strings));
	put_old(&caches[1], 3);
	caches[1].sz = (caches[1].sz + 7) & ~(size_t)7;
	put_new(&caches[1], entries, 2, strings, sizeof(strings));
	for (size_t c = 0; c < 2; c++) {
		for (size_t sz = 0; sz <= caches[c].sz; sz++)
			read_copy(caches[c].bytes, sz);
		for (size_t at = 0; at < caches[c].sz; at++) {
			uint8_t good = caches[c].bytes[at];

			for (int value = 0; value < 256; value += 15) {
				caches[c].bytes[at] = (uint8_t)value;
				read_copy(caches[c].bytes, caches[c].sz);
			}
			caches[c].bytes[at] = good;
		}
	}
}

static void what_is_no_cache_is_refused(void **state)
{
	struct cache cache = {};
	struct seen seen = {};

	(void)state;
	assert_int_equal(ld_cache__each("", 0, see, &seen), -EBADMSG);
	assert_int_equal(ld_cache__each("hello, world, this is no cache", 30, see, &seen),
			 -EBADMSG);
	put_new(&cache, entries, 2, strings, sizeof(strings));
	cache.bytes[28] = 3; /* big-endian */
	assert_int_equal(ld_cache__each(cache.bytes, cache.sz, see, &seen), -EBADMSG);
	assert_int_equal(seen.cnt, 0);
}

/* ---- another root ---- */

static const char *const folders_of_root[] = { "etc", "lib", "usr",  "usr/bin", "usr/local",
					       "opt", "dev", "proc", "opt/app", "usr/local/lib" };

static int set_up_root(void **state)
{
	scratch__set_up(state);
	for (size_t i = 0; i < sizeof(folders_of_root) / sizeof(folders_of_root[0]); i++)
		assert_return_code(mkdir(scratch__at(*state, folders_of_root[i]), 0755), errno);
	return 0;
}

static void put_cache(const struct scratch *scratch, const struct cache *cache)
{
	scratch__write(scratch, "etc/ld.so.cache", (const char *)cache->bytes, cache->sz);
}

static void put_link(const struct scratch *scratch, const char *target, const char *name)
{
	assert_return_code(symlink(target, scratch__at(scratch, name)), errno);
}

static void put_program(const struct scratch *scratch, const char *name)
{
	scratch__write(scratch, name, "inside", 6);
	assert_return_code(chmod(scratch__at(scratch, name), 0755), errno);
}

/* Is found under that name, and it is the file at real. */
static void assert_located_in(const struct scratch *root, const char *text, const char *want,
			      const char *real)
{
	struct stat found, expected;
	struct fault why = {};
	char *path = NULL;
	int fd = -1;

	if (locate_binary_in(root->path, text, &path, &fd, &why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(path, want);
	assert_return_code(fstat(fd, &found), errno);
	assert_return_code(stat(scratch__at(root, real), &expected), errno);
	assert_int_equal(found.st_dev, expected.st_dev);
	assert_int_equal(found.st_ino, expected.st_ino);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	free(path);
}

static void assert_not_located_in(const char *root, const char *text, int err, const char *part)
{
	struct fault why = {};
	char *path = NULL;
	int fd = -1;

	assert_int_equal(locate_binary_in(root, text, &path, &fd, &why), err);
	assert_null(path);
	assert_int_equal(fd, -1);
	if (!strstr(why.text, part))
		fail_msg("\"%s\" does not say \"%s\"", why.text, part);
}

static void links_in_another_root_do_not_lead_out(void **state)
{
	const struct scratch *root = *state;

	put_program(root, "opt/app/run");
	put_link(root, "/opt/app", "opt/current");
	put_link(root, "../../../../../../../../opt/app/run", "usr/bin/up");
	put_link(root, "/usr/bin/sh", "usr/bin/out");
	assert_located_in(root, "/opt/current/run", "/opt/current/run", "opt/app/run");
	assert_located_in(root, "/../../opt/app/../app/run", "/../../opt/app/../app/run",
			  "opt/app/run");
	assert_located_in(root, "/usr/bin/up", "/usr/bin/up", "opt/app/run");
	assert_not_located_in(root->path, "/usr/bin/out", -ENOENT, "/usr/bin/out in ");
	assert_not_located_in(root->path, "/bin/sh", -ENOENT, "No such file");
}

static void a_command_is_searched_in_the_usual_folders_of_another_root(void **state)
{
	const struct scratch *root = *state;

	setenv("PATH", "/opt/app", 1);
	put_program(root, "opt/app/run");
	assert_not_located_in(root->path, "run", -ENOENT, "run: not found in /tmp/");
	scratch__write(root, "usr/bin/run", "", 0);
	assert_not_located_in(root->path, "run", -ENOENT, "searched PATH, /etc/ld.so.cache");
	put_program(root, "usr/bin/run");
	assert_located_in(root, "run", "/usr/bin/run", "usr/bin/run");
}

static void a_library_is_searched_in_another_roots_own_cache(void **state)
{
	static const char names[] = "libc.so.6\0/opt/app/libc.so.6\0libc.so.6\0/opt/none";
	const struct new_entry two[] = { { OWN_FLAGS, AT(29), AT(39), 0, 0 },
					 { OWN_FLAGS, AT(0), AT(10), 0, 0 } };
	const struct scratch *root = *state;
	struct cache cache = {};

	setenv("LD_LIBRARY_PATH", scratch__at(root, "lib"), 1);
	put_library(scratch__at(root, "opt/app"), "libc.so.6", OWN_MACHINE);
	put_library(scratch__at(root, "lib"), "libc.so.6", OWN_MACHINE);
	assert_located_in(root, "libc.so.6", "/lib/libc.so.6", "lib/libc.so.6");
	put_new(&cache, two, 2, names, sizeof(names));
	put_cache(root, &cache);
	assert_located_in(root, "libc.so.6", "/opt/app/libc.so.6", "opt/app/libc.so.6");
	put_library(scratch__at(root, "opt/app"), "libc.so.6", OTHER_MACHINE);
	assert_located_in(root, "libc.so.6", "/lib/libc.so.6", "lib/libc.so.6");
	assert_not_located_in(root->path, "libc.so.7", -ENOENT, "closest: libc.so.6");
	unsetenv("LD_LIBRARY_PATH");
}

/* As glibc would choose, whatever the order in the cache. */
static void the_library_for_the_best_processor_is_preferred(void **state)
{
#if defined(__x86_64__)
	static const char names[] =
		"libc.so.6\0/opt/app/libc.so.6\0/opt/glibc-hwcaps/x86-64-v2/libc.so.6";
	const struct new_entry two[] = { { OWN_FLAGS, AT(0), AT(10), 0, 0 },
					 { OWN_FLAGS, AT(0), AT(29), 0, 1ULL << 62 } };
	const struct scratch *root = *state;
	struct cache cache = {};

	if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt")) {
		print_message("skipped: the processor is of the first level\n");
		skip();
	}
	put_new(&cache, two, 2, names, sizeof(names));
	put_cache(root, &cache);
	put_library(scratch__at(root, "opt/app"), "libc.so.6", OWN_MACHINE);
	assert_located_in(root, "libc.so.6", "/opt/app/libc.so.6", "opt/app/libc.so.6");
	assert_return_code(mkdir(scratch__at(root, "opt/glibc-hwcaps"), 0755), errno);
	assert_return_code(mkdir(scratch__at(root, "opt/glibc-hwcaps/x86-64-v2"), 0755), errno);
	put_library(scratch__at(root, "opt/glibc-hwcaps/x86-64-v2"), "libc.so.6", OWN_MACHINE);
	assert_located_in(root, "libc.so.6", "/opt/glibc-hwcaps/x86-64-v2/libc.so.6",
			  "opt/glibc-hwcaps/x86-64-v2/libc.so.6");
#else
	(void)state;
	print_message("skipped: only x86-64 has levels\n");
	skip();
#endif
}

/* musl has neither a cache nor folders for each machine. */
static void a_library_of_musl_is_found(void **state)
{
	const struct scratch *root = *state;

	put_library(scratch__at(root, "usr/local/lib"), "libz.so.1", OWN_MACHINE);
	assert_located_in(root, "libz.so.1", "/usr/local/lib/libz.so.1", "usr/local/lib/libz.so.1");
}

static void only_regular_files_of_another_root_are_opened(void **state)
{
	const struct scratch *root = *state;

	assert_return_code(mkfifo(scratch__at(root, "dev/fifo"), 0777), errno);
	put_link(root, "/proc/self/exe", "dev/magic");
	put_link(root, "circle", "dev/circle");
	assert_not_located_in(root->path, "/dev/fifo", -EINVAL, "not a regular file");
	assert_not_located_in(root->path, "/usr", -EINVAL, "not a regular file");
	assert_not_located_in(root->path, "/", -EINVAL, "not a regular file");
	assert_not_located_in(root->path, "/dev/magic", -ENOENT, "/dev/magic");
	assert_not_located_in(root->path, "/dev/circle", -ELOOP, "/dev/circle");
	assert_not_located_in(root->path, "/etc/none", -ENOENT, "/etc/none in /tmp");
	assert_not_located_in(root->path, "etc/none", -EINVAL, "not an absolute path");
	assert_not_located_in(root->path, "", -EINVAL, "empty");
	assert_not_located_in("/no/such/root", "/bin/sh", -ENOENT, "/no/such/root");
	assert_not_located_in("/bin/sh", "/bin/sh", -ENOTDIR, "/bin/sh");
}

static void the_root_of_a_process_is_a_root(void **state)
{
	struct fault why = {};
	char root[64], *path = NULL;
	int fd = -1;

	(void)state;
	snprintf(root, sizeof(root), "/proc/%d/root", (int)getpid());
	assert_int_equal(locate_binary_in(root, "libc.so.6", &path, &fd, &why), 0);
	assert_return_code(access(path, R_OK), errno);
	close(fd);
	free(path);
}

/* ---- candidates ---- */

struct candidates {
	char **paths;
	size_t cnt;
};

static bool has_candidate(const struct candidates *candidates, const char *path)
{
	size_t times = 0;

	for (size_t i = 0; i < candidates->cnt; i++) {
		assert_int_equal(candidates->paths[i][0], '/');
		times += !strcmp(candidates->paths[i], path);
	}
	assert_in_range(times, 0, 1);
	return times == 1;
}

static struct candidates candidates_of(const char *root, const char *text)
{
	struct candidates ret = {};
	struct fault why = {};
	int err;

	err = root ? locate_candidates_in(root, text, &ret.paths, &ret.cnt, &why)
		   : locate_candidates(text, &ret.paths, &ret.cnt, &why);
	if (err)
		fail_msg("%s", why.text);
	return ret;
}

static void a_path_is_its_only_candidate(void **state)
{
	struct candidates found = candidates_of(NULL, "/no/such/lib.so");
	char cwd[4096], want[4200];

	(void)state;
	assert_int_equal(found.cnt, 1);
	assert_string_equal(found.paths[0], "/no/such/lib.so");
	locate_candidates__free(found.paths, found.cnt);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(want, sizeof(want), "%s/a/b", cwd);
	found = candidates_of(NULL, "./a/b");
	assert_true(has_candidate(&found, want));
	locate_candidates__free(found.paths, found.cnt);
}

static void the_candidates_of_a_command_are_in_path(void **state)
{
	struct candidates found;

	(void)state;
	setenv("PATH", "/one:/two/:/one", 1);
	found = candidates_of(NULL, "run");
	assert_string_equal(found.paths[0], "/one/run");
	assert_string_equal(found.paths[1], "/two/run");
	assert_true(has_candidate(&found, "/one/run"));
	assert_true(has_candidate(&found, "/etc/ld.so.cache")); /* it may be a library */
	locate_candidates__free(found.paths, found.cnt);
}

static void the_candidates_of_a_library_are_where_it_would_be_loaded_from(void **state)
{
	struct candidates found;
	struct fault why = {};
	char *path = NULL;

	(void)state;
	setenv("LD_LIBRARY_PATH", "/mine;/yours", 1);
	setenv("PATH", "/one", 1);
	found = candidates_of(NULL, "libc.so.6");
	assert_string_equal(found.paths[0], "/mine/libc.so.6");
	assert_string_equal(found.paths[1], "/yours/libc.so.6");
	assert_true(has_candidate(&found, "/etc/ld.so.cache"));
	assert_true(has_candidate(&found, "/usr/lib/libc.so.6"));
	assert_true(has_candidate(&found, "/lib64/libc.so.6"));
	assert_false(has_candidate(&found, "/one/libc.so.6"));
	assert_int_equal(locate_binary("libc.so.6", &path, &why), 0);
	assert_true(has_candidate(&found, path));
	free(path);
	locate_candidates__free(found.paths, found.cnt);
	unsetenv("LD_LIBRARY_PATH");
}

static void candidates_in_another_root_are_its_own(void **state)
{
	const struct scratch *root = *state;
	struct candidates found;
	struct cache cache = {};
	struct fault why = {};

	setenv("PATH", "/one", 1);
	setenv("LD_LIBRARY_PATH", "/mine", 1);
	put_new(&cache, entries, 2, strings, sizeof(strings));
	put_cache(root, &cache);
	found = candidates_of(root->path, "liba.so.1");
	assert_string_equal(found.paths[0], "/etc/ld.so.cache");
	assert_string_equal(found.paths[1], "/lib/liba.so.1"); /* though it is not there */
	assert_false(has_candidate(&found, "/mine/liba.so.1"));
	locate_candidates__free(found.paths, found.cnt);
	found = candidates_of(root->path, "run");
	assert_true(has_candidate(&found, "/usr/local/sbin/run"));
	assert_false(has_candidate(&found, "/one/run"));
	locate_candidates__free(found.paths, found.cnt);
	assert_int_equal(locate_candidates_in("/none", "run", &found.paths, &found.cnt, &why),
			 -ENOENT);
	assert_int_equal(locate_candidates("", &found.paths, &found.cnt, &why), -EINVAL);
	unsetenv("LD_LIBRARY_PATH");
}

/* A container's cache that is made to keep us busy: each entry the name that is looked for, each
 * string without end. */
static void a_cache_of_lies_costs_little(void **state)
{
	enum { ENTRIES = 100000, TEXT = 1000000 };
	static const char name[] = "liba.so.1";
	const size_t strings_at = 48 + ENTRIES * sizeof(struct new_entry);
	const struct scratch *root = *state;
	const uint32_t cnt = ENTRIES;
	struct candidates found;
	char *bytes = malloc(strings_at + TEXT);

	assert_non_null(bytes);
	memset(bytes, 0, 48);
	memcpy(bytes, "glibc-ld.so.cache1.1", 20);
	memcpy(bytes + 20, &cnt, 4);
	memset(bytes + strings_at, '/', TEXT);
	memcpy(bytes + strings_at, name, sizeof(name));
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct new_entry entry = {
			.flags = OWN_FLAGS,
			.key = (uint32_t)strings_at + (i % 2 ? 0 : sizeof(name)),
			.value = (uint32_t)(strings_at + TEXT - 1000 + i % 900),
		};

		memcpy(bytes + 48 + i * sizeof(entry), &entry, sizeof(entry));
	}
	bytes[strings_at + TEXT - 1] = '\0';
	scratch__write(root, "etc/ld.so.cache", bytes, strings_at + TEXT);
	free(bytes);
	found = candidates_of(root->path, name);
	assert_in_range(found.cnt, 1, 100);
	locate_candidates__free(found.paths, found.cnt);
	assert_not_located_in(root->path, name, -ENOENT, "not found");
}

static int save_environment(void **state)
{
	const char *path = getenv("PATH");

	*state = path ? strdup(path) : NULL;
	return 0;
}

static int restore_environment(void **state)
{
	if (*state)
		setenv("PATH", *state, 1);
	free(*state);
	return 0;
}

#define with_root(test) cmocka_unit_test_setup_teardown(test, set_up_root, scratch__tear_down)
#define with_path(test) cmocka_unit_test_setup_teardown(test, save_environment, restore_environment)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_made_absolute),
		cmocka_unit_test(a_path_need_not_exist_yet),
		with_path(a_link_is_kept_as_it_is),
		with_path(a_command_is_searched_in_path),
		with_path(folders_are_no_commands),
		cmocka_unit_test(an_empty_name_is_refused),
		cmocka_unit_test(the_c_library_is_found),
		cmocka_unit_test(a_near_library_is_suggested),
		cmocka_unit_test(the_library_path_comes_first_and_skips_other_machines),
		cmocka_unit_test(the_new_cache_is_read),
		cmocka_unit_test(the_new_cache_behind_an_old_one_is_read),
		cmocka_unit_test(the_old_cache_alone_is_read),
		cmocka_unit_test(libraries_of_other_machines_are_passed_over),
		cmocka_unit_test(entries_that_point_outside_are_passed_over),
		cmocka_unit_test(a_spoiled_cache_is_survived),
		cmocka_unit_test(what_is_no_cache_is_refused),
		with_root(links_in_another_root_do_not_lead_out),
		with_root(a_command_is_searched_in_the_usual_folders_of_another_root),
		with_root(a_library_is_searched_in_another_roots_own_cache),
		with_root(the_library_for_the_best_processor_is_preferred),
		with_root(a_library_of_musl_is_found),
		with_root(only_regular_files_of_another_root_are_opened),
		cmocka_unit_test(the_root_of_a_process_is_a_root),
		cmocka_unit_test(a_path_is_its_only_candidate),
		with_path(the_candidates_of_a_command_are_in_path),
		with_path(the_candidates_of_a_library_are_where_it_would_be_loaded_from),
		with_root(candidates_in_another_root_are_its_own),
		with_root(a_cache_of_lies_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
