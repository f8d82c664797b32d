/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From files to sections, keys and values. inih takes the lines apart; three things it does not do
 * are done by the reader that feeds it, line by line, before inih sees the line:
 *
 *  - it cuts the names of sections and keys at 49 characters without a word, so the reader works
 *    out both itself and inih's copies are ignored;
 *  - it takes "key: value" as well, and text behind "[section]"; here both are errors;
 *  - it knows no line number when the handler runs; the reader has just counted.
 *
 * So for each line read_line() first opens the section or chooses the key, and then, if the line
 * has a value, inih calls take_value() with it before it asks for the next line.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_internal.h"
#include "suggest.h"

#define LINE_SZ_MAX (64 << 10)
#define FILE_SZ_MAX (16 << 20)
#define WHITE_SPACE " \t\r\n\v\f" /* what isspace() accepts, and so inih */

struct reader {
	struct config *config;
	struct fault *why;
	const char *path;
	const char *next; /* what is left of the file */
	size_t left;
	unsigned int line;
	char origin[PATH_MAX + 16];		  /* "FILE:LINE" of this line */
	const struct config_section *section;	  /* NULL before the first */
	char heading[CONFIG_STATE_NAME_MAX + 16]; /* "[state X]" */
	size_t state_idx;			  /* if section->named */
	const struct config_key *key;		  /* of this line */
	/* Line numbers of what was there already in this file, to refuse it the second time; 0 =
	 * not yet. A later file may well have the same section again. */
	unsigned int key_line[CONFIG_KEY_MAX]; /* in this section */
	unsigned int section_line[CONFIG_SECTION_CNT];
	unsigned int state_line[CONFIG_STATE_MAX];
	int err;
};

static char *skip_white_space(char *text)
{
	return text + strspn(text, WHITE_SPACE);
}

static void cut_white_space(char *text)
{
	size_t sz = strlen(text);

	while (sz && strchr(WHITE_SPACE, text[sz - 1]))
		sz--;
	text[sz] = '\0';
}

/* As inih does it: ';' begins a comment only behind white space. */
static void cut_comment(char *text)
{
	for (char *c = text; *c; c++) {
		if (*c == ';' && c > text && strchr(WHITE_SPACE, c[-1])) {
			*c = '\0';
			return;
		}
	}
}

static int refuse_section(const char *word, struct fault *why)
{
	const char *names[CONFIG_SECTION_CNT + 1] = {};
	char hint[CONFIG_HINT_SZ];
	const char *nearest;

	for (size_t i = 0; i < CONFIG_SECTION_CNT; i++)
		names[i] = config_sections[i].name;
	nearest = suggest_word(word, names);
	for (size_t i = 0; i < CONFIG_SECTION_CNT && nearest; i++) {
		if (strcmp(names[i], nearest) == 0)
			return fault__set(why, -EINVAL,
					  "unknown section [" CONFIG_SHOWN "] (did you mean %s?)",
					  word, config_sections[i].heading);
	}
	for (size_t i = 0; i < CONFIG_SECTION_CNT; i++)
		names[i] = config_sections[i].heading;
	config_hint(word, names, hint, sizeof(hint));
	return fault__set(why, -EINVAL, "unknown section [" CONFIG_SHOWN "] %s", word, hint);
}

static int find_section(const char *word, const char *name, size_t *ret_idx, struct fault *why)
{
	size_t i;

	for (i = 0; i < CONFIG_SECTION_CNT; i++) {
		if (strcmp(config_sections[i].name, word) == 0)
			break;
	}
	if (i == CONFIG_SECTION_CNT)
		return refuse_section(word, why);
	if (config_sections[i].named && !*name)
		return fault__set(why, -EINVAL, "[%s] needs a name (write %s)", word,
				  config_sections[i].heading);
	if (!config_sections[i].named && *name)
		return fault__set(why, -EINVAL, "%s takes no name, but has '" CONFIG_SHOWN "'",
				  config_sections[i].heading, name);
	*ret_idx = i;
	return 0;
}

/* Takes "[state X]" apart, in place. */
static int split_heading(char *text, char **ret_word, char **ret_name, struct fault *why)
{
	char *bracket = strchr(text, ']'), *word, *rest;

	if (!bracket)
		return fault__set(why, -EINVAL, "no ']' behind '" CONFIG_SHOWN "'", text);
	rest = skip_white_space(bracket + 1);
	if (*rest && *rest != ';')
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' stands behind a section's ']'",
				  rest);
	*bracket = '\0';
	word = skip_white_space(text + 1);
	cut_white_space(word);
	rest = word + strcspn(word, WHITE_SPACE);
	if (*rest) {
		*rest = '\0';
		rest = skip_white_space(rest + 1);
	}
	*ret_word = word;
	*ret_name = rest;
	return 0;
}

