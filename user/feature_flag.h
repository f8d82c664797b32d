/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `[feature-flag]`: whether activities are to be recorded, as a JSON object in a file says, under a
 * key of it. What it means is what it means to the Opentrons packages: only the literal true is on;
 * and if the environment has OT_API_FF_<key>, that alone counts, and is on when its lower case is
 * 1, true or on.
 */
#ifndef TACHO_USER_FEATURE_FLAG_H
#define TACHO_USER_FEATURE_FLAG_H

#include <stdbool.h>

#include "config.h"
#include "fault.h"

#define FEATURE_FLAG_VARIABLE_PREFIX "OT_API_FF_"

struct feature_flag {
	bool on;
	bool by_environment;
	bool not_json;	  /* off: what is in the file cannot be read; perhaps not yet */
	struct fault why; /* off: "no such file", "it is null" */
};

/* Reads a regular file of 1 MiB at most. */
void feature_flag__read(const struct feature_flag_config *config, struct feature_flag *ret_flag);

#endif
