/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marks of programs (tacho/mark.h). All of them are one state of the plan, whose targets are the
 * programs; it stands for what has no label. Each label that is seen while recording is a state of
 * its own behind the others, with one probe, which is in no place: those of the marks serve all.
 */
#include "marks.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../elf/usdt.h"
#include "plan_internal.h"

#define PROGRAMS_MAX 4096 /* that a glob stands for */
#define CORE_NAME "_tacho_marks.abi3.so"
#define TACHO "tacho"
#define PYTHON "python"
#define EVERY_MARK USDT_PREFIX TACHO ":*"

/* --- the sites ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t argument_cnt;
} marks[TACHO_MARK_CNT] = {
	[TACHO_MARK_BEGIN] = { "begin", 1 },
	[TACHO_MARK_END] = { "end", 1 },
	[TACHO_MARK_KEY_BEGIN] = { "key_begin", 2 },
	[TACHO_MARK_KEY_END] = { "key_end", 2 },
	[TACHO_MARK_KEY_LEAVE] = { "key_leave", 1 },
	[TACHO_MARK_KEY_ENTER] = { "key_enter", 1 },
	[TACHO_MARK_COUNTER] = { "counter", 2 },
	[TACHO_MARK_ATTRIBUTE_INT] = { "attribute_int", 2 },
	[TACHO_MARK_ATTRIBUTE_TEXT] = { "attribute_text", 2 },
	[TACHO_MARK_KEY_ATTRIBUTE_INT] = { "key_attribute_int", 3 },
	[TACHO_MARK_KEY_ATTRIBUTE_TEXT] = { "key_attribute_text", 3 },
	[TACHO_MARK_FAIL] = { "fail", 1 },
	[TACHO_MARK_KEY_FAIL] = { "key_fail", 2 },
	[TACHO_MARK_GC_START] = { "gc__start", 1 },
	[TACHO_MARK_GC_DONE] = { "gc__done", 1 },
};

bool plan_find_mark(const struct usdt_site *site, enum tacho_mark *ret_mark)
{
	for (int i = 0; i < TACHO_MARK_CNT; i++) {
		const char *provider = i < TACHO_MARK_GC_START ? TACHO : PYTHON;

		if (strcmp(site->provider, provider) || strcmp(site->name, marks[i].name))
			continue;
		*ret_mark = (enum tacho_mark)i;
		return true;
	}
	return false;
}

static int find_sites(const struct elf_file *elf, bool of_python, struct usdt_sites *ret_sites,
		      struct fault *why)
{
	return usdt__find(elf, of_python ? PYTHON : TACHO, of_python ? "gc__*" : "*", true,
			  ret_sites, why);
}

static int add_sites(struct plan *plan, uint32_t target, uint32_t binary, bool of_python,
		     struct fault *why)
{
	struct usdt_sites sites = {};
	int err;

	err = find_sites(plan->binaries[binary].elf, of_python, &sites, why);
	for (size_t i = 0; !err && i < sites.cnt; i++)
		err = plan__add_site(plan, target, binary, &sites.items[i], why);
	usdt_sites__free(&sites);
	return err;
}

/* A file may have both kinds; of one that has none, the first kind is told to be missing. */
int plan__add_marks(struct plan *plan, uint32_t target, uint32_t binary, struct fault *why)
{
	struct fault missing = {}, broken = {};
	int of_tacho, of_python;

	of_tacho = add_sites(plan, target, binary, false, &missing);
	if (of_tacho && of_tacho != -ENOENT)
		return fault__set(why, of_tacho, "%s", missing.text);
	of_python = add_sites(plan, target, binary, true, &broken);
	if (of_python && of_python != -ENOENT)
		return fault__set(why, of_python, "%s", broken.text);
	return of_tacho && of_python ? fault__set(why, -ENOENT, "%s", missing.text) : 0;
}

int plan__resolve_mark(struct plan *plan, struct planned_probe *probe, const struct usdt_site *site,
		       struct fault *why)
{
	const struct value_scope scope = { .usdt = site };
	int err = 0;

