/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files of the page, as they were when this was built; each ends with a NUL. */
#ifndef TACHO_USER_PLOT_ASSETS_H
#define TACHO_USER_PLOT_ASSETS_H

extern const char plot_chart_css[];
extern const char plot_page_css[];
extern const char plot_page_js[];

/* What a browser makes of them: 'sha256-...' (Content Security Policy Level 3, section 8.3). */
extern const char plot_page_js_hash[];
extern const char plot_style_hash[]; /* of the two style sheets, one behind the other */

#endif
