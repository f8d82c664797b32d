/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The whole plan as one JSON document; tacho-check(1) describes it. */
#include <elf.h>
#include <errno.h>

#include "../feature_flag.h"
#include "../json.h"
#include "check_text.h"
#include "show_private.h"

/* Takes both; NULL without memory for either, or to join them. */
static json_t *append(json_t *array, json_t *item)
{
	if (!json_array_append_new(array, item))
		return array;
	json_decref(array);
	return NULL;
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_text(text) : json_null();
}

/* For what may be unknown, or without limit. */
static json_t *number_or_null(bool known, uint64_t number)
{
	return known ? json_integer((json_int_t)number) : json_null();
}

/* --- probes ---------------------------------------------------------------------------------- */

static json_t *exits_json(const struct planned_probe *probe)
{
	json_t *exits = json_array();

	for (size_t i = 0; i < probe->exit_cnt; i++) {
		const struct planned_exit *exit = &probe->exits[i];

		exits = append(exits,
			       json_pack("{s:I, s:s, s:s}", "offset", (json_int_t)exit->offset,
					 "cost", code_cost__name(exit->cost), "kind",
					 exit->jump.present ? "run_time"
					 : exit->tail_call  ? "tail_call"
							    : "return"));
	}
	return exits;
}

static json_t *value_json(uint16_t machine, const struct planned_value *value)
{
	bool is_text = value->type == TACHO_VALUE_STRING;
	char place[VALUE_PLACE_SZ];

	value_place_text(machine, value, place);
	return json_pack("{s:s, s:o, s:s}", "type", value_type_text(value->type), "size_bytes",
			 number_or_null(is_text, value->fetch.text_sz), "place", place);
}

static json_t *values_json(const struct plan *plan, const struct planned_probe *probe)
{
	const struct state_config *config = plan->states[probe->state].config;
	const uint16_t machine = probe_machine(plan, probe);
	json_t *values = json_object();

	for (size_t i = 0; probe->kind != PLANNED_END && i < config->capture_cnt; i++) {
		if (!json_object_set_new(values, config->captures[i].name,
					 value_json(machine, &probe->values[i])))
			continue;
		json_decref(values);
		return NULL;
	}
	return values;
}

static json_t *key_json(const struct plan *plan, const struct planned_probe *probe)
{
	if (probe->key.fetch.kind == TACHO_FETCH_NONE)
		return json_null();
	return value_json(probe_machine(plan, probe), &probe->key);
}

static json_t *returns_json(const struct planned_probe *probe)
{
	if (probe->return_type == TACHO_VALUE_NONE)
		return json_null();
	return json_pack("{s:s, s:b}", "type", value_type_text(probe->return_type), "known",
			 (int)probe->return_type_known);
}

static json_t *end_json(const struct planned_probe *probe)
{
	return json_pack("{s:s, s:o, s:o, s:I, s:I}", "mode", probe_end_text(probe), "reason",
			 text_or_null(probe->reason), "exits", exits_json(probe), "tail_calls",
			 (json_int_t)probe->tail_call_cnt, "run_time_exits",
			 (json_int_t)probe->maybe_cnt);
}

static json_t *probe_json(const struct plan *plan, const struct planned_probe *probe)
{
	const struct planned_binary *binary = &plan->binaries[probe->binary];
	const bool usdt = probe_is_usdt(probe);
	json_t *json, *more;

	json = json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:I, s:s}", "file",
			 json_text(binary->path), "symbol", json_text(probe->symbol), "table",
			 json_text(probe->table), "address", (json_int_t)probe->vaddr, "size_bytes",
			 number_or_null(probe->size != 0, probe->size), "symbol_offset",
			 number_or_null(!usdt, probe->delta), "entry_offset",
			 number_or_null(!usdt, probe->entry_offset), "offset",
			 (json_int_t)probe->offset, "cost", code_cost__name(probe->cost));
	more = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "end", end_json(probe), "inlined_copies",
			 number_or_null(binary->dwarf && !usdt, probe->inlined_cnt),
			 "semaphore_offset",
			 number_or_null(probe->semaphore_offset != 0, probe->semaphore_offset),
			 "captures", values_json(plan, probe), "key", key_json(plan, probe),
			 "returns", returns_json(probe));
	if (json_object_update(json, more)) {
		json_decref(json);
		json = NULL;
	}
	json_decref(more);
	return json;
}

