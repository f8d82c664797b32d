/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes that are known, by pid and start: a pid alone is given to another before long. */
#ifndef TACHO_USER_PROCESSES_PROCESS_TABLE_H
#define TACHO_USER_PROCESSES_PROCESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu_times.h"
#include "tacho/process.h"

struct known_process {
	uint32_t pid;
	bool in_scope;
	bool chosen;	  /* its rows are wanted: in scope, with a command that is asked for */
	bool command_cut; /* the command goes on */
	bool ended;	  /* and this was told */
	bool seen_ended;  /* a sample has shown it before */
	bool told;	  /* its last row has been written */
	uint64_t start_boot_ns; /* CLOCK_BOOTTIME */
	uint64_t start_ns;	/* CLOCK_REALTIME; as computed when it was first seen, as boot_s */
	uint64_t boot_s;
	uint64_t read_at_ns; /* its runtime_ns when the command line was last read */
	uint64_t tick;	     /* the last one that it was seen in, or that came before it began */
	char *command;	     /* as rows have it; malloced; NULL when it is not chosen */
	char *cgroup;	     /* likewise */
	struct cpu_times shown;
	struct tacho_process_sample last;
};

struct process_table {
	struct known_process **items; /* by pid, then start */
	size_t cnt;
	size_t capacity;
	size_t next; /* where the one after the last found is: samples come in order */
};

/* Zero-initialise. */
void process_table__clear(struct process_table *table);

struct known_process *process_table__find(struct process_table *table, uint32_t pid,
					  uint64_t start_boot_ns);
/* The youngest of that pid, or NULL. */
struct known_process *process_table__newest(const struct process_table *table, uint32_t pid);

/* One that is not there yet, all zero but for its key; NULL without memory. */
struct known_process *process_table__add(struct process_table *table, uint32_t pid,
					 uint64_t start_boot_ns);
void process_table__remove(struct process_table *table, struct known_process *process);

#endif
