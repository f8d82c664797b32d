/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../elf/dwarf.h"
#include "../elf/locate.h"
#include "marks.h"
#include "plan_internal.h"

#define PYTHON_SPARE 64 /* states of Python functions that new settings may add */

void *plan_grow(void *items, size_t cnt, size_t item_sz)
{
	/* powers of two, seen from the count alone */
	if (cnt && (cnt & (cnt - 1)))
		return items;
	return reallocarray(items, cnt ? cnt * 2 : 1, item_sz);
}

/* --- files --------------------------------------------------------------------------------- */

int open_binary(const char *text, const char *root, char **ret_path, struct elf_file **ret_elf,
		struct fault *why)
{
	char *path = NULL;
	int fd = -1;
	int err;

	err = root ? locate_binary_in(root, text, &path, &fd, why)
		   : locate_binary(text, &path, why);
	if (err)
		return err;
	if (root) {
		err = elf_file__open_fd(fd, path, ret_elf, why);
		close(fd);
	} else {
		err = elf_file__open(path, ret_elf, why);
	}
	if (err)
		free(path);
	else
		*ret_path = path;
	return err;
}

static bool is_on_overlay(const struct elf_file *elf)
{
	struct statfs fs;

	return !fstatfs(elf_file__fd(elf), &fs) && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

/*
 * Containers made from one image have each their own overlay over the same file, and the kernel
 * puts probes into that file: once a container would be too often. The overlay shows the file's own
 * inode number and times, but not its device (Linux Documentation/filesystems/overlayfs.rst,
 * "Inode properties"). Nobody can set the time of change.
 */
static bool is_same_below_overlay(const struct elf_file *a, const struct elf_file *b)
{
	struct stat st_a, st_b;

	return (is_on_overlay(a) || is_on_overlay(b)) && !fstat(elf_file__fd(a), &st_a) &&
	       !fstat(elf_file__fd(b), &st_b) && st_a.st_size == st_b.st_size &&
	       st_a.st_ctim.tv_sec == st_b.st_ctim.tv_sec &&
	       st_a.st_ctim.tv_nsec == st_b.st_ctim.tv_nsec;
}

static bool is_same_file(const struct elf_file *a, const struct elf_file *b)
{
	return elf_file__ino(a) == elf_file__ino(b) &&
	       !strcmp(elf_file__build_id(a), elf_file__build_id(b)) && elf_file__unchanged(a) &&
	       (elf_file__dev(a) == elf_file__dev(b) || is_same_below_overlay(a, b));
}

static bool find_binary(const struct plan *plan, const struct elf_file *elf, uint32_t *ret_index)
{
	for (size_t i = 0; i < plan->binary_cnt; i++) {
		if (plan->binaries[i].elf && is_same_file(plan->binaries[i].elf, elf)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

int plan__add_binary(struct plan *plan, const char *text, const char *root, uint32_t *ret_index,
		     struct fault *why)
{
	struct planned_binary *grown;
	struct elf_file *elf = NULL;
	char *path = NULL;
	int err;

	err = open_binary(text, root, &path, &elf, why);
	if (err)
		return err;
	if (find_binary(plan, elf, ret_index)) {
		elf_file__free(elf);
		free(path);
		return 0;
	}
	if (plan->config->debuginfod)
		elf_file__allow_debuginfod(elf);
	grown = plan_grow(plan->binaries, plan->binary_cnt, sizeof(*grown));
	if (grown)
		plan->binaries = grown;
	if (!grown || (root && !(root = strdup(root)))) {
		elf_file__free(elf);
		free(path);
		return fault__set(why, -ENOMEM, "no memory for the plan");
	}
	*ret_index = plan->binary_cnt;
	plan->binaries[plan->binary_cnt++] =
		(struct planned_binary) { .path = path, .elf = elf, .root = (char *)root };
	return 0;
}

static void planned_binary__close(struct planned_binary *binary)
{
	code_reader__free(binary->code);
	dwarf_info__free(binary->dwarf);
	elf_file__free(binary->elf);
	binary->code = NULL;
	binary->dwarf = NULL;
	binary->elf = NULL;
}

void plan__give_up(struct plan *plan, uint32_t binary)
{
	planned_binary__close(&plan->binaries[binary]);
}

/* --- targets ------------------------------------------------------------------------------- */

void planned_probe__clear(struct planned_probe *probe)
{
	free(probe->symbol);
	free(probe->table);
	free(probe->reason);
	free(probe->exits);
}

struct plan_mark plan__mark(const struct plan *plan)
{
	return (struct plan_mark) {
		.state_cnt = plan->state_cnt,
		.target_cnt = plan->target_cnt,
		.binary_cnt = plan->binary_cnt,
		.probe_cnt = plan->probe_cnt,
		.hook_cnt = plan->hook_cnt,
	};
}

void plan__cut_back(struct plan *plan, const struct plan_mark *mark)
{
	while (plan->probe_cnt > mark->probe_cnt)
		planned_probe__clear(&plan->probes[--plan->probe_cnt]);
	while (plan->hook_cnt > mark->hook_cnt) {
		/* To be planned again; those that stay are recognised. */
		plan->binaries[plan->hooks[--plan->hook_cnt].binary].hooks_planned = false;
		free(plan->hooks[plan->hook_cnt].symbol);
	}
	while (plan->binary_cnt > mark->binary_cnt) {
		planned_binary__close(&plan->binaries[--plan->binary_cnt]);
		free(plan->binaries[plan->binary_cnt].path);
		free(plan->binaries[plan->binary_cnt].root);
	}
	plan->target_cnt = mark->target_cnt;
	while (plan->state_cnt > mark->state_cnt) {
		plan->state_cnt--;
		plan->python_cnt -= plan__is_python(plan, plan->state_cnt);
		state_config__free(plan->states[plan->state_cnt].owned);
	}
}

static bool has_probes_in(const struct plan *plan, uint32_t target, uint32_t binary)
{
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		if (plan->probes[i].target == target && plan->probes[i].binary == binary)
			return true;
	}
	return false;
}

static bool is_among(const struct plan *plan, size_t cnt, const struct planned_probe *probe)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct planned_probe *other = &plan->probes[i];

		if (other->offset == probe->offset && other->binary == probe->binary &&
		    other->state == probe->state && other->kind == probe->kind)
			return true;
	}
	return false;
}

/* A state may name one place several times: by the names of its file, by a name and a pattern. It
 * is one probe, or each call would count several times. */
static void plan__drop_doubles(struct plan *plan, size_t first)
{
	size_t kept = first;

	for (size_t i = first; i < plan->probe_cnt; i++) {
		if (is_among(plan, first, &plan->probes[i]))
			planned_probe__clear(&plan->probes[i]);
		else
			plan->probes[kept++] = plan->probes[i];
	}
	plan->probe_cnt = kept;
}

static bool is_only_target(const struct plan *plan, uint32_t target)
{
	for (uint32_t i = 0; i < plan->target_cnt; i++) {
		if (i != target && plan->targets[i].state == plan->targets[target].state)
			return false;
	}
	return true;
}

int plan__look_again(struct plan *plan, uint32_t target, const char *root, uint32_t *ret_binary,
		     struct fault *why)
{
	const struct function_ref *ref = plan->targets[target].ref;
	const struct plan_mark before = plan__mark(plan);
	uint32_t binary = 0;
	int err;

	err = plan__add_binary(plan, ref->binary, root, &binary, why);
	if (!err && has_probes_in(plan, target, binary)) {
		plan->targets[target].pending = false;
		*ret_binary = binary;
		return 0;
	}
	if (!err)
		err = plan__add_probes(plan, target, binary, why);
	if (!err && plan->targets[target].role == TARGET_FUNCTION)
		err = plan__add_hooks(plan, binary, false, why);
	if (err) {
		plan__cut_back(plan, &before);
		if (err == -ENOMEM)
			fault__set(why, err, "no memory for the plan");
		return fault__prefix(why, err, "%s: state %s", ref->origin,
				     plan->states[plan->targets[target].state].name);
	}
	if (!is_only_target(plan, target))
		plan__drop_doubles(plan, before.probe_cnt);
	plan->targets[target].pending = false;
	*ret_binary = binary;
	return plan->probe_cnt > before.probe_cnt;
}

int plan__look_for_hooks(struct plan *plan, struct fault *why)
{
	const struct plan_mark before = plan__mark(plan);
	int err = 0;

	for (size_t i = 0; !err && i < plan->probe_cnt; i++) {
		const struct planned_probe *probe = &plan->probes[i];
		bool first = !i || plan->probes[i - 1].binary != probe->binary;

		if (first && probe->kind == PLANNED_CALL && plan->binaries[probe->binary].elf)
			err = plan__add_hooks(plan, probe->binary, true, why);
	}
	if (err)
		plan__cut_back(plan, &before);
	return err;
}

/* --- the plan ------------------------------------------------------------------------------ */

static int plan__add_targets(struct plan *plan, uint32_t state, const struct function_ref *refs,
			     size_t cnt, int role)
{
	struct planned_target *grown;

	for (size_t i = 0; i < cnt; i++) {
		grown = plan_grow(plan->targets, plan->target_cnt, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		plan->targets = grown;
		plan->targets[plan->target_cnt++] =
			(struct planned_target) { .state = state, .role = role, .ref = &refs[i] };
	}
	return 0;
}

static int add_state(struct plan *plan, const struct state_config *state, struct fault *why)
{
	struct planned_state *grown;
	uint32_t number = plan->state_cnt;
	int err;

	if (number == TACHO_STATES_MAX)
		return fault__set(why, -E2BIG, "more than %d states", TACHO_STATES_MAX);
	if (state->python_cnt && plan->python_cnt == plan->reserved_labels)
		return fault__set(why, -E2BIG,
				  "state %s: no more than %u states of Python functions, old and "
				  "new ones, find room in this recording (start again)",
				  state->name, plan->reserved_labels);
	grown = plan_grow(plan->states, plan->state_cnt, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	plan->states = grown;
	plan->states[plan->state_cnt++] = (struct planned_state) {
		.config = state,
		.name = state->name,
		.process = state->process,
		.rate_limit = state->rate_limit,
		.label = state->python_cnt ? ++plan->python_cnt : 0,
	};
	err = plan__add_targets(plan, number, state->functions, state->function_cnt,
				plan__is_marks(plan, number) ? TARGET_MARKS : TARGET_FUNCTION);
	if (!err)
		err = plan__add_targets(plan, number, state->begins, state->begin_cnt,
					TARGET_BEGIN);
	if (!err)
		err = plan__add_targets(plan, number, state->ends, state->end_cnt, TARGET_END);
	return err;
}

static int add_marks(struct plan *plan, struct fault *why)
{
	size_t first = plan->target_cnt;
	struct plan_cores cores;
	struct state_config *state;
	int err;

	err = plan_make_marks(plan->config, &state, &cores, why);
	if (err)
		return err;
	plan->has_marks = true;
	plan->marks_state = plan->state_cnt;
	err = add_state(plan, state, why);
	if (plan->state_cnt > plan->marks_state)
		plan->states[plan->marks_state].owned = state;
	else
		state_config__free(state);
	for (size_t i = first; i < first + cores.cnt && i < plan->target_cnt; i++) {
		plan->targets[i].core = true;
		plan->targets[i].usual = cores.usual;
	}
	return err;
}

/* New settings may bring some more. */
static void reserve_labels(struct plan *plan)
{
	const struct config *config = plan->config;

	if (!config->marks.python)
		return;
	plan->reserved_labels = PYTHON_SPARE;
	for (size_t i = 0; i < config->state_cnt; i++)
		plan->reserved_labels += config->states[i].enabled && config->states[i].python_cnt;
}

static int add_all_states(struct plan *plan, struct fault *why)
{
	const struct config *config = plan->config;
	int err = 0;

	reserve_labels(plan);
	for (size_t i = 0; !err && i < config->state_cnt; i++) {
		if (config->states[i].enabled)
			err = add_state(plan, &config->states[i], why);
	}
	if (!err && (config->marks.enabled || config->marks.python))
		err = add_marks(plan, why);
	return err == -ENOMEM ? fault__set(why, err, "no memory for the plan") : err;
}

/* --- types of captured values --------------------------------------------------------------- */

static void settle_type(struct planned_state *state, size_t i, const struct planned_value *found)
{
	const struct value_ref *value = &state->config->captures[i].value;

	state->types[i] = value->type;
	if (state->types[i] == TACHO_VALUE_NONE && found)
		state->types[i] = found->type;
	if (state->types[i] == TACHO_VALUE_NONE)
		state->types[i] = value->source == VALUE_RETURN ? TACHO_VALUE_S32 : TACHO_VALUE_U64;
	if (state->types[i] != TACHO_VALUE_STRING)
		return;
	state->text_szs[i] = value->text_sz ? value->text_sz : CONFIG_TEXT_SZ_DEFAULT;
}

static const struct planned_probe *first_probe(const struct plan *plan, uint32_t state)
{
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		if (plan->probes[i].state == state && plan->probes[i].kind != PLANNED_END)
			return &plan->probes[i];
	}
	return NULL;
}

/* A column has one type: all probes of a state are made to agree. */
static void settle_types(struct plan *plan, size_t first_state, size_t first_planned)
{
	for (uint32_t s = first_state; s < plan->state_cnt; s++) {
		struct planned_state *state = &plan->states[s];
		const struct planned_probe *probe = first_probe(plan, s);

		for (size_t i = 0; i < state->config->capture_cnt; i++)
			settle_type(state, i, probe ? &probe->values[i] : NULL);
		state->types_settled = true;
	}
	for (size_t i = first_planned; i < plan->probe_cnt; i++)
		planned_probe__settle_types(&plan->probes[i], &plan->states[plan->probes[i].state]);
}

/* --- starting ------------------------------------------------------------------------------- */

/* May it appear later? What stands on the command line is wanted now. */
static bool may_wait(const struct plan *plan, const struct planned_target *target, int err)
{
	return err == -ENOENT && plan->options.wait && strcmp(target->ref->origin, "-s");
}

/* Here and in the other roots, where the same name may mean another file. */
static int look_everywhere(struct plan *plan, uint32_t target, struct fault *why)
{
	struct fault elsewhere;
	uint32_t binary;
	int err;

	err = plan__look_again(plan, target, NULL, &binary, why);
	for (size_t i = 0; (err >= 0 || err == -ENOENT) && i < plan->options.root_cnt; i++) {
		if (plan__look_again(plan, target, plan->options.roots[i], &binary, &elsewhere) >=
		    0)
			err = 0;
	}
	return err < 0 ? err : 0;
}

static int look_for_targets(struct plan *plan, size_t first, struct fault *why)
{
	int err = 0;

	for (size_t i = first; !err && i < plan->target_cnt; i++) {
		struct planned_target *target = &plan->targets[i];

		err = look_everywhere(plan, i, &target->waiting);
		if (err && may_wait(plan, target, err)) {
			target->pending = true;
			err = 0;
		} else if (err && err != -ENOMEM && plan->options.keep_going) {
			target->failed = true;
			err = 0;
		} else if (err) {
			fault__set(why, err, "%s", target->waiting.text);
		}
	}
	return err;
}

int plan__new(const struct config *config, const struct plan_options *options,
	      struct plan **ret_plan, struct fault *why)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int err;

	if (!plan)
		return fault__set(why, -ENOMEM, "no memory for the plan");
	plan->config = config;
	plan->options = *options;
	err = add_all_states(plan, why);
	if (!err)
		err = look_for_targets(plan, 0, why);
	if (err) {
		plan__free(plan);
		return err;
	}
	settle_types(plan, 0, 0);
	plan->options.roots = NULL; /* the caller's */
	plan->options.root_cnt = 0;
	*ret_plan = plan;
	return 0;
}

static int take_state(struct plan *plan, struct config *config, size_t index, struct fault *why)
{
	struct state_config *state = config__take_state(config, index);
	int err;

	if (!state)
		return -ENOMEM;
	err = add_state(plan, state, why);
	if (plan->state_cnt && plan->states[plan->state_cnt - 1].config == state)
		plan->states[plan->state_cnt - 1].owned = state;
	else
		state_config__free(state);
	return err;
}

int plan__add_states(struct plan *plan, struct config *config, const bool *new_states,
		     struct fault *why)
{
	const struct plan_mark before = plan__mark(plan);
	int err = 0;

	for (size_t i = 0; !err && i < config->state_cnt; i++) {
		if (new_states[i])
			err = take_state(plan, config, i, why);
	}
	if (err == -ENOMEM)
		fault__set(why, err, "no memory for the plan");
	if (!err)
		err = look_for_targets(plan, before.target_cnt, why);
	if (err)
		plan__cut_back(plan, &before);
	else
		settle_types(plan, before.state_cnt, before.probe_cnt);
	return err;
}

void plan__free(struct plan *plan)
{
	const struct plan_mark nothing = {};

	if (!plan)
		return;
	plan__cut_back(plan, &nothing);
	free(plan->hooks);
	free(plan->probes);
	free(plan->binaries);
	free(plan->targets);
	free(plan->states);
	free(plan);
}
