/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cgroup_text.h"

#include <errno.h>
#include <string.h>

#define DELETED " (deleted)"

/* --- /proc/PID/cgroup: ID:CONTROLLERS:PATH -----------------------------------------------------
 */

struct piece {
	const char *at;
	size_t sz;
};

static bool is(struct piece piece, const char *text)
{
	return piece.sz == strlen(text) && !memcmp(piece.at, text, piece.sz);
}

/* Up to the next colon, or the end of the line; puts *rest behind it. */
static struct piece take_piece(struct piece *rest)
{
	const char *colon = memchr(rest->at, ':', rest->sz);
	struct piece piece = { rest->at, colon ? (size_t)(colon - rest->at) : rest->sz };
	size_t taken = piece.sz + (colon ? 1 : 0);

	rest->at += taken;
	rest->sz -= taken;
	return piece;
}

static size_t depth(struct piece path)
{
	size_t cnt = 0;

	if (path.sz == 1)
		return 0;
	for (size_t i = 0; i < path.sz; i++)
		cnt += path.at[i] == '/';
	return cnt;
}

static bool comes_before(struct piece a, struct piece b)
{
	int order = memcmp(a.at, b.at, a.sz < b.sz ? a.sz : b.sz);

	return order < 0 || (!order && a.sz < b.sz);
}

struct paths {
	struct piece unified;
	struct piece systemd;
	struct piece deepest;
};

static void take_line(struct piece line, struct paths *paths)
{
	struct piece id = take_piece(&line);
	struct piece controllers = take_piece(&line);
	struct piece path = line;

	if (!path.sz || *path.at != '/')
		return;
	if (is(id, "0") && is(controllers, ""))
		paths->unified = path;
	else if (is(controllers, "name=systemd"))
		paths->systemd = path;
	else if (depth(path) > depth(paths->deepest) ||
		 (depth(path) == depth(paths->deepest) && comes_before(path, paths->deepest)))
		paths->deepest = path;
}

int cgroup_text__choose(const char *text, char *path, size_t sz)
{
	static const struct piece root = { "/", 1 };
	struct paths paths = { root, root, root };
	struct piece chosen;

	while (*text) {
		struct piece line = { text, strcspn(text, "\n") };

		take_line(line, &paths);
		text += line.sz + (text[line.sz] == '\n');
	}
	if (!is(paths.unified, "/"))
		chosen = paths.unified;
	else if (!is(paths.systemd, "/"))
		chosen = paths.systemd;
	else
		chosen = paths.deepest;
	if (chosen.sz >= sz)
		return -ENAMETOOLONG;
	memcpy(path, chosen.at, chosen.sz);
	path[chosen.sz] = '\0';
	return is(paths.unified, "/") ? 1 : 2;
}

bool cgroup_text__cut_deleted(char *path)
{
	size_t sz = strlen(path);

	if (sz < strlen(DELETED) || strcmp(path + sz - strlen(DELETED), DELETED))
		return false;
	path[sz - strlen(DELETED)] = '\0';
	return true;
}

/* --- /proc/self/mountinfo: ID PARENT DEVICE ROOT POINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS --
 */

/* Up to the next blank; blanks in names are escaped. */
static struct piece take_word(const char **at)
{
	struct piece word = { *at, strcspn(*at, " \n") };

	*at += word.sz;
	*at += strspn(*at, " ");
	return word;
}

static bool is_octal(const char *digits, size_t sz)
{
	return sz >= 3 && digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' &&
	       digits[1] <= '7' && digits[2] >= '0' && digits[2] <= '7';
}

/* "a\040b" is "a b" (mangle_path, fs/seq_file.c). False when it is no path. */
static bool unescape(struct piece word, char path[PATH_MAX])
{
	size_t sz = 0;

	if (word.sz >= PATH_MAX || !word.sz || *word.at != '/')
		return false;
	for (size_t i = 0; i < word.sz; i++) {
		const char *digits = &word.at[i + 1];

		path[sz] = word.at[i];
		if (word.at[i] == '\\' && is_octal(digits, word.sz - i - 1)) {
			path[sz] = (char)((digits[0] - '0') << 6 | (digits[1] - '0') << 3 |
					  (digits[2] - '0'));
			i += 3;
		}
		if (!path[sz++])
			return false;
	}
	path[sz] = '\0';
	return true;
}

bool cgroup_text__take_mount(const char *line, struct cgroup_mount *ret_mount)
{
	struct piece root, point, word;

	for (int i = 0; i < 3; i++)
		take_word(&line);
	root = take_word(&line);
	point = take_word(&line);
	do
		word = take_word(&line);
	while (word.sz && !is(word, "-"));
	return is(word, "-") && is(take_word(&line), "cgroup2") &&
	       unescape(root, ret_mount->root) && unescape(point, ret_mount->point);
}