/* --- states ---------------------------------------------------------------------------------- */

static json_t *target_json(const struct plan *plan, uint32_t number)
{
	static const char *const roles[] = {
		[TARGET_FUNCTION] = "function",
		[TARGET_BEGIN] = "begin",
		[TARGET_END] = "end",
		[TARGET_MARKS] = "marks",
	};
	const struct planned_target *target = &plan->targets[number];
	const struct probe_span found = probes_of_target(plan, number);
	const char *first_refused = target->refused_cnt ? target->refused.text : NULL;
	json_t *probes = json_array();

	for (size_t i = 0; i < found.cnt; i++)
		probes = append(probes, probe_json(plan, &found.items[i]));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "role",
			 roles[target->role], "binary", json_text(target->ref->binary), "function",
			 json_text(target->ref->function), "origin", json_text(target->ref->origin),
			 "waiting", text_or_null(target->pending ? target->waiting.text : NULL),
			 "refused", text_or_null(target->failed ? target->waiting.text : NULL),
			 "refused_functions", (json_int_t)target->refused_cnt, "first_refused",
			 text_or_null(first_refused), "probes", probes);
}

static json_t *targets_json(const struct plan *plan, uint32_t state)
{
	json_t *targets = json_array();

	for (uint32_t t = 0; t < plan->target_cnt; t++) {
		if (plan->targets[t].state == state)
			targets = append(targets, target_json(plan, t));
	}
	return targets;
}

static json_t *captures_json(const struct state_config *config)
{
	json_t *captures = json_array();
	char source[VALUE_SOURCE_SZ];

	for (size_t i = 0; i < config->capture_cnt; i++) {
		value_source_text(&config->captures[i].value, source);
		captures = append(captures, json_pack("{s:o, s:o}", "name",
						      json_text(config->captures[i].name), "source",
						      json_text(source)));
	}
	return captures;
}

static json_t *keys_json(const struct state_config *config)
{
	char begin[VALUE_SOURCE_SZ], end[VALUE_SOURCE_SZ];

	if (config->begin_key.source == VALUE_NONE)
		return json_null();
	value_source_text(&config->begin_key, begin);
	value_source_text(&config->end_key, end);
	return json_pack("{s:o, s:o}", "begin", json_text(begin), "end", json_text(end));
}

static json_t *pythons_json(const struct state_config *config)
{
	json_t *pythons = json_array();

	for (size_t i = 0; i < config->python_cnt; i++)
		pythons =
			append(pythons, json_pack("{s:o, s:o, s:o}", "module",
						  json_text(config->pythons[i].binary), "function",
						  json_text(config->pythons[i].function), "origin",
						  json_text(config->pythons[i].origin)));
	return pythons;
}

static json_t *state_json(const struct check *check, uint32_t number)
{
	const struct checked_state *state = &check->states[number];
	const struct state_config *config = state->config;
	char failed_if[FAILED_IF_SZ] = "";

	if (config->failed_if.compare != TACHO_COMPARE_NONE)
		failed_if_text(&config->failed_if, failed_if);
	return json_pack("{s:o, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
			 json_text(config->name), "status", checked_status__name(state->status),
			 "exit", exit_choice_text(config->exit), "place",
			 config->place == PLACE_SYMBOL ? "symbol" : "auto", "many",
			 (int)config->many, "process", text_or_null(config->process),
			 "rate_limit_per_second",
			 number_or_null(config->rate_limit != 0, config->rate_limit), "failed_if",
			 text_or_null(failed_if), "key", keys_json(config), "captures",
			 captures_json(config), "python", pythons_json(config), "targets",
			 targets_json(check->plan, number));
}

