/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A list as one JSON document; tacho-list(1) describes it. */
#include <elf.h>

#include "../json.h"
#include "show.h"

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

static json_t *number_or_null(bool known, uint64_t number)
{
	return known ? json_integer((json_int_t)number) : json_null();
}

static json_t *function_json(const struct listed_function *function)
{
	static const char *const verdicts[] = {
		[SURVEY_RECORDABLE] = "yes",
		[SURVEY_ON_REQUEST] = "exit_safe",
		[SURVEY_REFUSED] = "no",
	};
	bool planned = function->verdict != SURVEY_REFUSED;

	return json_pack("{s:o, s:o, s:o, s:I, s:o, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "name", json_text(function->name), "symbol", json_text(function->symbol),
			 "table", json_text(function->table), "address",
			 (json_int_t)function->vaddr, "size_bytes",
			 number_or_null(function->size != 0, function->size), "offset",
			 (json_int_t)function->offset, "recordable", verdicts[function->verdict],
			 "why_not", text_or_null(function->why), "entry_offset",
			 number_or_null(planned, function->entry_offset), "cost",
			 text_or_null(planned ? code_cost__name(function->cost) : NULL), "exits",
			 number_or_null(planned, function->exit_cnt), "tail_calls",
			 number_or_null(planned, function->tail_call_cnt), "run_time_exits",
			 number_or_null(planned, function->maybe_cnt));
}

static json_t *site_json(const struct listed_site *site)
{
	return json_pack("{s:I, s:I, s:o, s:s, s:I, s:o}", "address", (json_int_t)site->vaddr,
			 "offset", (json_int_t)site->offset, "semaphore_offset",
			 number_or_null(site->semaphore_offset != 0, site->semaphore_offset),
			 "cost", code_cost__name(site->cost), "argument_count",
			 (json_int_t)site->arg_cnt, "arguments", json_text(site->args));
}

static json_t *usdt_json(const struct listed_usdt *usdt)
{
	json_t *sites = json_array();

	for (size_t i = 0; i < usdt->site_cnt; i++)
		sites = append(sites, site_json(&usdt->sites[i]));
	return json_pack("{s:o, s:s, s:o, s:I, s:o}", "name", json_text(usdt->name), "recordable",
			 usdt->why ? "no" : "yes", "why_not", text_or_null(usdt->why),
			 "argument_count", (json_int_t)listed_usdt__arg_cnt(usdt), "sites", sites);
}

int list_show_json(const struct list *list, FILE *out)
{
	const struct elf_file *file = survey__file(list->survey);
	bool arm64 = elf_file__machine(file) == EM_AARCH64;
	json_t *functions = json_array();
	json_t *usdts = json_array();
	json_t *exit;

	for (size_t i = 0; i < list->function_cnt; i++)
		functions = append(functions, function_json(&list->functions[i]));
	for (size_t i = 0; i < list->usdt_cnt; i++)
		usdts = append(usdts, usdt_json(&list->usdts[i]));
	exit = json_pack("{s:s, s:o}", "mode", survey__is_fast(list->survey) ? "fast" : "safe",
			 "reason", json_text(survey__exit_reason(list->survey)));
	return json_write(json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "tacho", TACHO_VERSION,
				    "path", json_text(survey__path(list->survey)), "build_id",
				    text_or_null(elf_file__build_id(file)), "machine",
				    arm64 ? "arm64" : "x86-64", "exit_auto", exit, "functions",
				    functions, "usdt_probes", usdts),
			  out);
}
