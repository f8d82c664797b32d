/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "part_packer.h"

#include <errno.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "thread.h"

#define LEVEL 3
/* What is done between two looks at packer->ending: a few ms, even of a slow CPU. */
#define CHUNK_SZ (64 * 1024)
/* So much is written between two syncs: one at the end would be long, and hold up others. */
#define SYNC_EVERY (1024 * 1024)
#define PATIENCE_MS 900

#define NICE_MAX 19

/* ioprio_set(2) has no header. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_LOWEST_BEST_EFFORT (2 << 13 | 7)

enum order { ORDER_PACK, ORDER_SYNC, ORDER_LET_GO };

struct part_packer {
	pthread_t thread;
	bool has_thread; /* the owner's */
	sem_t begin;
	/* Whoever is the second to leave frees it. */
	bool left;   /* atomic */
	bool ending; /* atomic */
	bool done; /* atomic: what follows belongs to the owner while it is set, else to the thread
		    */
	enum order order;
	int from;
	int to; /* or the directory */
	bool sync;
	int err;
};

static bool is_ending(struct part_packer *packer)
{
	return __atomic_load_n(&packer->ending, __ATOMIC_ACQUIRE);
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- the thread's -------------------------------------------------------------------------- */

struct packing {
	struct part_packer *packer;
	ZSTD_CCtx *zstd;
	char *in;
	char *out;
	size_t unsynced;
};

static int write_out(struct packing *packing, size_t sz)
{
	int to = packing->packer->to;
	size_t at = 0;
	ssize_t n;

	while (at < sz) {
		n = write(to, packing->out + at, sz - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		at += (size_t)n;
	}
	packing->unsynced += sz;
	if (!packing->packer->sync || packing->unsynced < SYNC_EVERY)
		return 0;
	packing->unsynced = 0;
	return fdatasync(to) ? -errno : 0;
}

/* Which errors there are besides memory depends on the file: it grew or shrank. */
static int zstd_errno(size_t result)
{
	return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? -ENOMEM : -EAGAIN;
}

static int compress_chunk(struct packing *packing, size_t sz, ZSTD_EndDirective directive)
{
	ZSTD_inBuffer in = { packing->in, sz, 0 };
	size_t left;
	int err = 0;

	do {
		ZSTD_outBuffer out = { packing->out, CHUNK_SZ, 0 };

		left = ZSTD_compressStream2(packing->zstd, &out, &in, directive);
		if (ZSTD_isError(left))
			return zstd_errno(left);
		err = write_out(packing, out.pos);
	} while (!err && (in.pos < in.size || (directive == ZSTD_e_end && left)));
	return err;
}

static int compress_all(struct packing *packing)
{
	ssize_t n = 1;
	int err = 0;

	while (!err && n) {
		if (is_ending(packing->packer))
			return -ECANCELED;
		n = read(packing->packer->from, packing->in, CHUNK_SZ);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			err = -errno;
		else
			err = compress_chunk(packing, (size_t)n, n ? ZSTD_e_continue : ZSTD_e_end);
	}
	return err;
}

/* The size goes into the frame's header, and zstd refuses an input that is not so long. */
static int set_parameters(ZSTD_CCtx *zstd, uint64_t sz)
{
	size_t result = ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);

	if (!ZSTD_isError(result))
		result = ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	if (!ZSTD_isError(result))
		result = ZSTD_CCtx_setPledgedSrcSize(zstd, sz);
	return ZSTD_isError(result) ? zstd_errno(result) : 0;
}

static int finish_file(struct part_packer *packer, const struct stat *before)
{
	const struct timespec times[] = { before->st_mtim, before->st_mtim };
	struct stat now;

	if (fstat(packer->from, &now))
		return -errno;
	if (now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
		return -EAGAIN;
	if (futimens(packer->to, times))
		return -errno;
	return packer->sync && fsync(packer->to) ? -errno : 0;
}

static int pack(struct part_packer *packer)
{
	struct packing packing = {
		.packer = packer,
		.zstd = ZSTD_createCCtx(),
		.in = malloc(CHUNK_SZ),
		.out = malloc(CHUNK_SZ),
	};
	struct stat before;
	int err = 0;

	if (!packing.zstd || !packing.in || !packing.out)
		err = -ENOMEM;
	else if (fstat(packer->from, &before))
		err = -errno;
	if (!err)
		err = set_parameters(packing.zstd, (uint64_t)before.st_size);
	if (!err)
		err = compress_all(&packing);
	if (!err)
		err = finish_file(packer, &before);
	ZSTD_freeCCtx(packing.zstd);
	free(packing.in);
	free(packing.out);
	return err;
}

static int sync_dir(int dir_fd)
{
	if (!fsync(dir_fd))
		return 0;
	/* Some network and FUSE file systems do not know it for directories. */
	return errno == EINVAL || errno == ENOSYS ? 0 : -errno;
}

static void carry_out(struct part_packer *packer)
{
	packer->err = 0;
	switch (packer->order) {
	case ORDER_PACK:
		packer->err = pack(packer);
		drop(&packer->to);
		return;
	case ORDER_SYNC:
		packer->err = sync_dir(packer->to);
		drop(&packer->to);
		return;
	case ORDER_LET_GO:
		drop(&packer->from);
	}
}

/*
 * The lowest of ordinary priorities, of this thread alone (setpriority(2), "C library/kernel
 * differences"). Not SCHED_IDLE, with which a machine that is busy all the time would never
 * compress anything; nor the idle class of the disk, with which the rows that others sync may have
 * to wait for ours (a commit of the journal waits for the data of all files), and ours for
 * everybody else. Where either is refused, it is less polite.
 */
static void give_way(void)
{
	setpriority(PRIO_PROCESS, 0, NICE_MAX);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_LOWEST_BEST_EFFORT);
}

static void free_packer(struct part_packer *packer)
{
	drop(&packer->from);
	drop(&packer->to);
	sem_destroy(&packer->begin);
	free(packer);
}

static void *run(void *ctx)
{
	struct part_packer *packer = ctx;

	give_way();
	for (;;) {
		while (sem_wait(&packer->begin))
			continue; /* EINTR */
		if (is_ending(packer))
			break;
		carry_out(packer);
		__atomic_store_n(&packer->done, true, __ATOMIC_RELEASE);
	}
	if (__atomic_exchange_n(&packer->left, true, __ATOMIC_ACQ_REL))
		free_packer(packer);
	return NULL;
}

/* --- the owner's --------------------------------------------------------------------------- */

int part_packer__new(struct part_packer **ret_packer)
{
	struct part_packer *packer = calloc(1, sizeof(*packer));

	if (!packer)
		return -ENOMEM;
	packer->from = -1;
	packer->to = -1;
	packer->done = true;
	sem_init(&packer->begin, 0, 0);
	*ret_packer = packer;
	return 0;
}

void part_packer__free(struct part_packer *packer)
{
	if (!packer)
		return;
	if (packer->has_thread) {
		__atomic_store_n(&packer->ending, true, __ATOMIC_RELEASE);
		sem_post(&packer->begin);
		if (thread__join_within(packer->thread, PATIENCE_MS))
			pthread_detach(packer->thread);
		if (!__atomic_exchange_n(&packer->left, true, __ATOMIC_ACQ_REL))
			return; /* it is not at its end yet */
	}
	free_packer(packer);
}

static int give_order(struct part_packer *packer, enum order order)
{
	int err = 0;

	if (!packer->has_thread)
		err = thread__start(&packer->thread, run, packer);
	if (err) {
		drop(&packer->from);
		drop(&packer->to);
		return err;
	}
	packer->has_thread = true;
	packer->order = order;
	__atomic_store_n(&packer->done, false, __ATOMIC_RELEASE);
	sem_post(&packer->begin);
	return 0;
}

int part_packer__pack(struct part_packer *packer, int from, int to, bool sync)
{
	drop(&packer->from);
	packer->from = from;
	packer->to = to;
	packer->sync = sync;
	return give_order(packer, ORDER_PACK);
}

int part_packer__sync(struct part_packer *packer, int dir_fd)
{
	packer->to = dir_fd;
	return give_order(packer, ORDER_SYNC);
}

int part_packer__let_go(struct part_packer *packer)
{
	return give_order(packer, ORDER_LET_GO);
}

bool part_packer__done(struct part_packer *packer, int *ret_err)
{
	if (!__atomic_load_n(&packer->done, __ATOMIC_ACQUIRE))
		return false;
	*ret_err = packer->err;
	return true;
}
