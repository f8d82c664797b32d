/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/assets.h"

#include "plot_hashes.h" /* made by the Makefile */

/* gcc, clang and their assemblers know .incbin, for every machine. From the top of the sources. */
#define ASSET(symbol, path)                                                                        \
	__asm__(".section .rodata\n"                                                               \
		".global " #symbol "\n"                                                            \
		".type " #symbol ", %object\n" #symbol ":\n"                                       \
		".incbin \"user/plot/" path "\"\n"                                                 \
		".byte 0\n"                                                                        \
		".size " #symbol ", . - " #symbol "\n"                                             \
		".previous\n")

ASSET(plot_chart_css, "chart.css");
ASSET(plot_page_css, "page.css");
ASSET(plot_page_js, "page.js");

const char plot_page_js_hash[] = PLOT_PAGE_JS_HASH;
const char plot_style_hash[] = PLOT_STYLE_HASH;
