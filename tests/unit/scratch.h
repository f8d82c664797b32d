/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A directory for one test case, and what is read from and written to it behind the tested code's
 * back. All of these fail the case themselves. Include cmocka.h first.
 */
#ifndef TACHO_TESTS_SCRATCH_H
#define TACHO_TESTS_SCRATCH_H

#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char path[64];
};

static inline void scratch__make(struct scratch *scratch)
{
	strcpy(scratch->path, "/tmp/tacho-test.XXXXXX");
	assert_non_null(mkdtemp(scratch->path));
}

static inline void scratch__remove(struct scratch *scratch)
{
	char *paths[] = { scratch->path, NULL };
	/* What a test has left mounted there is not its own. */
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *entry;

	assert_non_null(tree);
	while ((entry = fts_read(tree))) {
		if (entry->fts_info != FTS_D)
			remove(entry->fts_accpath);
	}
	fts_close(tree);
}

/* The path of a name in it; good until the fourth call after this one. */
static inline const char *scratch__at(const struct scratch *scratch, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch->path, name);
	return path;
}

static inline bool scratch__has(const struct scratch *scratch, const char *name)
{
	struct stat st;

	return !lstat(scratch__at(scratch, name), &st);
}

static inline void scratch__write(const struct scratch *scratch, const char *name, const char *data,
				  size_t sz)
{
	FILE *file = fopen(scratch__at(scratch, name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, sz, file), sz);
	assert_int_equal(fclose(file), 0);
}

/* The whole file with a NUL behind it; the caller frees it. ret_sz may be NULL. */
static inline char *read_whole(const char *path, size_t *ret_sz)
{
	FILE *file = fopen(path, "r");
	struct stat st;
	char *data;

	if (!file)
		fail_msg("%s: cannot be opened", path);
	assert_int_equal(fstat(fileno(file), &st), 0);
	data = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, (size_t)st.st_size, file), st.st_size);
	fclose(file);
	if (ret_sz)
		*ret_sz = (size_t)st.st_size;
	return data;
}

static inline void scratch__expect(const struct scratch *scratch, const char *name,
				   const char *expected)
{
	char *data = read_whole(scratch__at(scratch, name), NULL);

	assert_string_equal(data, expected);
	free(data);
}

static inline size_t scratch__sz(const struct scratch *scratch, const char *name)
{
	struct stat st;

	assert_int_equal(lstat(scratch__at(scratch, name), &st), 0);
	return (size_t)st.st_size;
}

/* For cmocka: each case gets a scratch directory of its own as its state. */
static inline int scratch__set_up(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	assert_non_null(scratch);
	scratch__make(scratch);
	*state = scratch;
	return 0;
}

static inline int scratch__tear_down(void **state)
{
	scratch__remove(*state);
	free(*state);
	return 0;
}

#endif
