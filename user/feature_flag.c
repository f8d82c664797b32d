/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "feature_flag.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SZ_MAX (1 << 20)

static bool read_environment(const char *key, struct feature_flag *flag)
{
	char name[sizeof(FEATURE_FLAG_VARIABLE_PREFIX) + CONFIG_FLAG_KEY_MAX];
	const char *value;

	snprintf(name, sizeof(name), FEATURE_FLAG_VARIABLE_PREFIX "%s", key);
	value = getenv(name);
	if (!value)
		return false;
	flag->by_environment = true;
	flag->on = !strcmp(value, "1") || !strcasecmp(value, "true") || !strcasecmp(value, "on");
	fault__set(&flag->why, 0, "%s=%.200s", name, value);
	return true;
}

/* The number of bytes, or negative errno. */
static ssize_t read_file(const char *path, char *text, size_t sz)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t used = 0;
	ssize_t got = 1;
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	while (!err && got && used < sz) {
		got = read(fd, text + used, sz - used);
		if (got >= 0)
			used += got;
		else if (errno != EINTR)
			err = -errno;
	}
	close(fd);
	return err ? err : (ssize_t)used;
}

static const char *literal_name(const json_t *value)
{
	if (json_is_false(value))
		return "false";
	if (json_is_null(value))
		return "null";
	return json_is_string(value)   ? "a string"
	       : json_is_number(value) ? "a number"
	       : json_is_object(value) ? "an object"
				       : "a list";
}

static void judge(const json_t *root, const char *key, struct feature_flag *flag)
{
	const json_t *value = json_object_get(root, key);

	flag->on = json_is_true(value);
	if (!json_is_object(root))
		fault__set(&flag->why, 0, "it holds no JSON object");
	else if (!value)
		fault__set(&flag->why, 0, "it is not in there");
	else if (!flag->on)
		fault__set(&flag->why, 0, "it is %s", literal_name(value));
}

static void read_json(const char *text, size_t sz, const char *key, struct feature_flag *flag)
{
	json_error_t error;
	json_t *root;

	if (sz > FILE_SZ_MAX) {
		fault__set(&flag->why, 0, "larger than %d bytes", FILE_SZ_MAX);
		return;
	}
	root = json_loadb(text, sz, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (!root) {
		flag->not_json = true;
		fault__set(&flag->why, 0, "not JSON: line %d: %s", error.line, error.text);
		return;
	}
	judge(root, key, flag);
	json_decref(root);
}

void feature_flag__read(const struct feature_flag_config *config, struct feature_flag *ret_flag)
{
	char *text;
	ssize_t sz;

	*ret_flag = (struct feature_flag) {};
	if (read_environment(config->key, ret_flag))
		return;
	text = malloc(FILE_SZ_MAX + 1);
	sz = text ? read_file(config->file, text, FILE_SZ_MAX + 1) : -ENOMEM;
	if (sz == -EINVAL)
		fault__set(&ret_flag->why, 0, "not a regular file");
	else if (sz < 0)
		fault__set(&ret_flag->why, 0, "%s", strerror((int)-sz));
	else
		read_json(text, (size_t)sz, config->key, ret_flag);
	free(text);
}
