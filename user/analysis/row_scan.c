/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/row_scan.h"

void scan_plan__make(struct scan_plan *plan, const size_t columns[SCAN_COLUMN_CNT],
		     size_t field_cnt)
{
	struct scan_step *step = NULL;
	size_t column;

	*plan = (struct scan_plan) {};
	for (size_t field = 0; field < field_cnt; field++) {
		for (column = 0; column < SCAN_COLUMN_CNT && columns[column] != field;)
			column++;
		if (step && column == SCAN_NOTHING) {
			step->pass_cnt++;
			continue;
		}
		step = &plan->steps[plan->step_cnt++];
		step->column = (uint16_t)column;
	}
}
