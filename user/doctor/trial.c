/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "trial.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_bpf.skel.h"

struct trial {
	struct doctor_bpf *bpf;
	struct bpf_program *program;
	struct bpf_map *map;
};

/* Everything but the program, its map and the global variables stays out of the kernel. */
static void choose(struct trial *trial, const char *program_name, const char *map_name)
{
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_program(program, trial->bpf->obj)
	{
		bpf_program__set_autoload(program, false);
		if (!strcmp(bpf_program__name(program), program_name))
			trial->program = program;
	}
	bpf_object__for_each_map(map, trial->bpf->obj)
	{
		if (map_name && !strcmp(bpf_map__name(map), map_name))
			trial->map = map;
		bpf_map__set_autocreate(map, map == trial->map || bpf_map__is_internal(map));
	}
}

int trial__new(const char *program, const char *map, enum uprobe_way way, struct trial **ret_trial)
{
	struct trial *trial = calloc(1, sizeof(*trial));
	uint32_t attach_type = uprobe_way__attach_type(way);
	int err = -ENOMEM;

	if (!trial)
		return err;
	trial->bpf = doctor_bpf__open();
	if (!trial->bpf) {
		err = -errno;
		goto fail;
	}
	choose(trial, program, map);
	err = -ENOENT;
	if (!trial->program || (map && !trial->map))
		goto fail;
	bpf_program__set_autoload(trial->program, true);
	if (attach_type && bpf_program__type(trial->program) == BPF_PROG_TYPE_KPROBE)
		bpf_program__set_expected_attach_type(trial->program,
						      (enum bpf_attach_type)attach_type);
	err = doctor_bpf__load(trial->bpf);
	if (err)
		goto fail;
	*ret_trial = trial;
	return 0;
fail:
	trial__free(trial);
	return err;
}

void trial__free(struct trial *trial)
{
	if (!trial)
		return;
	doctor_bpf__destroy(trial->bpf);
	free(trial);
}

struct bpf_program *trial__program(const struct trial *trial)
{
	return trial->program;
}

int trial__map_fd(const struct trial *trial)
{
	return bpf_map__fd(trial->map);
}

/* Read while programs may be running. */
uint64_t trial__runs(const struct trial *trial)
{
	return *(const volatile __u64 *)&trial->bpf->bss->seen.runs;
}

uint64_t trial__cookie(const struct trial *trial)
{
	return *(const volatile __u64 *)&trial->bpf->bss->seen.cookie;
}

static int say_nothing(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level;
	(void)fmt;
	(void)args;
	return 0;
}

void trial_silence_libbpf(void)
{
	libbpf_set_print(say_nothing);
}
