/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * BINARY:FUNCTION. Cut at the first ':', since what stands behind it may hold more of them, and a
 * path that holds one is rare (a link with another name helps):
 *
 *	/usr/bin/server:handle_request          a symbol
 *	/usr/bin/server:ns::Class<int>::method(int, char const*)
 *	libpython3.11.so:usdt:python:gc__start  a marker: usdt:PROVIDER:NAME
 *	/usr/bin/server:src/server.c:120        a line of the source
 *
 * What FUNCTION means is the planner's business. Here only what would be misread without BINARY in
 * front is refused: "ns::f" as "ns" and ":f", "usdt:a:b" as a binary named usdt, and "server.c:120"
 * as a function named 120.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"

#define FUNCTION_FORM "write BINARY:FUNCTION, as in /usr/lib/libx.so:do_it"
#define USDT_PREFIX "usdt:"
#define DIGITS "0123456789"

static void function_ref__clear(struct function_ref *ref)
{
	free(ref->binary);
	free(ref->function);
	free(ref->origin);
}

void function_refs__clear(struct function_ref **refs, size_t *cnt)
{
	for (size_t i = 0; i < *cnt; i++)
		function_ref__clear(&(*refs)[i]);
	free(*refs);
	*refs = NULL;
	*cnt = 0;
}

/* A number, and nothing else? */
static bool is_number(const char *text)
{
	return *text && !text[strspn(text, DIGITS)];
}

/* "PROVIDER:NAME": one colon, and something on both sides. */
static bool is_marker(const char *text)
{
	size_t provider_sz = strcspn(text, ":");
	const char *name = text + provider_sz + 1;

	return provider_sz && text[provider_sz] && *name && !strchr(name, ':');
}

static int check_function(const struct function_ref *ref, const char *text, struct fault *why)
{
	const char *function = ref->function, *last = strrchr(function, ':');
	const char *marker = NULL;

	if (function[0] == ':' && function[1] != ':')
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' names no binary before '::' (%s)", text,
				  FUNCTION_FORM);
	if (is_number(function))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' names no binary before FILE:LINE (write "
				  "BINARY:FILE:LINE, as in /usr/bin/server:src/server.c:120)",
				  text);
	if (strcmp(ref->binary, "usdt") == 0 && is_marker(function) && !is_number(last + 1))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' names no binary before 'usdt:' (write "
				  "BINARY:usdt:PROVIDER:NAME)",
				  text);
	if (strncmp(function, USDT_PREFIX, strlen(USDT_PREFIX)) == 0)
		marker = function + strlen(USDT_PREFIX);
	/* usdt::f is a function of a namespace. */
	if (marker && *marker != ':' && !is_marker(marker))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' names no marker (write "
				  "BINARY:usdt:PROVIDER:NAME)",
				  text);
	if (last && last > function && last[-1] != ':' && is_number(last + 1) &&
	    !last[1 + strspn(last + 1, "0")])
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "': lines count from 1", text);
	return 0;
}

int function_ref__parse(const char *text, struct function_ref *ref, struct fault *why)
{
	const char *colon = strchr(text, ':');

	if (!colon)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' has no ':' (%s)", text,
				  FUNCTION_FORM);
	ref->binary = config_copy_trimmed(text, (size_t)(colon - text));
	ref->function = config_copy_trimmed(colon + 1, strlen(colon + 1));
	if (!ref->binary || !ref->function)
		return config_no_memory(why);
	if (!*ref->binary)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' names no binary (%s)", text,
				  FUNCTION_FORM);
	if (!*ref->function)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' names no function (%s)", text,
				  FUNCTION_FORM);
	return check_function(ref, text, why);
}

int function_refs__add(struct function_ref **refs, size_t *cnt, function_ref_parser parse,
		       const char *text, const char *origin, struct fault *why)
{
	struct function_ref ref = {}, *grown;
	int err;

	err = parse(text, &ref, why);
	if (err)
		goto fail;
	ref.origin = strdup(origin);
	grown = reallocarray(*refs, *cnt + 1, sizeof(*grown));
	if (grown)
		*refs = grown;
	if (!ref.origin || !grown) {
		err = config_no_memory(why);
		goto fail;
	}
	(*refs)[(*cnt)++] = ref;
	return 0;
fail:
	function_ref__clear(&ref);
	return err;
}

struct numbered_ref {
	const struct function_ref *ref;
	size_t number; /* in the order in which they were read */
};

static int compare_refs(const void *a, const void *b)
{
	const struct numbered_ref *x = a, *y = b;
	int order = strcmp(x->ref->binary, y->ref->binary);

	if (!order)
		order = strcmp(x->ref->function, y->ref->function);
	return order ? order : (x->number > y->number) - (x->number < y->number);
}

static size_t gather(const struct function_ref *refs, size_t cnt, struct numbered_ref *all,
		     size_t at)
{
	for (size_t i = 0; i < cnt; i++, at++)
		all[at] = (struct numbered_ref) { &refs[i], at };
	return at;
}

/*
 * The same function twice would be two probes, and each call counted twice. One that is both begin
 * and end of a state would end what it begins, or begin what it ends: nobody could say which.
 */
int config_check_functions_differ(const struct state_config *state, struct fault *why)
{
	size_t cnt = state->function_cnt + state->python_cnt + state->begin_cnt + state->end_cnt;
	struct numbered_ref *all = calloc(cnt, sizeof(*all));
	int err = 0;

	if (!all)
		return config_no_memory(why);
	cnt = gather(state->functions, state->function_cnt, all, 0);
	cnt = gather(state->pythons, state->python_cnt, all, cnt);
	cnt = gather(state->begins, state->begin_cnt, all, cnt);
	cnt = gather(state->ends, state->end_cnt, all, cnt);
	qsort(all, cnt, sizeof(*all), compare_refs);
	for (size_t i = 1; i < cnt && !err; i++) {
		const struct function_ref *a = all[i - 1].ref, *b = all[i].ref;

		if (strcmp(a->binary, b->binary) || strcmp(a->function, b->function))
			continue;
		err = fault__set(why, -EINVAL,
				 "%s: state '%s' already has the function '" CONFIG_SHOWN
				 ":" CONFIG_SHOWN "' (from %s)",
				 b->origin, state->name, b->binary, b->function, a->origin);
	}
	free(all);
	return err;
}
