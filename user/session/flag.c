/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The feature flag: read when the recording begins and whenever its file comes, goes, is replaced,
 * or has been written. What somebody is writing just now says nothing: until that is finished, the
 * flag stays as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../feature_flag.h"
#include "../follow/file_watch.h"
#include "../message.h"
#include "session_internal.h"

static bool is_being_written(struct session *s)
{
	int fd = open(s->config->flag.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int got;

	if (fd < 0)
		return false;
	got = file_watch__ask_for_writers(s->follow->watch, fd, FLAG_TAG);
	close(fd);
	return got == FILE_WATCH_BUSY;
}

static void tell(struct session *s, const struct feature_flag *flag)
{
	const struct feature_flag_config *config = &s->config->flag;

	if (flag->by_environment && !flag->on)
		message("record: feature flag %s is off: nothing is recorded (%s in the "
			"environment)",
			config->key, flag->why.text);
	else if (flag->by_environment)
		message_info("record: feature flag %s is on (%s in the environment)", config->key,
			     flag->why.text);
	else if (!flag->on)
		message("record: feature flag %s is off in %s: nothing is recorded until it is "
			"true (%s)",
			config->key, config->file, flag->why.text);
	else if (s->flag_told)
		message_info("record: feature flag %s is on in %s: recording", config->key,
			     config->file);
}

static void read_flag(struct session *s)
{
	struct feature_flag flag;

	feature_flag__read(&s->config->flag, &flag);
	if (flag.not_json) {
		if (is_being_written(s)) {
			s->flag_off |= !s->flag_told;
			return; /* we are told when it is finished */
		}
		/* That may have been so between the two looks. */
		feature_flag__read(&s->config->flag, &flag);
	}
	if (s->flag_told && s->flag_off == !flag.on)
		return;
	s->flag_off = !flag.on;
	message_forget_repetitions();
	tell(s, &flag);
	s->flag_told = true;
}

int session__watch_flag(struct session *s, struct fault *why)
{
	const char *file = s->config->flag.file;
	int err;

	file_watch__remove(s->follow->watch, FLAG_TAG);
	s->flag_told = false;
	s->flag_off = false;
	if (!file)
		return 0;
	err = file_watch__add(s->follow->watch, file, FLAG_TAG, why);
	if (!err)
		read_flag(s);
	return err;
}

void session__flag_changed(struct session *s)
{
	if (!s->config->flag.file)
		return;
	read_flag(s);
	session__select(s);
}
