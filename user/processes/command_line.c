/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "command_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../python_text.h"

#define FIRST_SZ 4096

void command_text__free(struct command_text *text)
{
	free(text->bytes);
	*text = (struct command_text) {};
}

/* Room for sz bytes and the NUL. */
static int make_room(struct command_text *text, size_t sz)
{
	size_t capacity = text->capacity ? text->capacity : FIRST_SZ;
	char *bytes;

	while (capacity < sz + 1)
		capacity *= 2;
	if (capacity == text->capacity)
		return 0;
	bytes = realloc(text->bytes, capacity);
	if (!bytes)
		return -ENOMEM;
	text->bytes = bytes;
	text->capacity = capacity;
	return 0;
}

static int read_all(int fd, struct command_text *raw)
{
	ssize_t got = 1;
	int err;

	while (got && raw->sz <= COMMAND_LINE_SZ_MAX) {
		err = make_room(raw, raw->sz + FIRST_SZ - 1);
		if (err)
			return err;
		got = read(fd, raw->bytes + raw->sz, raw->capacity - raw->sz - 1);
		if (got < 0)
			return -errno;
		raw->sz += (size_t)got;
	}
	raw->cut = raw->sz > COMMAND_LINE_SZ_MAX;
	if (raw->cut)
		raw->sz = COMMAND_LINE_SZ_MAX;
	raw->bytes[raw->sz] = '\0';
	return 0;
}

int command_line__read(int proc_fd, pid_t pid, struct command_text *raw)
{
	char path[32];
	int fd, err;

	raw->sz = 0;
	raw->cut = false;
	snprintf(path, sizeof(path), "%d/cmdline", (int)pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	err = read_all(fd, raw);
	close(fd);
	return err;
}

/*
 * As psutil has it since 5.6.6 (_pslinux.py, and its issue 1179): processes that rename themselves
 * may leave blanks between their arguments instead of NULs, with or without a NUL at the end.
 * *raw_sz loses the separator at the end.
 */
static char find_separator(const char *raw, size_t *raw_sz, bool cut)
{
	char separator = '\0';

	if (cut)
		return memchr(raw, '\0', *raw_sz) ? '\0' : ' ';
	if (raw[*raw_sz - 1] != '\0')
		separator = ' ';
	if (raw[*raw_sz - 1] == separator)
		--*raw_sz;
	if (!memchr(raw, '\0', *raw_sz))
		separator = ' '; /* one argument, or blanks between several */
	return separator;
}

/* psutil reads the file as text, with the ends of lines made alike: "\r\n" and "\r" become "\n". */
static size_t copy_argument(char *to, const char *argument, size_t sz)
{
	char *at = to;

	for (size_t i = 0; i < sz; i++) {
		bool line_ends = argument[i] == '\r';

		if (line_ends && i + 1 < sz && argument[i + 1] == '\n')
			i++;
		*at++ = line_ends ? '\n' : argument[i] ? argument[i] : ' ';
	}
	return (size_t)(at - to);
}

static size_t join(char *to, const char *raw, size_t sz, char separator)
{
	const char *end = raw + sz, *next;
	char *at = to;

	for (;; raw = next + 1) {
		const char *argument = raw;

		next = memchr(raw, separator, (size_t)(end - raw));
		if (!next)
			next = end;
		sz = python_text__strip(&argument, (size_t)(next - raw));
		at += copy_argument(at, argument, sz);
		if (next == end)
			break;
		*at++ = ' ';
	}
	return (size_t)(at - to);
}

int command_line__format(const char *raw, size_t raw_sz, bool cut, struct command_text *text)
{
	const char *stripped;
	int err;

	err = make_room(text, raw_sz);
	if (err)
		return err;
	text->sz = 0;
	text->cut = cut;
	if (raw_sz) {
		char separator = find_separator(raw, &raw_sz, cut);

		text->sz = join(text->bytes, raw, raw_sz, separator);
	}
	stripped = text->bytes;
	text->sz = python_text__strip(&stripped, text->sz);
	memmove(text->bytes, stripped, text->sz);
	text->bytes[text->sz] = '\0';
	return 0;
}