	for (size_t i = 0; !err && i < marks[probe->mark].argument_cnt; i++) {
		const struct value_ref argument = { .source = VALUE_ARGUMENT, .argument = i + 1 };

		err = plan__resolve_value(plan, probe->binary, &argument, &scope, &probe->values[i],
					  why);
	}
	return err;
}

/* --- the programs ---------------------------------------------------------------------------- */

static int add_program(struct state_config *state, const char *path, const char *origin)
{
	struct function_ref *grown =
		plan_grow(state->functions, state->function_cnt, sizeof(*grown));
	struct function_ref *ref;

	if (!grown)
		return -ENOMEM;
	state->functions = grown;
	ref = &grown[state->function_cnt++];
	*ref = (struct function_ref) {
		.binary = strdup(path),
		.function = strdup(EVERY_MARK),
		.origin = strdup(origin),
	};
	return ref->binary && ref->function && ref->origin ? 0 : -ENOMEM;
}

static bool has_marks(const char *path)
{
	struct usdt_sites sites = {};
	struct elf_file *elf;
	bool found = false;

	if (elf_file__open(path, &elf, NULL))
		return false;
	for (int of_python = 0; !found && of_python < 2; of_python++) {
		found = !find_sites(elf, of_python, &sites, NULL);
		usdt_sites__free(&sites);
	}
	elf_file__free(elf);
	return found;
}

/* Free found in any case. */
static int expand(const char *text, int flags, const char *origin, glob_t *ret_found,
		  struct fault *why)
{
	if (glob(text, flags, NULL, ret_found) == GLOB_NOSPACE)
		return -ENOMEM;
	if (ret_found->gl_pathc > PROGRAMS_MAX)
		return fault__set(why, -E2BIG, "%s: programs: '%s' stands for %zu files", origin,
				  text, (size_t)ret_found->gl_pathc);
	return 0;
}

/* A glob stands for the files that have marks. If there is none, and it must stand for something,
 * it does so for itself, and will be told of as what is missing. */
static int add_programs(struct state_config *state, const char *text, const char *origin, bool must,
			struct fault *why)
{
	size_t before = state->function_cnt;
	glob_t found = {};
	int err = 0;

	if (!must || strpbrk(text, "*?[")) {
		err = expand(text, 0, origin, &found, why);
		for (size_t i = 0; !err && i < found.gl_pathc; i++) {
			if (has_marks(found.gl_pathv[i]))
				err = add_program(state, found.gl_pathv[i], origin);
		}
		globfree(&found);
	}
	if (!err && must && state->function_cnt == before)
		err = add_program(state, text, origin);
	return err;
}

/* Where python3-tacho and `make install-python` put it, for the distribution's interpreters or for
 * those below /usr/local: in this folder of each interpreter's. */
static const struct {
	const char *interpreters;
	const char *packages;
} core_places[] = {
	{ "/usr/lib/python3", "dist-packages" },
	{ "/usr/local/lib/python3*", "dist-packages" },
	{ "/usr/lib/python3*", "site-packages" },
	{ "/usr/lib64/python3*", "site-packages" },
	{ "/usr/local/lib/python3*", "site-packages" },
};

#define CORE_PLACE_CNT (sizeof(core_places) / sizeof(core_places[0]))

static const char *first_python_origin(const struct config *config)
{
	for (size_t i = 0; i < config->state_cnt; i++) {
		if (config->states[i].enabled && config->states[i].python_cnt)
			return config->states[i].pythons->origin;
	}
	return "python";
}

static void core_path(char path[PATH_MAX], const char *interpreter, const char *packages)
{
	snprintf(path, PATH_MAX, "%s/%s/" CORE_NAME, interpreter, packages);
}

/* A glob cannot be waited for: it is what the interpreters that there are may get. */
static int await_core(struct state_config *state, size_t place, const char *origin,
		      struct fault *why)
{
	char path[PATH_MAX];
	glob_t found = {};
	int err;

