/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "decode.h"

#include <errno.h>
#include <string.h>

struct bytes {
	const char *at;
	size_t sz;
};

/* The next NUL-terminated string, or NULL when there is none. */
static const char *take_string(struct bytes *bytes)
{
	const char *string = bytes->at;
	const char *end = bytes->sz ? memchr(bytes->at, '\0', bytes->sz) : NULL;

	if (!end)
		return NULL;
	bytes->sz -= end + 1 - bytes->at;
	bytes->at = end + 1;
	return string;
}

static int too_short(struct fault *why, const char *kind, size_t sz)
{
	return fault__set(why, -EBADMSG, "a %s record of %zu bytes is cut short", kind, sz);
}

static int decode_stream(struct bytes bytes, struct fault *why)
{
	struct tacho_stream stream;

	if (bytes.sz < sizeof(stream))
		return too_short(why, "STREAM", bytes.sz);
	memcpy(&stream, bytes.at, sizeof(stream));
	if (stream.magic == __builtin_bswap64(TACHO_STREAM_MAGIC))
		return fault__set(
			why, -EPROTO,
			"recorded on a machine of the other byte order (replay it there)");
	if (stream.magic != TACHO_STREAM_MAGIC)
		return fault__set(why, -EPROTO, "not a tacho stream");
	if (stream.version != TACHO_STREAM_VERSION)
		return fault__set(why, -EPROTO, "stream version %u, this program reads version %d",
				  stream.version, TACHO_STREAM_VERSION);
	return 0;
}

static int decode_state(struct bytes bytes, struct event *event, struct fault *why)
{
	struct tacho_state state;
	size_t sz = bytes.sz;

	if (sz < sizeof(state))
		return too_short(why, "STATE", sz);
	memcpy(&state, bytes.at, sizeof(state));
	bytes.at += sizeof(state);
	bytes.sz -= sizeof(state);
	event->state.number = state.state;
	event->state.name = take_string(&bytes);
	return event->state.name ? 0 : too_short(why, "STATE", sz);
}

static int decode_probe(struct bytes bytes, struct event *event, struct fault *why)
{
	struct tacho_probe probe;
	size_t sz = bytes.sz;

	if (sz < sizeof(probe))
		return too_short(why, "PROBE", sz);
	memcpy(&probe, bytes.at, sizeof(probe));
	bytes.at += sizeof(probe);
	bytes.sz -= sizeof(probe);
	event->probe.number = probe.probe;
	event->probe.state = probe.state;
	event->probe.binary = take_string(&bytes);
	event->probe.function = take_string(&bytes);
	return event->probe.binary && event->probe.function ? 0 : too_short(why, "PROBE", sz);
}

static int decode_activity(struct bytes bytes, struct event *event, struct fault *why)
{
	struct tacho_activity *activity = &event->activity;

	if (bytes.sz < sizeof(*activity))
		return too_short(why, "ACTIVITY", bytes.sz);
	memcpy(activity, bytes.at, sizeof(*activity));
	activity->comm[sizeof(activity->comm) - 1] = '\0';
	if (activity->ended >= TACHO_ENDED_CNT)
		return fault__set(why, -EBADMSG, "an ACTIVITY record ended in an unknown way (%u)",
				  activity->ended);
	if (activity->end_ns < activity->start_ns)
		return fault__set(why, -EBADMSG, "an ACTIVITY record ended before it began");
	return 0;
}

/* Records of fixed size that need no further check. */
static int decode_plain(struct bytes bytes, void *ret, size_t ret_sz, const char *kind,
			struct fault *why)
{
	if (bytes.sz < ret_sz)
		return too_short(why, kind, bytes.sz);
	memcpy(ret, bytes.at, ret_sz);
	return 0;
}

int decode_record(const void *data, size_t sz, struct event *ret_event, struct fault *why)
{
	struct event event = {};
	struct tacho_record head;
	struct bytes bytes = { data, sz };
	int err;

	if (sz < sizeof(head))
		return too_short(why, "", sz);
	memcpy(&head, data, sizeof(head));
	if (head.size < sizeof(head) || head.size > sz || head.size > DECODE_RECORD_MAX)
		return fault__set(why, -EBADMSG, "a record says it has %u bytes, %zu are there",
				  head.size, sz);
	bytes.sz = head.size;
	event.kind = head.kind;
	switch (head.kind) {
	case TACHO_RECORD_STREAM:
		err = decode_stream(bytes, why);
		break;
	case TACHO_RECORD_STATE:
		err = decode_state(bytes, &event, why);
		break;
	case TACHO_RECORD_PROBE:
		err = decode_probe(bytes, &event, why);
		break;
	case TACHO_RECORD_CLOCK:
		err = decode_plain(bytes, &event.clock, sizeof(event.clock), "CLOCK", why);
		break;
	case TACHO_RECORD_ACTIVITY:
		err = decode_activity(bytes, &event, why);
		break;
	case TACHO_RECORD_COUNTS:
		err = decode_plain(bytes, &event.counts, sizeof(event.counts), "COUNTS", why);
		break;
	case TACHO_RECORD_FLUSH:
		err = decode_plain(bytes, &event.flush, sizeof(event.flush), "FLUSH", why);
		break;
	default:
		err = fault__set(why, -EPROTO, "a record of unknown kind %u", head.kind);
	}
	if (!err)
		*ret_event = event;
	return err;
}
