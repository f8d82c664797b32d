/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "proc_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"

#define NUMBER_TEXT_SZ 32

int proc_text__read(const char *path, char *text, size_t sz)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	ssize_t part;
	int err = 0;

	if (fd < 0)
		return -errno;
	while ((part = read(fd, text + got, sz - 1 - got)) > 0)
		got += (size_t)part;
	if (part < 0)
		err = -errno;
	close(fd);
	while (got && isspace((unsigned char)text[got - 1]))
		got--;
	text[got] = '\0';
	return err;
}

int proc_text__read_number(const char *path, uint64_t *ret)
{
	char text[NUMBER_TEXT_SZ];
	int err = proc_text__read(path, text, sizeof(text));

	return err ? err : parse_u64(text, 0, UINT64_MAX, ret);
}

/* What follows "field:" at the beginning of a line; NULL if there is none. */
static const char *find_field(const char *status, const char *field)
{
	size_t sz = strlen(field);
	const char *line = status;

	while (line) {
		if (!strncmp(line, field, sz) && line[sz] == ':')
			return line + sz + 1;
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return NULL;
}

int proc_text__status_number(const char *status, const char *field, int base, uint64_t *ret)
{
	const char *text = find_field(status, field);
	uint64_t value;
	char *end;

	if (!text)
		return -ENOENT;
	text += strspn(text, " \t");
	if (!isxdigit((unsigned char)*text))
		return -EINVAL; /* strtoull takes signs and line ends */
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno || end == text || (*end && *end != '\n'))
		return -EINVAL;
	*ret = value;
	return 0;
}

int proc_text__lockdown_mode(const char *lockdown, char *ret_mode, size_t sz)
{
	const char *begin = strchr(lockdown, '[');
	const char *end = begin ? strchr(begin, ']') : NULL;
	size_t mode_sz;

	if (!end)
		return -EINVAL;
	begin++;
	mode_sz = (size_t)(end - begin);
	if (!mode_sz || mode_sz >= sz)
		return -EINVAL;
	memcpy(ret_mode, begin, mode_sz);
	ret_mode[mode_sz] = '\0';
	return 0;
}
