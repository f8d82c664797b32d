/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From planned probes to places with cookies and, where a cookie does not hold it all, specs. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prober_internal.h"
#include "tacho_bpf.skel.h"

/* How far to look back for a spec with the same content: places of one function come together. */
#define SPEC_LOOK_BACK 64

/* --- specs --------------------------------------------------------------------------------- */

/* What the values of a probe need; all of its places share it. */
static void describe_values(const struct planned_probe *probe, struct tacho_spec *spec)
{
	for (size_t i = 0; i < TACHO_CAPTURES_MAX; i++) {
		const struct tacho_fetch *fetch = &probe->values[i].fetch;

		if (fetch->kind == TACHO_FETCH_NONE)
			break;
		spec->fetches[spec->fetch_cnt++] = *fetch;
		spec->has_values = 1;
		spec->has_text |= fetch->text_sz != 0;
		spec->entry_values |= !fetch->at_end;
	}
	/* Strings are put together in memory, from the beginning of the call on. */
	spec->entry_values |= spec->has_text;
	spec->has_values |= probe->return_type != TACHO_VALUE_NONE;
	spec->key = probe->key.fetch;
}

static struct tacho_spec entry_spec(const struct planned_probe *probe)
{
	struct tacho_spec spec = { .sp_delta = probe->sp_delta };

	if (probe->entry_offset > TACHO_ENTRY_OFFSET_MAX)
		spec.entry_offset = probe->entry_offset;
	spec.by_goroutine = probe->by_goroutine;
	describe_values(probe, &spec);
	return spec;
}

static struct tacho_spec exit_spec(const struct planned_probe *probe,
				   const struct planned_exit *exit)
{
	struct tacho_spec spec = { .jump = exit->jump, .by_goroutine = probe->by_goroutine };

	return spec;
}

static bool is_needed(const struct tacho_spec *spec)
{
	static const struct tacho_spec none;

	return memcmp(spec, &none, sizeof(none)) != 0;
}

size_t prober_specs_needed(const struct plan *plan)
{
	size_t cnt = 1;

	for (size_t i = 0; i < plan->probe_cnt; i++) {
		struct tacho_spec spec = entry_spec(&plan->probes[i]);

		cnt += is_needed(&spec) + plan->probes[i].maybe_cnt +
		       2 * plan->probes[i].by_goroutine;
	}
	return cnt;
}

/* The number of a spec with this content; 0 when it says nothing. */
static int intern_spec(struct prober *prober, const struct tacho_spec *spec, uint32_t *ret_number,
		       struct fault *why)
{
	__u32 number = prober->spec_cnt;
	uint32_t from = number > SPEC_LOOK_BACK ? number - SPEC_LOOK_BACK : 1;

	*ret_number = 0;
	if (!is_needed(spec))
		return 0;
	for (uint32_t i = from; i < number; i++) {
		if (!memcmp(&prober->specs[i], spec, sizeof(*spec))) {
			*ret_number = i;
			return 0;
		}
	}
	if (number == prober->specs_max)
		return fault__set(why, -ENOSPC,
				  "no more probes of this kind can be added while recording (start "
				  "again)");
	if (bpf_map_update_elem(bpf_map__fd(prober->bpf->maps.specs), &number, spec, BPF_ANY))
		return fault__set(why, -errno, "BPF map 'specs': %s", strerror(errno));
	prober->specs[number] = *spec;
	*ret_number = number;
	prober->spec_cnt++;
	return 0;
}

/* --- places -------------------------------------------------------------------------------- */

static void add_place(struct prober_places *places, uint64_t offset, uint64_t cookie,
		      uint64_t semaphore_offset, uint32_t probe)
{
	places->items[places->cnt] = (struct attach_place) { .offset = offset,
							     .cookie = cookie,
							     .semaphore_offset = semaphore_offset };
	places->probes[places->cnt++] = probe;
}

static enum tacho_place entry_place(const struct planned_probe *probe)
{
	switch (probe->kind) {
	case PLANNED_BEGIN:
		return TACHO_PLACE_BEGIN;
	case PLANNED_END:
		return TACHO_PLACE_END;
	case PLANNED_POINT:
		return TACHO_PLACE_POINT;
	default:
		return probe->fast ? TACHO_PLACE_HIJACK : TACHO_PLACE_ENTRY;
	}
}

static int add_probe_places(struct prober *prober, uint32_t number, struct prober_places *places,
			    struct fault *why)
{
	const struct planned_probe *p = &prober->options.plan->probes[number];
	uint32_t rule = prober->state_rules[p->state];
	struct tacho_spec spec = entry_spec(p);
	uint32_t in_cookie = p->entry_offset <= TACHO_ENTRY_OFFSET_MAX ? p->entry_offset : 0;
	uint32_t spec_number;
	int err;

	err = intern_spec(prober, &spec, &spec_number, why);
	if (err)
		return err;
	add_place(places, p->offset,
		  TACHO_COOKIE(entry_place(p), rule, p->state, number, spec_number, in_cookie),
		  p->semaphore_offset, number);
	for (size_t i = 0; i < p->exit_cnt; i++) {
		const struct planned_exit *exit = &p->exits[i];
		enum tacho_place kind = exit->tail_call ? TACHO_PLACE_LEAVE : TACHO_PLACE_EXIT;

		spec = exit_spec(p, exit);
		err = intern_spec(prober, &spec, &spec_number, why);
		if (err)
			return err;
		add_place(places, exit->offset,
			  TACHO_COOKIE(kind, rule, p->state, number, spec_number, 0), 0, number);
	}
	return 0;
}

int prober__make_places(struct prober *prober, uint32_t binary, struct prober_places *ret_places,
			struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	struct prober_places places = {};
	const struct attachment *before = prober__find_attachment(prober, binary);
	size_t first_hook = before ? before->hook_cnt : 0;
	size_t first = before ? before->probe_cnt : 0;
	size_t room = 0;
	int err = 0;

	for (size_t i = first; i < plan->probe_cnt; i++) {
		if (plan->probes[i].binary == binary)
			room += 1 + plan->probes[i].exit_cnt;
	}
	room += plan->hook_cnt - first_hook;
	places.items = calloc(room + 1, sizeof(*places.items));
	places.probes = calloc(room + 1, sizeof(*places.probes));
	if (!places.items || !places.probes)
		err = fault__set(why, -ENOMEM, "no memory to attach to %s",
				 plan->binaries[binary].path);
	for (size_t i = first; !err && i < plan->probe_cnt; i++) {
		if (plan->probes[i].binary == binary)
			err = add_probe_places(prober, i, &places, why);
	}
	for (size_t i = first_hook; !err && i < plan->hook_cnt; i++) {
		const struct planned_hook *hook = &plan->hooks[i];

		if (hook->binary == binary)
			add_place(&places, hook->offset,
				  TACHO_COOKIE(TACHO_PLACE_UNWIND, 0, hook->what, 0, 0, 0), 0,
				  UINT32_MAX);
	}
	if (err)
		prober_places__free(&places);
	else
		*ret_places = places;
	return err;
}

void prober_places__free(struct prober_places *places)
{
	free(places->items);
	free(places->probes);
	*places = (struct prober_places) {};
}
