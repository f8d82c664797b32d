/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "select.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"

/* "[...]" at *pattern: fills one set. A ']' right behind the opening belongs to the set, and a
 * '[' that is never closed stands for itself, as in Python's fnmatch. False in that last case. */
static bool compile_set(const char **pattern, __u8 set[32])
{
	const unsigned char *at = (const unsigned char *)*pattern + 1;
	bool negated = *at == '!';
	const unsigned char *first;
	const unsigned char *end;

	at += negated;
	first = at;
	end = at + (*at == ']');
	while (*end && *end != ']')
		end++;
	if (!*end)
		return false;
	for (at = first; at < end; at++) {
		unsigned int from = *at;
		unsigned int to = from;

		if (at + 2 < end && at[1] == '-') {
			to = at[2];
			at += 2;
		}
		for (unsigned int byte = from; byte <= to; byte++)
			set[byte >> 3] |= 1 << (byte & 7);
	}
	for (int i = 0; negated && i < 32; i++)
		set[i] = ~set[i];
	*pattern = (const char *)end + 1;
	return true;
}

static int add_token(struct tacho_glob *glob, enum tacho_glob_kind kind, unsigned char value)
{
	struct tacho_glob_token *last;

	/* "**" says no more than "*" and would only cost steps */
	if (kind == TACHO_GLOB_STAR && glob->token_cnt) {
		last = &glob->tokens[glob->token_cnt - 1];
		if (last->kind == TACHO_GLOB_STAR)
			return 0;
	}
	if (glob->token_cnt == TACHO_GLOB_TOKENS)
		return -E2BIG;
	glob->tokens[glob->token_cnt++] =
		(struct tacho_glob_token) { .kind = kind, .value = value };
	return 0;
}

int glob_compile(const char *pattern, struct tacho_glob *ret_glob, struct fault *why)
{
	struct tacho_glob glob = {};
	const char *at = pattern;
	unsigned int set_cnt = 0;
	int err = 0;

	if (!*pattern)
		return fault__set(why, -EINVAL, "an empty glob matches nothing");
	while (*at && !err) {
		if (*at == '[' && set_cnt == TACHO_GLOB_SETS)
			return fault__set(why, -E2BIG,
					  "glob '%s' has more than %d sets in brackets", pattern,
					  TACHO_GLOB_SETS);
		if (*at == '[' && compile_set(&at, glob.sets[set_cnt])) {
			err = add_token(&glob, TACHO_GLOB_SET, set_cnt++);
			continue;
		}
		if (*at == '*')
			err = add_token(&glob, TACHO_GLOB_STAR, 0);
		else if (*at == '?')
			err = add_token(&glob, TACHO_GLOB_ANY, 0);
		else
			err = add_token(&glob, TACHO_GLOB_BYTE, *at);
		at++;
	}
	if (err)
		return fault__set(why, err, "glob '%s' has more than %d characters", pattern,
				  TACHO_GLOB_TOKENS);
	*ret_glob = glob;
	return 0;
}

bool glob_matches(const struct tacho_glob *glob, const char *text, size_t sz)
{
	struct tacho_glob_match match = {};

	if (sz > TACHO_COMMAND_SZ)
		sz = TACHO_COMMAND_SZ;
	for (int i = 0; i < TACHO_GLOB_STEPS && !match.done; i++)
		tacho_glob_step(glob, text, sz, &match);
	return match.matched;
}

ssize_t read_command_line(pid_t pid, char *buf)
{
	size_t used = 0;
	char path[64];
	ssize_t got;
	int err = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (used < TACHO_COMMAND_SZ) {
		got = read(fd, buf + used, TACHO_COMMAND_SZ - used);
		if (got < 0)
			err = -errno;
		if (got <= 0)
			break;
		used += got;
	}
	close(fd);
	if (err)
		return err;
	if (used && !buf[used - 1])
		used--;
	for (size_t i = 0; i < used; i++) {
		if (!buf[i])
			buf[i] = ' ';
	}
	return used;
}

int each_process(int (*each)(void *ctx, pid_t pid), void *ctx)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	uint64_t pid;
	int err = 0;

	if (!proc)
		return -errno;
	while (!err && (entry = readdir(proc))) {
		if (!parse_u64(entry->d_name, 1, INT32_MAX, &pid))
			err = each(ctx, pid);
	}
	closedir(proc);
	return err;
}

int process_of(pid_t tid, pid_t *ret_pid)
{
	char line[256];
	char path[64];
	int pid = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	status = fopen(path, "re");
	if (!status)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!pid && fgets(line, sizeof(line), status))
		sscanf(line, "Tgid: %d", &pid);
	fclose(status);
	if (!pid)
		return -ESRCH;
	*ret_pid = pid;
	return 0;
}