	err = expand(core_places[place].interpreters, GLOB_NOMAGIC, origin, &found, why);
	for (size_t i = 0; !err && i < found.gl_pathc; i++) {
		core_path(path, found.gl_pathv[i], core_places[place].packages);
		err = add_program(state, path, origin);
	}
	globfree(&found);
	return err;
}

/* What is asked for must be there or come; of the usual places, one. */
static int add_cores(struct state_config *state, const struct config *config,
		     struct plan_cores *cores, struct fault *why)
{
	const struct marks_config *settings = &config->marks;
	const char *origin = first_python_origin(config);
	char path[PATH_MAX];
	int err = 0;

	for (size_t i = 0; !err && i < settings->core_cnt; i++)
		err = add_programs(state, settings->cores[i], settings->origin, true, why);
	for (size_t i = 0; !err && i < CORE_PLACE_CNT; i++) {
		core_path(path, core_places[i].interpreters, core_places[i].packages);
		err = add_programs(state, path, origin, false, why);
	}
	cores->usual = !state->function_cnt;
	for (size_t i = 0; !err && cores->usual && i < CORE_PLACE_CNT; i++)
		err = await_core(state, i, origin, why);
	cores->cnt = state->function_cnt;
	return err;
}

/* One in any of the places is enough. */
static bool has_core(const struct plan *plan)
{
	for (size_t i = 0; i < plan->target_cnt; i++) {
		if (plan->targets[i].core && !plan->targets[i].pending && !plan->targets[i].failed)
			return true;
	}
	return false;
}

bool plan__is_waited_for(const struct plan *plan, uint32_t number)
{
	const struct planned_target *target = &plan->targets[number];

	if (!target->pending || !target->usual)
		return target->pending;
	return !has_core(plan) && !(number && plan->targets[number - 1].usual);
}

size_t plan__other_places(const struct plan *plan, uint32_t number)
{
	size_t cnt = 0;

	if (plan->targets[number].usual) {
		while (number + cnt + 1 < plan->target_cnt && plan->targets[number + cnt + 1].usual)
			cnt++;
	}
	return cnt;
}

int plan_make_marks(const struct config *config, struct state_config **ret_state,
		    struct plan_cores *ret_cores, struct fault *why)
{
	const struct marks_config *settings = &config->marks;
	const char *origin = settings->origin ? settings->origin : "[marks]";
	struct state_config *state = calloc(1, sizeof(*state));
	struct plan_cores cores = {};
	int err = -ENOMEM;

	if (!state)
		return err;
	state->name = strdup(PLAN_MARKS_STATE);
	state->origin = strdup(origin);
	state->process = settings->process ? strdup(settings->process) : NULL;
	state->many = true;
	state->enabled = true;
	state->rate_limit = config->rate_limit;
	if (state->name && state->origin && (state->process || !settings->process))
		err = 0;
	if (!err && settings->python)
		err = add_cores(state, config, &cores, why);
	for (size_t i = 0; !err && settings->enabled && i < settings->program_cnt; i++)
		err = add_programs(state, settings->programs[i], origin, true, why);
	if (err) {
		state_config__free(state);
		return err;
	}
	*ret_state = state;
	*ret_cores = cores;
	return 0;
}

/* --- labels ---------------------------------------------------------------------------------- */