static int open_section(struct reader *reader, char *text)
{
	unsigned int *first_line;
	char *word = NULL, *name = NULL;
	size_t idx = 0;
	int err;

	err = split_heading(text, &word, &name, reader->why);
	if (!err)
		err = find_section(word, name, &idx, reader->why);
	if (err)
		return err;
	first_line = &reader->section_line[idx];
	if (config_sections[idx].named) {
		err = config__want_state(reader->config, name, reader->origin, &reader->state_idx,
					 reader->why);
		if (err)
			return err;
		first_line = &reader->state_line[reader->state_idx];
	}
	snprintf(reader->heading, sizeof(reader->heading), "[%s%s%s]", word, *name ? " " : "",
		 name);
	if (*first_line)
		return fault__set(reader->why, -EINVAL,
				  "%s is already in this file, at line %u (put its keys together)",
				  reader->heading, *first_line);
	*first_line = reader->line;
	reader->section = &config_sections[idx];
	memset(reader->key_line, 0, sizeof(reader->key_line));
	return 0;
}

static int choose_key(struct reader *reader, char *text)
{
	char *equals;
	int idx;

	cut_comment(text);
	cut_white_space(text);
	equals = strchr(text, '=');
	if (!equals)
		return fault__set(reader->why, -EINVAL,
				  "no '=' in '" CONFIG_SHOWN "' (write KEY = VALUE)", text);
	*equals = '\0';
	cut_white_space(text);
	if (!*text)
		return fault__set(reader->why, -EINVAL, "no key before '='");
	if (!reader->section)
		return fault__set(reader->why, -EINVAL,
				  "key '" CONFIG_SHOWN
				  "' before any section (put it below [record], [state NAME], "
				  "[resources], [feature-flag] or [marks])",
				  text);
	idx = config_section__find_key(reader->section, reader->heading, text, reader->why);
	if (idx < 0)
		return idx;
	reader->key = &reader->section->keys[idx];
	if (reader->key_line[idx] && !reader->key->repeatable)
		return fault__set(reader->why, -EINVAL, "'%s' is already set in %s, at line %u",
				  text, reader->heading, reader->key_line[idx]);
	reader->key_line[idx] = reader->line;
	return 0;
}

static int understand_line(struct reader *reader, const char *line, size_t sz)
{
	char *copy, *text;
	int err = 0;

	if (sz > LINE_SZ_MAX)
		return fault__set(reader->why, -EINVAL, "the line is longer than %d bytes",
				  LINE_SZ_MAX);
	if (memchr(line, '\0', sz))
		return fault__set(reader->why, -EINVAL, "a NUL byte (is this a text file?)");
	copy = strndup(line, sz);
	if (!copy)
		return fault__set(reader->why, -ENOMEM, "out of memory");
	text = skip_white_space(copy);
	if (*text == '[')
		err = open_section(reader, text);
	else if (*text && *text != ';' && *text != '#')
		err = choose_key(reader, text);
	free(copy);
	return err;
}

/* fgets(3) for inih. Only whole lines, and buffer has room for the longest. */
static char *read_line(char *buffer, int buffer_sz, void *stream)
{
	struct reader *reader = stream;
	const char *line = reader->next, *newline;
	size_t sz;

	if (reader->err || !reader->left)
		return NULL;
	newline = memchr(line, '\n', reader->left);
	sz = newline ? (size_t)(newline - line) : reader->left;
	reader->next += sz + !!newline;
	reader->left -= sz + !!newline;
	reader->line++;
	snprintf(reader->origin, sizeof(reader->origin), "%s:%u", reader->path, reader->line);
	reader->err = understand_line(reader, line, sz);
	if (!reader->err && sz + 2 > (size_t)buffer_sz)
		reader->err = fault__set(reader->why, -EINVAL, "the line is too long for inih");
	if (reader->err) {
		fault__prefix(reader->why, reader->err, "%s", reader->origin);
		return NULL;
	}
	memcpy(buffer, line, sz);
	buffer[sz] = '\n';
	buffer[sz + 1] = '\0';
	return buffer;
}

