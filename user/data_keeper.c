/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "data_keeper_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output_dir.h"

int data_keeper__new(const struct sink_options *options, struct data_keeper **ret_keeper,
		     struct fault *why)
{
	struct data_keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return fault__set(why, -ENOMEM, "no memory");
	keeper->options = *options;
	*ret_keeper = keeper;
	return 0;
}

void data_keeper__free(struct data_keeper *keeper)
{
	if (!keeper)
		return;
	part_packer__free(keeper->packer);
	data_keeper__give_up_job(keeper);
	for (size_t i = 0; i < keeper->name_cnt; i++)
		free(keeper->names[i]);
	free(keeper->names);
	free(keeper->parts);
	free(keeper);
}

void data_keeper__set_options(struct data_keeper *keeper, const struct sink_options *options)
{
	sink_options__change(&keeper->options, options);
}

void data_keeper__notice(const struct data_keeper *keeper, bool *told, const char *fmt, ...)
{
	void (*tell)(void *ctx, const char *text) =
		*told ? keeper->options.notice_debug : keeper->options.notice;
	char text[512];
	va_list args;

	*told = true;
	if (!tell)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tell(keeper->options.notice_ctx, text);
}

/* --- what a recorder has left that was killed ---------------------------------------------- */

static int remove_redundant(int dir_fd, const char *name, size_t *ret_cnt)
{
	struct data_part_found *parts;
	char entry[NAME_MAX + 1];
	size_t cnt, removed = 0;
	int err;

	err = data_parts__list(dir_fd, name, &parts, &cnt);
	if (err)
		return err;
	for (size_t i = 0; !err && i < cnt; i++) {
		if (!parts[i].redundant)
			continue;
		err = data_part__entry(name, parts[i].part, entry);
		if (!err && unlinkat(dir_fd, entry, 0))
			err = -errno;
		removed += !err;
	}
	free(parts);
	*ret_cnt = removed;
	return err;
}

static int tidy(struct data_keeper *keeper, const char *name, struct fault *why)
{
	int dir_fd = output_dir__fd(keeper->options.dir);
	char temporary[NAME_MAX + 1];
	bool told = false;
	size_t removed;
	int err;

	err = remove_redundant(dir_fd, name, &removed);
	if (err)
		return fault__set(why, err, "%s/%s: cannot tidy up the rotated files: %s",
				  output_dir__path(keeper->options.dir), name, strerror(-err));
	if (!data_parts__temporary(name, temporary) && !unlinkat(dir_fd, temporary, 0))
		removed++;
	if (removed)
		data_keeper__notice(keeper, &told,
				    "%s: tidied up after a compression that was cut off (no row is "
				    "lost or there twice)",
				    name);
	return 0;
}

static bool has_name(const struct data_keeper *keeper, const char *name)
{
	for (size_t i = 0; i < keeper->name_cnt; i++) {
		if (!strcmp(keeper->names[i], name))
			return true;
	}
	return false;
}

int data_keeper__add_name(struct data_keeper *keeper, const char *name, struct fault *why)
{
	char **names;
	char *copy;

	/* A sink that is opened again; its parts are in hand. */
	if (has_name(keeper, name))
		return 0;
	names = reallocarray(keeper->names, keeper->name_cnt + 1, sizeof(*names));
	copy = strdup(name);
	if (names)
		keeper->names = names;
	if (!names || !copy) {
		free(copy);
		return fault__set(why, -ENOMEM, "%s: out of memory", name);
	}
	keeper->names[keeper->name_cnt++] = copy;
	keeper->listed = false;
	return tidy(keeper, name, why);
}

/* --- which parts there are ----------------------------------------------------------------- */

static int compare_age(const void *left, const void *right)
{
	const struct data_part_found *a = &((const struct kept_part *)left)->found;
	const struct data_part_found *b = &((const struct kept_part *)right)->found;

	if (a->modified_ns != b->modified_ns)
		return a->modified_ns < b->modified_ns ? -1 : 1;
	return a->part.number < b->part.number ? 1 : a->part.number > b->part.number ? -1 : 0;
}

