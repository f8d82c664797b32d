/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/activities_internal.h"

#include <string.h>

#include "analysis/summary.h"
#include "select.h"

void activities__set_filter(struct activities *activities, const struct activities_filter *filter)
{
	activities->filter = filter;
}

bool activities__is_filtered(const struct activities *activities)
{
	const struct activities_filter *filter = activities->filter;

	return filter && (filter->threads.cnt || filter->since_ns || filter->until_ns);
}

bool glob_list__matches(const struct glob_list *list, const char *text, size_t sz)
{
	for (size_t i = 0; i < list->cnt; i++) {
		if (glob_matches(&list->globs[i], text, sz))
			return true;
	}
	return !list->cnt;
}

bool activities__take_state(const struct activities *activities, const char *state)
{
	return !activities->filter ||
	       glob_list__matches(&activities->filter->states, state, strlen(state));
}

bool activities_filter__has_moment(const struct activities_filter *filter, uint64_t ns)
{
	return !filter || (ns >= filter->since_ns && (!filter->until_ns || ns < filter->until_ns));
}

static void note_newest(struct activities_tally *tally, uint64_t ns)
{
	if (!tally->any_newest || ns > tally->newest_ns)
		tally->newest_ns = ns;
	tally->any_newest = true;
}

enum call_thread activities_filter__thread(const struct activities_filter *filter,
					   const char *thread, size_t sz)
{
	if (!filter || !filter->threads.cnt)
		return CALL_THREAD_WANTED;
	if (!thread)
		return CALL_THREAD_NAMELESS;
	return glob_list__matches(&filter->threads, thread, sz) ? CALL_THREAD_WANTED
								: CALL_THREAD_OTHER;
}

bool activities_filter__take_call(const struct activities_filter *filter,
				  struct activities_tally *tally, const struct call_row *call)
{
	if (!activities_filter__has_moment(filter, call->start_ns))
		return false;
	tally->nameless_cnt += call->thread == CALL_THREAD_NAMELESS;
	if (call->thread != CALL_THREAD_WANTED)
		return false;
	note_newest(tally, add_saturated(call->start_ns, call->duration_ns));
	return !filter->newest_only;
}

void activities_tally__join(struct activities_tally *tally, const struct activities_tally *from)
{
	if (from->any_newest)
		note_newest(tally, from->newest_ns);
	tally->nameless_cnt += from->nameless_cnt;
}

/* Which of these calls began when, and in which thread, nobody knows; only that they ended between
 * these moments. */
bool activities__take_sums(struct activities *activities, uint64_t from_ns, uint64_t to_ns,
			   uint64_t cnt)
{
	const struct activities_filter *filter = activities->filter;

	if (!filter)
		return true;
	if (to_ns < filter->since_ns || (filter->until_ns && from_ns >= filter->until_ns))
		return false;
	note_newest(&activities->tally, to_ns);
	if (filter->newest_only)
		return false;
	if (!filter->threads.cnt && activities_filter__has_moment(filter, from_ns) &&
	    (!filter->until_ns || to_ns <= filter->until_ns))
		return true;
	activities->unsorted_cnt = add_saturated(activities->unsorted_cnt, cnt);
	return false;
}

bool activities__newest(const struct activities *activities, uint64_t *ret_ns)
{
	if (activities->tally.any_newest)
		*ret_ns = activities->tally.newest_ns;
	return activities->tally.any_newest;
}

uint64_t activities__nameless_cnt(const struct activities *activities)
{
	return activities->tally.nameless_cnt;
}

uint64_t activities__unsorted_cnt(const struct activities *activities)
{
	return activities->unsorted_cnt;
}