static int take_value(void *user, const char *section, const char *name, const char *value)
{
	struct reader *reader = user;
	struct state_config *state = NULL;

	(void)section, (void)name;
	if (reader->section->named)
		state = &reader->config->states[reader->state_idx];
	reader->err = reader->key->set(reader->config, state, value, reader->origin, reader->why);
	if (reader->err)
		fault__prefix(reader->why, reader->err, "%s: %s", reader->origin,
			      reader->key->name);
	return !reader->err;
}

static int parse_text(struct config *config, const char *path, const char *text, size_t sz,
		      struct fault *why)
{
	static const char byte_order_mark[] = { '\xef', '\xbb', '\xbf' };
	struct reader reader = {
		.config = config, .why = why, .path = path, .next = text, .left = sz
	};
	int err;

	if (sz >= sizeof(byte_order_mark) &&
	    memcmp(text, byte_order_mark, sizeof(byte_order_mark)) == 0) {
		reader.next += sizeof(byte_order_mark);
		reader.left -= sizeof(byte_order_mark);
	}
	/* The line, its newline and the NUL. */
	ini_initial_alloc = LINE_SZ_MAX + 2;
	ini_max_line = LINE_SZ_MAX + 2;
	ini_use_stack = false;
	ini_allow_multiline = false; /* an indented line is a line like any other */
	ini_stop_on_first_error = true;
	err = ini_parse_stream(read_line, &reader, take_value, &reader);
	if (reader.err || !err)
		return reader.err;
	if (err == -2)
		return fault__set(why, -ENOMEM, "%s: out of memory", path);
	return fault__set(why, -EINVAL, "%s: not understood", reader.origin);
}

static int read_all(int fd, char **ret_text, size_t *ret_sz)
{
	size_t sz = 0, capacity = 0;
	char *text = NULL, *bigger;
	ssize_t got;
	int err;

	do {
		if (sz == capacity) {
			capacity = capacity ? capacity * 2 : 16 << 10;
			bigger = realloc(text, capacity);
			if (!bigger) {
				err = -ENOMEM;
				goto fail;
			}
			text = bigger;
		}
		got = read(fd, text + sz, capacity - sz);
		if (got < 0) {
			err = -errno;
			if (err == -EINTR)
				continue;
			goto fail;
		}
		sz += (size_t)got;
		if (sz > FILE_SZ_MAX) {
			err = -EFBIG;
			goto fail;
		}
	} while (got);
	*ret_text = text;
	*ret_sz = sz;
	return 0;
fail:
	free(text);
	return err;
}

static int load_file(struct config *config, const char *path, struct fault *why)
{
	char *text = NULL;
	size_t sz = 0;
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		return fault__set(why, err, "%s: %s", path, strerror(-err));
	}
	err = read_all(fd, &text, &sz);
	close(fd);
	if (err)
		return fault__set(why, err, "%s: %s", path, strerror(-err));
	err = parse_text(config, path, text, sz, why);
	free(text);
	return err;
}

static int load_drop_in(struct config *config, const char *directory, const char *name,
			struct fault *why)
{
	char path[PATH_MAX];
	struct stat st;
	int err;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return fault__set(why, -ENAMETOOLONG, "%s/%s: the path is too long", directory,
				  name);
	if (stat(path, &st)) {
		err = -errno;
		return fault__set(why, err, "%s: %s", path, strerror(-err));
	}
	return S_ISREG(st.st_mode) ? load_file(config, path, why) : 0;
}

/* As a shell expands *.conf: hidden files, an editor's for instance, are left alone. */
static int is_drop_in(const struct dirent *entry)
{
	return fnmatch("*.conf", entry->d_name, FNM_PERIOD) == 0;
}

/* Not alphasort(3), whose order depends on the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_drop_ins(struct config *config, const char *path, struct fault *why)
{
	char directory[PATH_MAX];
	struct dirent **entries;
	int cnt, err = 0;

	if (snprintf(directory, sizeof(directory), "%s.d", path) >= (int)sizeof(directory))
		return fault__set(why, -ENAMETOOLONG, "%s.d: the path is too long", path);
	cnt = scandir(directory, &entries, is_drop_in, compare_names);
	if (cnt < 0) {
		err = -errno;
		if (err == -ENOENT)
			return 0;
		return fault__set(why, err, "%s: %s", directory, strerror(-err));
	}
	for (int i = 0; i < cnt; i++) {
		if (!err)
			err = load_drop_in(config, directory, entries[i]->d_name, why);
		free(entries[i]);
	}
	free(entries);
	return err;
}

int config__load(struct config *config, const char *path, struct fault *why)
{
	int err;

	err = load_file(config, path, why);
	if (err)
		return err;
	return load_drop_ins(config, path, why);
}