static int add_parts(struct data_keeper *keeper, size_t name)
{
	struct data_part_found *found;
	struct kept_part *grown;
	size_t cnt;
	int err;

	err = data_parts__list(output_dir__fd(keeper->options.dir), keeper->names[name], &found,
			       &cnt);
	if (err)
		return err;
	grown = reallocarray(keeper->parts, keeper->part_cnt + cnt + 1, sizeof(*grown));
	if (!grown) {
		free(found);
		return -ENOMEM;
	}
	keeper->parts = grown;
	for (size_t i = 0; i < cnt; i++) {
		if (!S_ISREG(found[i].mode))
			continue;
		keeper->parts[keeper->part_cnt++] = (struct kept_part) { found[i], name };
		keeper->part_bytes += found[i].sz;
	}
	free(found);
	return 0;
}

/* A change within the same tick of the clock as the listing leaves the directory's time as it is;
 * so a listing holds only if the last change was well before it. */
static bool is_settled(const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - st->st_mtim.tv_sec > 1;
}

static bool listing_holds(const struct data_keeper *keeper, const struct stat *st)
{
	return keeper->listed && st->st_dev == keeper->listed_dev &&
	       st->st_ino == keeper->listed_ino &&
	       st->st_mtim.tv_sec == keeper->listed_change.tv_sec &&
	       st->st_mtim.tv_nsec == keeper->listed_change.tv_nsec;
}

static int list(struct data_keeper *keeper)
{
	struct stat st;
	int err = 0;

	if (fstat(output_dir__fd(keeper->options.dir), &st))
		return -errno;
	if (listing_holds(keeper, &st))
		return 0;
	keeper->listed = false;
	keeper->part_cnt = 0;
	keeper->part_bytes = 0;
	for (size_t i = 0; !err && i < keeper->name_cnt; i++)
		err = add_parts(keeper, i);
	if (err)
		return err;
	if (keeper->part_cnt)
		qsort(keeper->parts, keeper->part_cnt, sizeof(*keeper->parts), compare_age);
	keeper->listed = is_settled(&st);
	keeper->listed_dev = st.st_dev;
	keeper->listed_ino = st.st_ino;
	keeper->listed_change = st.st_mtim;
	return 0;
}

/* --- which parts go ------------------------------------------------------------------------ */

static uint64_t live_bytes(const struct data_keeper *keeper)
{
	uint64_t sum = 0;
	struct stat st;

	for (size_t i = 0; i < keeper->name_cnt; i++) {
		if (!fstatat(output_dir__fd(keeper->options.dir), keeper->names[i], &st,
			     AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	}
	return sum;
}

static void delete_part(struct data_keeper *keeper, const struct kept_part *part)
{
	const struct data_part_found *found = &part->found;
	const char *name = keeper->names[part->name];
	bool first = !keeper->told_deletion;

	if (data_parts__remove(output_dir__fd(keeper->options.dir), name, found->part.number))
		return; /* the next older one, then */
	data_keeper__notice(
		keeper, &keeper->told_deletion,
		"%s.%u%s deleted: the files take more than keep-size, %" PRIu64 " bytes%s", name,
		found->part.number, found->part.compressed ? DATA_PART_COMPRESSED : "",
		keeper->options.keep_bytes, first ? " (told once)" : "");
}

static void keep_size(struct data_keeper *keeper)
{
	uint64_t limit = keeper->options.keep_bytes;
	uint64_t used;

	if (!limit)
		return;
	used = keeper->part_bytes + live_bytes(keeper);
	for (size_t i = 0; i < keeper->part_cnt && used > limit; i++) {
		delete_part(keeper, &keeper->parts[i]);
		used -= keeper->parts[i].found.sz;
		keeper->listed = false;
	}
}

void data_keeper__tend(struct data_keeper *keeper, uint64_t now_ns, bool last)
{
	int err;

	data_keeper__advance_job(keeper, now_ns);
	if (!keeper->options.compress && !keeper->options.keep_bytes)
		return;
	err = list(keeper);
	if (err) {
		keeper->part_cnt = 0;
		data_keeper__notice(keeper, &keeper->told_listing, "%s: cannot list: %s",
				    output_dir__path(keeper->options.dir), strerror(-err));
		return;
	}
	keep_size(keeper);
	if (!last && keeper->options.compress)
		data_keeper__begin_job(keeper, now_ns);
}