/* symbol: what the files have as the function; NULL: the mark's. */
static int add_label_probe(struct plan *plan, uint32_t state, uint32_t site_number,
			   const char *symbol)
{
	struct planned_probe *grown;
	const struct planned_probe *site;

	if (plan->probe_cnt == TACHO_PROBES_MAX || site_number >= plan->probe_cnt)
		return -EINVAL;
	grown = plan_grow(plan->probes, plan->probe_cnt, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	plan->probes = grown;
	site = &plan->probes[site_number];
	grown += plan->probe_cnt;
	*grown = (struct planned_probe) {
		.target = site->target,
		.state = state,
		.binary = site->binary,
		.kind = PLANNED_LABEL,
		.symbol = strdup(symbol ? symbol : site->symbol),
		.table = strdup(site->table),
		.vaddr = site->vaddr,
		.offset = site->offset,
		.cost = site->cost,
	};
	if (!grown->symbol || !grown->table) {
		planned_probe__clear(grown);
		return -ENOMEM;
	}
	grown->function = grown->symbol;
	plan->probe_cnt++;
	return 0;
}

/* A mark that begins blocks, in the first core that is there. A record may also come when there is
 * none: of a core that was given up, or of a program that has this label itself. */
static int find_core_site(const struct plan *plan, uint32_t *ret_site)
{
	int best = -1;

	for (size_t i = 0; i < plan->probe_cnt; i++) {
		const struct planned_probe *probe = &plan->probes[i];
		int rank;

		if (probe->kind != PLANNED_MARK)
			continue;
		rank = !plan->targets[probe->target].core   ? 0
		       : !plan->binaries[probe->binary].elf ? 1
							    : 2;
		rank = 2 * rank + (probe->mark == TACHO_MARK_BEGIN);
		if (rank <= best)
			continue;
		best = rank;
		*ret_site = i;
	}
	return best < 0 ? -ENOENT : 0;
}

/* If a state has several functions, nobody knows which of them a call is of. */
static int add_python_probe(struct plan *plan, uint32_t state)
{
	const struct state_config *config = plan->states[state].config;
	char *symbol = NULL;
	uint32_t site;
	int err;

	err = find_core_site(plan, &site);
	if (!err && config->python_cnt == 1 &&
	    asprintf(&symbol, "%s:%s", config->pythons->binary, config->pythons->function) < 0) {
		symbol = NULL;
		err = -ENOMEM;
	}
	if (!err)
		err = add_label_probe(plan, state, site, symbol);
	free(symbol);
	return err;
}

/* The state of Python functions that has this label; or, for another label, none. */
static bool find_python(const struct plan *plan, uint32_t label, uint32_t *ret_state)
{
	for (uint32_t i = 0; label < plan->reserved_labels && i < plan->state_cnt; i++) {
		if (plan->states[i].label == label + 1) {
			*ret_state = i;
			return true;
		}
	}
	return false;
}

int plan__add_label(struct plan *plan, const struct planned_label *label)
{
	const struct plan_mark before = plan__mark(plan);
	const struct planned_state *all;
	struct state_config *config = calloc(1, sizeof(*config));
	struct planned_state *grown;
	int err = -ENOMEM;
	uint32_t python;

	if (find_python(plan, label->number, &python)) {
		free(config);
		return add_python_probe(plan, python);
	}
	if (plan->state_cnt == TACHO_STATES_MAX)
		err = -E2BIG;
	else if (config)
		config->name = strdup(label->text);
	grown = config && config->name ? plan_grow(plan->states, plan->state_cnt, sizeof(*grown))
				       : NULL;
	if (!grown) {
		state_config__free(config);
		return err;
	}
	all = &grown[plan->marks_state];
	plan->states = grown;
	plan->states[plan->state_cnt++] = (struct planned_state) {
		.config = config,
		.owned = config,
		.name = config->name,
		.rate_limit = all->rate_limit,
		.label = label->number + 1,
		.types_settled = true,
	};
	err = add_label_probe(plan, plan->state_cnt - 1, label->site, NULL);
	if (err)
		plan__cut_back(plan, &before);
	return err;
}

bool plan__has_fail_mark(const struct plan *plan, const struct planned_probe *label)
{
	for (size_t i = 0; label->kind == PLANNED_LABEL && i < plan->probe_cnt; i++) {
		const struct planned_probe *probe = &plan->probes[i];

		if (probe->kind == PLANNED_MARK && probe->binary == label->binary &&
		    (probe->mark == TACHO_MARK_FAIL || probe->mark == TACHO_MARK_KEY_FAIL))
			return true;
	}
	return false;
}
