/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../elf/name_glob.h"
#include "../elf/usdt.h"
#include "list_private.h"

#define STEP 256 /* functions between two calls of the watch */

/* --- which functions ------------------------------------------------------------------------- */

/* Borrowed from the file, or from found. */
struct choice {
	const struct elf_symbol **symbols;
	size_t cnt, room;
	struct elf_symbols found;
};

static int choose(void *ctx, const struct elf_symbol *symbol)
{
	struct choice *choice = ctx;
	size_t room = 2 * choice->room + 64;
	const struct elf_symbol **grown;

	if (choice->cnt == choice->room) {
		grown = reallocarray(choice->symbols, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		choice->symbols = grown;
		choice->room = room;
	}
	choice->symbols[choice->cnt++] = symbol;
	return 0;
}

/* "*text*", in which no character of the text is special. Malloced. */
static char *pattern_within(const char *text)
{
	char *pattern = malloc(2 * strlen(text) + 3);
	char *at = pattern;

	if (!pattern)
		return NULL;
	*at++ = '*';
	for (; *text; text++) {
		if (*text == '\\')
			*at++ = '\\';
		*at++ = *text;
	}
	*at++ = '*';
	*at = '\0';
	return pattern;
}

/*
 * What matches may be one of several names of a function, "__libc_malloc": if the one that people
 * use matches as well, it goes by that.
 */
static const struct elf_symbol *usual_name(const struct elf_file *file, const char *pattern,
					   const struct elf_symbol *found)
{
	const struct elf_symbol *usual = elf_file__function_at(file, found->vaddr);

	if (!usual || usual->vaddr != found->vaddr)
		return found;
	return name_glob__match(pattern, usual->name) || name_glob__match(pattern, usual->display)
		       ? usual
		       : found;
}

static int choose_matching(const struct elf_file *file, const char *text, struct choice *choice,
			   struct fault *why)
{
	char *pattern = name_glob__is_pattern(text) ? strdup(text) : pattern_within(text);
	const struct elf_query query = { .name = pattern, .many = true };
	int err;

	if (!pattern)
		return -ENOMEM;
	err = elf_file__find(file, &query, &choice->found, why);
	for (size_t i = 0; !err && i < choice->found.cnt; i++)
		err = choose(choice, usual_name(file, pattern, &choice->found.items[i]));
	free(pattern);
	/* Of no other kind is there anything to say that the hint would not. */
	return err == -ENOMEM || err == -EBADMSG ? err : 0;
}

static int choose_functions(const struct elf_file *file, const char *pattern, struct choice *choice,
			    struct fault *why)
{
	if (!pattern)
		return elf_file__each_function(file, choose, choice, why);
	if (!strncmp(pattern, USDT_NAME_PREFIX, strlen(USDT_NAME_PREFIX)))
		return 0;
	return choose_matching(file, pattern, choice, why);
}

/* --- what becomes of them -------------------------------------------------------------------- */

static int list__add_function(struct list *list, const struct elf_symbol *symbol, struct fault *why)
{
	struct listed_function *to = &list->functions[list->function_cnt];
	struct survey_function planned;
	int err;

	err = survey__plan(list->survey, symbol, &planned, why);
	if (err)
		return err;
	*to = (struct listed_function) {
		.name = strdup(symbol->display),
		.symbol = strdup(symbol->name),
		.table = symbol->table,
		.vaddr = symbol->vaddr,
		.size = symbol->size,
		.offset = symbol->offset,
		.verdict = planned.verdict,
		.entry_offset = planned.entry_offset,
		.cost = planned.cost,
		.exit_cnt = planned.exit_cnt,
		.tail_call_cnt = planned.tail_call_cnt,
		.maybe_cnt = planned.maybe_cnt,
	};
	list->function_cnt++;
	if (planned.verdict != SURVEY_RECORDABLE)
		to->why = strdup(planned.why.text);
	if (!to->name || !to->symbol || (planned.verdict != SURVEY_RECORDABLE && !to->why))
		return -ENOMEM;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct listed_function *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

static int list__add_functions(struct list *list, const char *pattern,
			       const struct list_watch *watch, struct fault *why)
{
	struct choice choice = {};
	int err;

	err = choose_functions(survey__file(list->survey), pattern, &choice, why);
	if (!err) {
		list->functions = calloc(choice.cnt + 1, sizeof(*list->functions));
		err = list->functions ? 0 : -ENOMEM;
	}
	for (size_t i = 0; !err && i < choice.cnt; i++) {
		if (watch && i % STEP == 0)
			watch->step(watch->ctx, i, choice.cnt);
		err = list__add_function(list, choice.symbols[i], why);
	}
	if (list->function_cnt)
		qsort(list->functions, list->function_cnt, sizeof(*list->functions), by_name);
	free(choice.symbols);
	elf_symbols__free(&choice.found);
	return err == -ENOMEM ? fault__set(why, err, "no memory for the list") : err;
}

/* --- when there is nothing ------------------------------------------------------------------- */

static int hint_usdt(const struct elf_file *file, const char *text, struct fault *why)
{
	const char *colon = strchr(text, ':');
	struct usdt_sites sites = {};
	char *provider = strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	int err;

	if (!provider)
		return fault__set(why, -ENOMEM, "no memory for the list");
	err = usdt__find(file, provider, colon ? colon + 1 : "*", false, &sites, why);
	usdt_sites__free(&sites);
	free(provider);
	return err;
}

/* Says it as one who has named the function would be told, near names and all. */
static int refuse_nothing(const struct list *list, const char *pattern, struct fault *why)
{
	const struct elf_file *file = survey__file(list->survey);
	const struct elf_query query = { .name = pattern };
	struct elf_symbols symbols = {};
	int err;

	if (!pattern)
		return fault__set(why, -ENOENT,
				  "%s: it has neither symbols of functions nor USDT probes (use a "
				  "build that was not stripped)",
				  survey__path(list->survey));
	if (!strncmp(pattern, USDT_NAME_PREFIX, strlen(USDT_NAME_PREFIX)))
		err = hint_usdt(file, pattern + strlen(USDT_NAME_PREFIX), why);
	else
		err = elf_file__find(file, &query, &symbols, why);
	elf_symbols__free(&symbols);
	if (err == -ENOMEM)
		return err;
	return err ? -ENOENT
		   : fault__set(why, -ENOENT, "%s: nothing matches %s", survey__path(list->survey),
				pattern);
}

/* --- the list -------------------------------------------------------------------------------- */

int list__new(const char *binary, const char *pattern, const struct list_watch *watch,
	      struct list **ret_list, struct fault *why)
{
	struct list *list = calloc(1, sizeof(*list));
	int err;

	if (!list)
		return fault__set(why, -ENOMEM, "no memory for the list");
	err = survey__new(binary, &list->survey, why);
	if (!err)
		err = list__add_functions(list, pattern, watch, why);
	if (!err)
		err = list__add_usdts(list, pattern, why);
	if (!err && !list->function_cnt && !list->usdt_cnt)
		err = refuse_nothing(list, pattern, why);
	if (err)
		list__free(list);
	else
		*ret_list = list;
	return err;
}

void list__free(struct list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->function_cnt; i++) {
		free(list->functions[i].name);
		free(list->functions[i].symbol);
		free(list->functions[i].why);
	}
	free(list->functions);
	for (size_t i = 0; i < list->usdt_cnt; i++)
		listed_usdt__clear(&list->usdts[i]);
	free(list->usdts);
	survey__free(list->survey);
	free(list);
}
