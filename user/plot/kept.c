/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/kept.h"

#include <stdbool.h>
#include <stdlib.h>

static bool goes_first(const struct kept_call *a, const struct kept_call *b)
{
	return a->duration_ns != b->duration_ns ? a->duration_ns < b->duration_ns
						: a->order > b->order;
}

static void swap(struct kept *kept, size_t a, size_t b)
{
	struct kept_call copy = kept->calls[a];

	kept->calls[a] = kept->calls[b];
	kept->calls[b] = copy;
}

static void sift_up(struct kept *kept, size_t at)
{
	for (; at && goes_first(&kept->calls[at], &kept->calls[(at - 1) / 2]); at = (at - 1) / 2)
		swap(kept, at, (at - 1) / 2);
}

static void sift_down(struct kept *kept)
{
	size_t least = 0, at;

	do {
		at = least;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < kept->cnt; child++) {
			if (goes_first(&kept->calls[child], &kept->calls[least]))
				least = child;
		}
		swap(kept, at, least);
	} while (at != least);
}

void kept__add(struct kept *kept, const struct kept_call *call)
{
	struct kept_call copy = *call;

	copy.order = kept->seen++;
	if (kept->cnt < KEPT_MAX) {
		kept->calls[kept->cnt] = copy;
		sift_up(kept, kept->cnt++);
	} else if (goes_first(&kept->calls[0], &copy)) {
		kept->calls[0] = copy;
		sift_down(kept);
	}
}

static int compare_starts(const void *left, const void *right)
{
	const struct kept_call *a = left, *b = right;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void kept__sort(struct kept *kept)
{
	qsort(kept->calls, kept->cnt, sizeof(kept->calls[0]), compare_starts);
}
