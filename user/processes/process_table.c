/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "process_table.h"

#include <stdlib.h>
#include <string.h>

static void known_process__free(struct known_process *process)
{
	free(process->command);
	free(process->cgroup);
	free(process);
}

void process_table__clear(struct process_table *table)
{
	for (size_t i = 0; i < table->cnt; i++)
		known_process__free(table->items[i]);
	free(table->items);
	*table = (struct process_table) {};
}

static bool is_before(const struct known_process *process, uint32_t pid, uint64_t start_boot_ns)
{
	return process->pid < pid ||
	       (process->pid == pid && process->start_boot_ns < start_boot_ns);
}

/* Index of the first that is not before the key. */
static size_t lower_bound(const struct process_table *table, uint32_t pid, uint64_t start_boot_ns)
{
	size_t from = 0, to = table->cnt;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (is_before(table->items[middle], pid, start_boot_ns))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool is_at(const struct process_table *table, size_t index, uint32_t pid,
		  uint64_t start_boot_ns)
{
	return index < table->cnt && table->items[index]->pid == pid &&
	       table->items[index]->start_boot_ns == start_boot_ns;
}

struct known_process *process_table__find(struct process_table *table, uint32_t pid,
					  uint64_t start_boot_ns)
{
	size_t index = table->next;

	if (!is_at(table, index, pid, start_boot_ns)) {
		index = lower_bound(table, pid, start_boot_ns);
		if (!is_at(table, index, pid, start_boot_ns))
			return NULL;
	}
	table->next = index + 1;
	return table->items[index];
}

struct known_process *process_table__newest(const struct process_table *table, uint32_t pid)
{
	size_t behind = lower_bound(table, pid, UINT64_MAX);

	return behind && table->items[behind - 1]->pid == pid ? table->items[behind - 1] : NULL;
}

static int make_room(struct process_table *table)
{
	size_t capacity = table->capacity ? 2 * table->capacity : 256;
	struct known_process **items;

	if (table->cnt < table->capacity)
		return 0;
	items = reallocarray(table->items, capacity, sizeof(*items));
	if (!items)
		return -1;
	table->items = items;
	table->capacity = capacity;
	return 0;
}

struct known_process *process_table__add(struct process_table *table, uint32_t pid,
					 uint64_t start_boot_ns)
{
	size_t index = lower_bound(table, pid, start_boot_ns);
	struct known_process *process;

	if (make_room(table))
		return NULL;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->pid = pid;
	process->start_boot_ns = start_boot_ns;
	memmove(table->items + index + 1, table->items + index,
		(table->cnt - index) * sizeof(*table->items));
	table->items[index] = process;
	table->cnt++;
	table->next = index + 1;
	return process;
}

void process_table__remove(struct process_table *table, struct known_process *process)
{
	size_t index = lower_bound(table, process->pid, process->start_boot_ns);

	memmove(table->items + index, table->items + index + 1,
		(table->cnt - index - 1) * sizeof(*table->items));
	table->cnt--;
	known_process__free(process);
}
