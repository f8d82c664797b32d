/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The other object of mark_program, and of libmark_other.so. */
#ifndef MARK_OTHER_H
#define MARK_OTHER_H

#ifdef __cplusplus
extern "C"
#endif
	void
	mark_other(int number);

#endif