/* --- the whole ------------------------------------------------------------------------------- */

static json_t *auto_json(const struct planned_binary *binary)
{
	if (!binary->exit_mode_known)
		return json_null();
	return json_pack("{s:s, s:o}", "mode", binary->fast_is_harmless ? "fast" : "safe", "reason",
			 json_text(binary->exit_reason));
}

static json_t *files_json(const struct plan *plan)
{
	json_t *files = json_array();

	for (size_t i = 0; i < plan->binary_cnt; i++) {
		const struct planned_binary *binary = &plan->binaries[i];
		bool arm64 = elf_file__machine(binary->elf) == EM_AARCH64;

		files = append(files,
			       json_pack("{s:o, s:o, s:s, s:o}", "path", json_text(binary->path),
					 "build_id", text_or_null(elf_file__build_id(binary->elf)),
					 "machine", arm64 ? "arm64" : "x86-64", "exit_auto",
					 auto_json(binary)));
	}
	return files;
}

static json_t *hooks_json(const struct plan *plan)
{
	json_t *hooks = json_array();

	for (size_t i = 0; i < plan->hook_cnt; i++) {
		const struct planned_hook *hook = &plan->hooks[i];

		hooks = append(hooks,
			       json_pack("{s:o, s:o, s:s, s:I}", "file",
					 json_text(plan->binaries[hook->binary].path), "symbol",
					 json_text(hook->symbol), "what", unwind_text(hook->what),
					 "offset", (json_int_t)hook->offset));
	}
	return hooks;
}

static json_t *counts_json(const struct check *check)
{
	json_t *counts = json_object();

	for (enum checked_status s = 0; s <= CHECKED_REFUSED; s++) {
		if (!json_object_set_new(counts, checked_status__name(s),
					 json_integer((json_int_t)check->cnt[s])))
			continue;
		json_decref(counts);
		return NULL;
	}
	return counts;
}

/* Only where the settings have one. */
static int add_flag(json_t *json, const struct feature_flag_config *config)
{
	struct feature_flag flag;

	if (!config->file)
		return 0;
	feature_flag__read(config, &flag);
	return json_object_set_new(
		json, "feature_flag",
		json_pack("{s:o, s:o, s:b, s:b, s:o}", "key", json_text(config->key), "file",
			  json_text(config->file), "on", (int)flag.on, "by_environment",
			  (int)flag.by_environment, "reason", text_or_null(flag.why.text)));
}

static int add_python(json_t *json, const struct check *check)
{
	const struct checked_python *python = &check->python;

	if (!check->has_python)
		return 0;
	return json_object_set_new(json, "python",
				   json_pack("{s:I, s:I, s:I, s:I, s:I}", "cores",
					     (json_int_t)python->core_cnt, "packages",
					     (json_int_t)python->package_cnt, "processes_with_core",
					     (json_int_t)python->loaded_cnt, "processes_without",
					     (json_int_t)python->without_cnt, "processes_unknown",
					     (json_int_t)python->unknown_cnt));
}

int check_show_json(const struct check *check, FILE *out)
{
	json_t *states = json_array(), *json;

	for (uint32_t i = 0; i < check->state_cnt; i++)
		states = append(states, state_json(check, i));
	json = json_pack("{s:s, s:o, s:o, s:o, s:o}", "tacho", TACHO_VERSION, "counts",
			 counts_json(check), "states", states, "files", files_json(check->plan),
			 "hooks", hooks_json(check->plan));
	if (json && (add_flag(json, &check->plan->config->flag) || add_python(json, check))) {
		json_decref(json);
		json = NULL;
	}
	return json_write(json, out);
}
