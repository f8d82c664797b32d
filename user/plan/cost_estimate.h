/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a recorded call costs the program, by the kinds of instruction that its probes are on. An
 * estimate: times differ between machines, and `tacho doctor` measures them.
 */
#ifndef TACHO_USER_PLAN_COST_ESTIMATE_H
#define TACHO_USER_PLAN_COST_ESTIMATE_H

#include <stdint.h>

#include "plan.h"

/* Nanoseconds that the probes of one call take, of the dearest way out. */
uint32_t planned_probe__cost_ns(const struct planned_probe *probe);

#endif
