/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The USDT probes of a list: places that have the same name are one probe. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../elf/name_glob.h"
#include "../elf/usdt.h"
#include "list_private.h"

struct gathering {
	struct list *list;
	const char *pattern;
	size_t room;
};

/* name is "usdt:PROVIDER:NAME". */
static bool wanted(const char *pattern, const char *name)
{
	const char *bare = name + strlen(USDT_NAME_PREFIX);

	if (!pattern)
		return true;
	if (!name_glob__is_pattern(pattern))
		return strstr(name, pattern);
	return name_glob__match(pattern, name) || name_glob__match(pattern, bare);
}

static int listed_usdt__add_site(struct listed_usdt *usdt, const struct usdt_site *site,
				 const char *problem)
{
	struct listed_site *grown;

	if (problem && !usdt->why) {
		usdt->why = strdup(problem);
		if (!usdt->why)
			return -ENOMEM;
	}
	grown = reallocarray(usdt->sites, usdt->site_cnt + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	usdt->sites = grown;
	grown += usdt->site_cnt;
	*grown = (struct listed_site) {
		.vaddr = site->vaddr,
		.offset = site->offset,
		.semaphore_offset = site->semaphore_offset,
		.arg_cnt = site->arg_cnt,
		.args = strdup(site->args_text),
		.cost = site->nop5 ? CODE_COST_NOP5 : CODE_COST_EMULATED,
	};
	if (!grown->args)
		return -ENOMEM;
	usdt->site_cnt++;
	return 0;
}

/* Each place is a probe of its own at first: merging comes when all are sorted. */
static int gather(void *ctx, const struct usdt_site *site, const char *problem)
{
	struct gathering *g = ctx;
	struct list *list = g->list;
	struct listed_usdt *grown;
	size_t room;
	char *name;

	if (asprintf(&name, USDT_NAME_PREFIX "%s:%s", site->provider, site->name) < 0)
		return -ENOMEM;
	if (!wanted(g->pattern, name)) {
		free(name);
		return 0;
	}
	if (list->usdt_cnt == g->room) {
		room = 2 * g->room + 16;
		grown = reallocarray(list->usdts, room, sizeof(*grown));
		if (!grown) {
			free(name);
			return -ENOMEM;
		}
		list->usdts = grown;
		g->room = room;
	}
	grown = &list->usdts[list->usdt_cnt++];
	*grown = (struct listed_usdt) { .name = name };
	return listed_usdt__add_site(grown, site, problem);
}

static int by_name(const void *a, const void *b)
{
	const struct listed_usdt *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	return (x->sites->vaddr > y->sites->vaddr) - (x->sites->vaddr < y->sites->vaddr);
}

static bool has_site(const struct listed_usdt *usdt, uint64_t vaddr)
{
	return usdt->site_cnt && usdt->sites[usdt->site_cnt - 1].vaddr == vaddr;
}

/* Moves the one place of `from` to `to`, which has the same name and is before it. A note that
 * stands twice is one place. */
static int take_over(struct listed_usdt *to, struct listed_usdt *from)
{
	struct listed_site *grown;

	if (!to->why) {
		to->why = from->why;
		from->why = NULL;
	}
	if (!has_site(to, from->sites->vaddr)) {
		grown = reallocarray(to->sites, to->site_cnt + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		to->sites = grown;
		to->sites[to->site_cnt++] = from->sites[0];
		from->site_cnt = 0;
	}
	listed_usdt__clear(from);
	return 0;
}

static int merge(struct list *list)
{
	struct listed_usdt *usdts = list->usdts;
	size_t kept = 0;
	int err = 0;

	qsort(usdts, list->usdt_cnt, sizeof(*usdts), by_name);
	for (size_t i = 0; i < list->usdt_cnt; i++) {
		if (!err && kept && !strcmp(usdts[kept - 1].name, usdts[i].name)) {
			err = take_over(&usdts[kept - 1], &usdts[i]);
			if (!err)
				continue;
		}
		usdts[kept++] = usdts[i];
	}
	list->usdt_cnt = kept;
	return err;
}

int list__add_usdts(struct list *list, const char *pattern, struct fault *why)
{
	struct gathering gathering = { .list = list, .pattern = pattern };
	int err;

	err = usdt__each(survey__file(list->survey), gather, &gathering, why);
	if (!err && list->usdt_cnt)
		err = merge(list);
	return err == -ENOMEM ? fault__set(why, err, "no memory for the list") : err;
}

void listed_usdt__clear(struct listed_usdt *usdt)
{
	for (size_t i = 0; i < usdt->site_cnt; i++)
		free(usdt->sites[i].args);
	free(usdt->sites);
	free(usdt->name);
	free(usdt->why);
	*usdt = (struct listed_usdt) {};
}

enum code_cost listed_usdt__cost(const struct listed_usdt *usdt)
{
	enum code_cost cost = CODE_COST_NOP5;

	for (size_t i = 0; i < usdt->site_cnt; i++) {
		if (usdt->sites[i].cost > cost)
			cost = usdt->sites[i].cost;
	}
	return cost;
}

size_t listed_usdt__arg_cnt(const struct listed_usdt *usdt)
{
	size_t least = USDT_ARGS_MAX;

	for (size_t i = 0; i < usdt->site_cnt; i++) {
		if (usdt->sites[i].arg_cnt < least)
			least = usdt->sites[i].arg_cnt;
	}
	return least;
}
