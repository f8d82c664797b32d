/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marks of every kind, so many of each as tests/live/test_recording_marks.py knows.
 *   prog_marks nested             blocks in blocks and in themselves
 *   prog_marks threads N COUNT    N threads, COUNT blocks and counts each
 *   prog_marks keyed              blocks that move between threads
 *   prog_marks late               blocks whose labels are told when they end
 *   prog_marks suspended          one that runs now here, now there; prints the CPU time in it, ns
 *   prog_marks missing            ends without beginnings, beginnings without ends
 *   prog_marks killed|exec        open when the process is killed, or becomes another
 *   prog_marks storm COUNT        as many labels
 *   prog_marks said               attributes and failures
 *   prog_marks names COUNT        as many names of attributes
 *   prog_marks counters           numbers of two processes
 *   prog_marks many COUNT         one block, COUNT times
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tacho/mark.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static uint64_t burn(uint64_t ns)
{
	uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t used;

	do
		used = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	while (used < ns);
	return used;
}

static void pause_ms(int ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000L };

	nanosleep(&time, NULL);
}

/* --- blocks on one thread ------------------------------------------------------------------- */

__attribute__((noinline)) static void recurse(int depth)
{
	TACHO_BEGIN("recursion");
	if (depth > 1)
		recurse(depth - 1);
	TACHO_END("recursion");
}

static void nested(void)
{
	TACHO_BEGIN("outer");
	for (int i = 0; i < 3; i++) {
		TACHO_SCOPE("inner");
	}
	recurse(100);
	TACHO_END("outer");
}

static void *count_blocks(void *count)
{
	for (long i = 0; i < (long)count; i++) {
		TACHO_SCOPE("work");
		TACHO_BEGIN(i % 2 ? "odd" : "even");
		TACHO_COUNTER("items", 1);
		TACHO_END(i % 2 ? "odd" : "even");
	}
	return NULL;
}

static void threads(long n, long count)
{
	pthread_t ids[64];

	for (long i = 0; i < n; i++)
		pthread_create(&ids[i], NULL, count_blocks, (void *)count);
	for (long i = 0; i < n; i++)
		pthread_join(ids[i], NULL);
}

/* --- blocks known by a key ------------------------------------------------------------------ */

static void *end_keyed(void *key)
{
	TACHO_KEY_END("moved", (uintptr_t)key);
	return NULL;
}

static void keyed(void)
{
	pthread_t thread;

	for (uintptr_t key = 1; key <= 20; key++) {
		TACHO_KEY_BEGIN("moved", key);
		pthread_create(&thread, NULL, end_keyed, (void *)key);
		pthread_join(thread, NULL);
	}
	TACHO_KEY_BEGIN("a", 1);
	TACHO_KEY_BEGIN("b", 2);
	TACHO_KEY_BEGIN("a", 3);
	TACHO_KEY_END("a", 1);
	TACHO_KEY_END("a", 3);
	TACHO_KEY_END("b", 2);
	TACHO_KEY_BEGIN("again", 7);
	TACHO_KEY_BEGIN("again", 7); /* ends the first */
	TACHO_KEY_END("other", 7);   /* of another label: none's */
	TACHO_KEY_END("again", 7);
	TACHO_KEY_BEGIN("left", 8);
}

static void late(void)
{
	for (uint64_t key = 1; key <= 10; key++) {
		TACHO_KEY_BEGIN("", key);
		TACHO_KEY_ATTRIBUTE_INT("number", key, key);
	}
	for (uint64_t key = 1; key <= 10; key++) {
		TACHO_KEY_ATTRIBUTE_TEXT("path", key % 2 ? "/odd" : "/even", key);
		TACHO_KEY_END(key % 2 ? "odd" : "even", key);
		TACHO_KEY_END(key % 2 ? "odd" : "even", key); /* there is none any more */
	}
	TACHO_KEY_BEGIN("", 11);
	TACHO_KEY_END("", 11);
	TACHO_KEY_BEGIN("", 12);
	TACHO_KEY_BEGIN("told", 12); /* ends the first */
	TACHO_KEY_END("", 12);	     /* of another label: none's */
	TACHO_KEY_END("told", 12);
	TACHO_KEY_BEGIN("", 13);
	TACHO_KEY_ATTRIBUTE_INT("number", 13, 13);
}

static uint64_t used_elsewhere_ns;

static void *run_elsewhere(void *key)
{
	burn(30000000); /* not in the block */
	TACHO_KEY_ENTER((uintptr_t)key);
	used_elsewhere_ns = burn(40000000);
	TACHO_KEY_LEAVE((uintptr_t)key);
	return NULL;
}

