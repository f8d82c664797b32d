// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "dwarf_classes.h"

int outer::other_unit(int x)
{
	return kept_once(x) + tiny(x);
}
