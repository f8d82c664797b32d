/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the text of a target names in a file: symbols, source lines, USDT marks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../elf/dwarf.h"
#include "../elf/usdt.h"
#include "../parse.h"
#include "marks.h"
#include "plan_internal.h"

/* Splits "symbol+0xOFF". A '+' that is not followed by a number belongs to the name (operator+). */
static int split_delta(const char *function, char **ret_name, uint64_t *ret_delta)
{
	const char *plus = strrchr(function, '+');
	uint64_t delta = 0;
	size_t name_sz = strlen(function);

	if (plus && plus > function && !parse_offset(plus + 1, &delta))
		name_sz = plus - function;
	*ret_name = strndup(function, name_sz);
	*ret_delta = delta;
	return *ret_name ? 0 : -ENOMEM;
}

/* "FILE:LINE": a name never ends in a single colon and a number. */
static bool split_line(const char *function, char **ret_file, unsigned int *ret_line)
{
	const char *colon = strrchr(function, ':');
	uint64_t line;

	if (!colon || colon == function || colon[-1] == ':' ||
	    parse_u64(colon + 1, 1, UINT32_MAX, &line))
		return false;
	*ret_file = strndup(function, colon - function);
	*ret_line = line;
	return *ret_file;
}

/* Adds the function unless it is one of many that cannot be recorded. */
static int add_or_pass_over(struct plan *plan, uint32_t index, uint32_t binary,
			    const struct named_place *place, bool one_of_many, struct fault *why)
{
	struct planned_target *target = &plan->targets[index];
	struct fault refused = {};
	int err;

	err = plan__add_function(plan, index, binary, place, &refused);
	if (!err || err == -ENOMEM)
		return err;
	fault__prefix(&refused, err, "%s",
		      one_of_many ? place->symbol->display : target->ref->function);
	if (!one_of_many)
		return fault__set(why, err, "%s", refused.text);
	if (!target->refused_cnt++)
		target->refused = refused;
	return 0;
}

static int add_symbols(struct plan *plan, uint32_t index, uint32_t binary, struct fault *why)
{
	const struct planned_target *target = &plan->targets[index];
	const bool many = plan->states[target->state].config->many;
	struct elf_query query = { .many = many };
	struct elf_symbols symbols = {};
	size_t before = plan->probe_cnt;
	struct named_place place = {};
	char *name = NULL;
	int err;

	err = split_delta(target->ref->function, &name, &place.delta);
	query.name = name;
	if (!err)
		err = elf_file__find(plan->binaries[binary].elf, &query, &symbols, why);
	for (size_t i = 0; !err && i < symbols.cnt; i++) {
		place.symbol = &symbols.items[i];
		err = add_or_pass_over(plan, index, binary, &place, many && symbols.cnt > 1, why);
	}
	if (!err && plan->probe_cnt == before)
		err = fault__set(why, -EOPNOTSUPP,
				 "none of the %zu functions can be recorded; the first: %s",
				 symbols.cnt, target->refused.text);
	elf_symbols__free(&symbols);
	free(name);
	return err;
}

static int add_line(struct plan *plan, uint32_t index, uint32_t binary, const char *file,
		    unsigned int line, struct fault *why)
{
	struct planned_binary *b = &plan->binaries[binary];
	struct dwarf_info *dwarf = plan__dwarf(plan, binary);
	uint64_t *vaddrs = NULL;
	size_t cnt = 0;
	int err;

	if (!dwarf)
		return fault__set(why, -EINVAL,
				  "%s has no debugging information, and so no line numbers "
				  "(install its debug package, or name a function)",
				  b->path);
	err = dwarf_info__find_line(dwarf, file, line, &vaddrs, &cnt, why);
	for (size_t i = 0; !err && i < cnt; i++) {
		struct named_place place = { .symbol = elf_file__function_at(b->elf, vaddrs[i]) };

		if (!place.symbol) {
			err = fault__set(why, -EINVAL,
					 "the code of this line belongs to no function that the "
					 "file's symbol tables know");
			break;
		}
		place.delta = vaddrs[i] - place.symbol->vaddr;
		err = plan__add_function(plan, index, binary, &place, why);
	}
	free(vaddrs);
	return err;
}

/* "usdt:PROVIDER:NAME" */
static int add_usdt(struct plan *plan, uint32_t index, uint32_t binary, struct fault *why)
{
	const struct planned_target *target = &plan->targets[index];
	const char *text = target->ref->function + strlen(USDT_PREFIX);
	const char *colon = strchr(text, ':');
	struct usdt_sites sites = {};
	char *provider;
	int err;

	if (!colon || colon == text || !colon[1])
		return fault__set(why, -EINVAL, "%s: write usdt:PROVIDER:NAME",
				  target->ref->function);
	provider = strndup(text, colon - text);
	if (!provider)
		return -ENOMEM;
	err = usdt__find(plan->binaries[binary].elf, provider, colon + 1,
			 plan->states[target->state].config->many, &sites, why);
	for (size_t i = 0; !err && i < sites.cnt; i++)
		err = plan__add_site(plan, index, binary, &sites.items[i], why);
	usdt_sites__free(&sites);
	free(provider);
	return err;
}

int plan__add_probes(struct plan *plan, uint32_t target, uint32_t binary, struct fault *why)
{
	const char *function = plan->targets[target].ref->function;
	struct planned_binary *b = &plan->binaries[binary];
	unsigned int line;
	char *file;
	int err;

	plan->targets[target].refused_cnt = 0;
	if (!b->code) {
		err = code_reader__new(b->elf, &b->code, why);
		if (err)
			return err;
	}
	if (plan->targets[target].role == TARGET_MARKS)
		return plan__add_marks(plan, target, binary, why);
	if (!strncmp(function, USDT_PREFIX, strlen(USDT_PREFIX)))
		return add_usdt(plan, target, binary, why);
	if (split_line(function, &file, &line)) {
		err = add_line(plan, target, binary, file, line, why);
		free(file);
		return err;
	}
	return add_symbols(plan, target, binary, why);
}
