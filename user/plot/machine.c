/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/machine.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "parse.h"
#include "python_text.h"

#define FILE_NAME "system_detail.csv"

enum { MACHINE_TIME, MACHINE_BUSY, MACHINE_COLUMN_CNT };

static const char *const columns[MACHINE_COLUMN_CNT] = { "time_ns", "cpu_busy_percent" };

static int take(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	uint64_t time_ns;
	double percent;

	(void)ret_wrong;
	if (parse_u64(row->values[MACHINE_TIME], 0, UINT64_MAX, &time_ns) ||
	    python_text__float(row->values[MACHINE_BUSY], &percent) || !(percent >= 0) ||
	    percent > 100)
		return 0;
	return plot_data__machine_load(ctx, time_ns, percent);
}

int plot_machine__read(struct plot_data *data, const char *path)
{
	static const struct data_layout layout = { columns, MACHINE_COLUMN_CNT, MACHINE_COLUMN_CNT,
						   NULL, take };
	const struct data_layout *const layouts[] = { &layout };
	const char *name = strrchr(path, '/');
	struct data_reader *reader;
	struct fault why;
	struct stat st;
	size_t cnt;
	int err = 0;

	if (stat(path, &st) || (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
		return 0;
	reader = data_reader__new(layouts, 1, data, NULL);
	if (!reader)
		return -ENOMEM;
	if (S_ISDIR(st.st_mode))
		err = data_reader__read_parts(reader, path, FILE_NAME, &cnt, &why);
	else if (!strncmp(name ? name + 1 : path, FILE_NAME, strlen(FILE_NAME)))
		err = data_reader__read_file(reader, path, &why);
	data_reader__free(reader);
	return err == -ENOMEM ? err : 0;
}
