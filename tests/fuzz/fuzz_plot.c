/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The page and every chart, of any bytes that pass as a file of rows. The first byte says which;
 * whatever it is, it is no larger than a page may be, and nothing in it is a control character.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plot/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static void check_output(const char *text, size_t sz)
{
	if (sz > PAGE_SZ_MAX)
		abort();
	for (size_t i = 0; i < sz; i++) {
		if ((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t')
			abort();
	}
}

static void draw(struct plot_data *data, uint8_t which)
{
	char path[] = "rows";
	char *const paths[] = { path };
	struct plot_page page = { .data = data, .paths = paths, .path_cnt = 1, .top = 2 };
	struct fault why = {};
	char *text = NULL;
	size_t cnt = 0, sz;
	FILE *out = open_memstream(&text, &sz);

	while (plot_charts[cnt])
		cnt++;
	kept__sort(&data->kept);
	if (!out || plot_page__sort(&page))
		abort();
	if (which % (cnt + 1) == cnt)
		plot_page__write(&page, out);
	else
		plot_page__write_chart(&page, plot_charts[which % (cnt + 1)], out, &why);
	fclose(out);
	check_output(text, sz);
	free(text);
	plot_page__free(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t sz)
{
	const struct activities_filter filter = {};
	struct plot_data *data = plot_data__new(&filter);
	const struct calls_taker taker = plot_data__taker(data);
	struct calls_reader *reader = calls_reader__new(&taker, NULL);
	struct fault why = {};
	char path[64];
	int fd = memfd_create("rows", 0);

	if (!data || !reader || fd < 0 || (sz && write(fd, bytes + 1, sz - 1) != (ssize_t)(sz - 1)))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	calls_reader__read_path(reader, path, &why);
	plot_data__next_path(data);
	draw(data, sz ? bytes[0] : 0);
	calls_reader__free(reader);
	plot_data__free(data);
	close(fd);
	return 0;
}
