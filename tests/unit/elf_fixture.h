/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files built from tests/targets/elf_* into the folder that TACHO_TEST_TARGETS names. */
#ifndef TACHO_TESTS_ELF_FIXTURE_H
#define TACHO_TESTS_ELF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "elf/elf_file.h"
#include "tiny_elf.h"

struct bytes {
	uint8_t *at;
	size_t sz;
};

static inline const char *fixture(const char *name)
{
	static char path[4096];
	const char *folder = getenv("TACHO_TEST_TARGETS");

	if (!folder)
		fail_msg("TACHO_TEST_TARGETS is not set: run this through make");
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (access(path, R_OK) != 0)
		fail_msg("%s is missing: run this through make", path);
	return path;
}

/* Skips the case, by name, where a fixture was not built because its compiler is missing. */
static inline void need_fixture(const char *name)
{
	const char *folder = getenv("TACHO_TEST_TARGETS");
	char path[4096];

	if (!folder)
		fail_msg("TACHO_TEST_TARGETS is not set: run this through make");
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (access(path, R_OK) == 0)
		return;
	print_message("%s is not there: its compiler is not installed\n", name);
	skip();
}

static inline struct elf_file *open_fixture(const char *name)
{
	struct elf_file *file = NULL;
	struct fault why = {};

	if (elf_file__open(fixture(name), &file, &why) != 0)
		fail_msg("%s", why.text);
	return file;
}

/* Finds one function, or several of one name. */
static inline int find_named(const struct elf_file *file, const char *name,
			     struct elf_symbols *symbols, struct fault *why)
{
	const struct elf_query query = { .name = name };

	return elf_file__find(file, &query, symbols, why);
}

static inline struct bytes read_fixture(const char *name)
{
	int fd = open(fixture(name), O_RDONLY);
	struct bytes bytes;
	struct stat st;

	assert_return_code(fd, errno);
	assert_return_code(fstat(fd, &st), errno);
	bytes = (struct bytes) { malloc((size_t)st.st_size), (size_t)st.st_size };
	assert_int_equal(read(fd, bytes.at, bytes.sz), bytes.sz);
	close(fd);
	return bytes;
}

static inline void assert_says(const struct fault *why, const char *part)
{
	if (!strstr(why->text, part))
		fail_msg("\"%s\" does not say \"%s\"", why->text, part);
}

#endif
