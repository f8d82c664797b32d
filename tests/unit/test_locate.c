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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