static void suspended(void)
{
	const uintptr_t key = 42;
	uint64_t used_ns;
	pthread_t thread;

	TACHO_KEY_BEGIN("suspended", key);
	used_ns = burn(20000000);
	TACHO_KEY_LEAVE(key);
	burn(30000000);
	pthread_create(&thread, NULL, run_elsewhere, (void *)key);
	pthread_join(thread, NULL);
	TACHO_KEY_ENTER(key);
	used_ns += burn(10000000);
	pause_ms(20);
	TACHO_KEY_END("suspended", key);
	printf("%llu\n", (unsigned long long)(used_ns + used_elsewhere_ns));
}

/* --- missing ends ---------------------------------------------------------------------------- */

static void *leave_open(void *unused)
{
	(void)unused;
	TACHO_BEGIN("thread");
	return NULL;
}

static void missing(void)
{
	pthread_t thread;

	TACHO_END("never begun");
	TACHO_BEGIN("outer");
	TACHO_BEGIN("passed");
	TACHO_BEGIN("passed");
	TACHO_END("outer");
	pthread_create(&thread, NULL, leave_open, NULL);
	pthread_join(thread, NULL);
	TACHO_BEGIN("process");
}

/* --- labels, attributes, counters ------------------------------------------------------------ */

static void storm(long count)
{
	char outer[32], inner[32];

	for (long i = 0; i < count; i++) {
		snprintf(outer, sizeof(outer), "label %ld", i);
		snprintf(inner, sizeof(inner), "inner %ld", i);
		TACHO_BEGIN(outer);
		TACHO_BEGIN(inner);
		TACHO_END(outer); /* among those without a number, too */
	}
}

static void said(void)
{
	char *text = malloc(200);

	memset(text, 'x', 199);
	text[199] = '\0';
	TACHO_ATTRIBUTE_INT("nowhere", 1);
	TACHO_BEGIN("outer");
	TACHO_ATTRIBUTE_INT("lines", -3);
	TACHO_BEGIN("inner");
	TACHO_ATTRIBUTE_TEXT("path", "/tmp/a,\"b\"\n");
	TACHO_ATTRIBUTE_INT("lines", 7);
	TACHO_ATTRIBUTE_INT("lines", 8);
	TACHO_FAIL("no such file");
	TACHO_END("inner");
	TACHO_ATTRIBUTE_TEXT("path", text);
	TACHO_END("outer");
	TACHO_KEY_BEGIN("keyed", 5);
	TACHO_KEY_ATTRIBUTE_INT("lines", INT64_MIN, 5);
	TACHO_KEY_ATTRIBUTE_TEXT("path", "", 5);
	TACHO_KEY_FAIL("cancelled", 5);
	TACHO_KEY_END("keyed", 5);
	TACHO_BEGIN("plain");
	TACHO_END("plain");
	free(text);
}

static void names(long count)
{
	char name[32];

	TACHO_BEGIN("named");
	for (long i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "name %ld", i);
		TACHO_ATTRIBUTE_INT(name, i);
	}
	TACHO_END("named");
}

static void counters(void)
{
	pid_t pid;

	TACHO_COUNTER("hits", 1);
	TACHO_COUNTER("hits", 41);
	TACHO_COUNTER("misses", -5);
	pid = fork();
	if (!pid) {
		TACHO_COUNTER("hits", 100);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	TACHO_COUNTER("hits", -2);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(what, "nested")) {
		nested();
	} else if (!strcmp(what, "threads") && argc > 3) {
		threads(n < 64 ? n : 64, atol(argv[3]));
	} else if (!strcmp(what, "keyed")) {
		keyed();
	} else if (!strcmp(what, "late")) {
		late();
	} else if (!strcmp(what, "suspended")) {
		suspended();
	} else if (!strcmp(what, "missing")) {
		missing();
	} else if (!strcmp(what, "killed")) {
		TACHO_BEGIN("killed");
		TACHO_KEY_BEGIN("keyed", 1);
		raise(SIGKILL);
	} else if (!strcmp(what, "exec")) {
		TACHO_BEGIN("exec");
		TACHO_KEY_BEGIN("keyed", 1);
		execlp("true", "true", (char *)NULL);
	} else if (!strcmp(what, "storm")) {
		storm(n);
	} else if (!strcmp(what, "said")) {
		said();
	} else if (!strcmp(what, "names")) {
		names(n);
	} else if (!strcmp(what, "counters")) {
		counters();
	} else if (!strcmp(what, "many")) {
		for (long i = 0; i < n; i++) {
			TACHO_SCOPE("many");
		}
	} else {
		return 2;
	}
	return 0;
}
