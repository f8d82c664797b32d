/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/files_read.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool has(const struct files_read *files, const struct stat *st)
{
	for (size_t i = 0; i < files->cnt; i++) {
		if (files->ids[i].dev == st->st_dev && files->ids[i].ino == st->st_ino)
			return true;
	}
	return false;
}

static int add(struct files_read *files, const struct stat *st)
{
	struct file_id *grown = reallocarray(files->ids, files->cnt + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	files->ids = grown;
	grown[files->cnt++] = (struct file_id) { st->st_dev, st->st_ino };
	return 0;
}

int files_read__note(struct files_read *files, int fd, enum file_met *ret_met)
{
	enum file_met met = FILE_MET_FIRST;
	struct stat st;
	int err = 0;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		met = FILE_MET_PIPE;
	else if (has(files, &st))
		met = FILE_MET_AGAIN;
	else
		err = add(files, &st);
	if (!err)
		*ret_met = met;
	return err;
}

void files_read__free(struct files_read *files)
{
	free(files->ids);
	*files = (struct files_read) {};
}
