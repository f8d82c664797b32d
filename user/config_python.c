/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `python = MODULE:QUALIFIED.NAME`, as Python's __module__ and __qualname__ have it:
 *
 *	robot_server.protocols.protocol_analyzer:ProtocolAnalyzer.analyze
 *	__main__:main
 *	gc:pause                the pauses of the garbage collector
 *
 * Whether there is such a function, only the programs know that import the module. What is refused
 * here could be no function's name in any of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "escape.h"
#include "tacho/probe.h"

#define PYTHON_FORM "write MODULE:NAME, as in robot.planner:Planner.plan"
#define NAME_MAX_SZ 1024

static bool has_control_or_blank(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c <= ' ' || *c == 0x7f)
			return true;
	}
	return false;
}

/* Identifiers joined by dots. Which letters beyond ASCII one may hold is Python's to say. */
static bool is_dotted_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	bool begins = true;

	for (const char *c = text; *c; c++) {
		bool letter = strchr(letters, *c) || (unsigned char)*c >= 0x80;

		if (begins ? !letter : !letter && *c != '.' && !(*c >= '0' && *c <= '9'))
			return false;
		begins = *c == '.';
	}
	return !begins;
}

static int check_text(const char *text, struct fault *why)
{
	if (strlen(text) > NAME_MAX_SZ)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "...' is longer than %d characters", text,
				  NAME_MAX_SZ);
	if (!escape_is_utf8(text, strlen(text)))
		return fault__set(why, -EINVAL, "the name is not valid UTF-8");
	if (has_control_or_blank(text))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN
				  "': white space and control characters are in no "
				  "name of a function (%s)",
				  text, PYTHON_FORM);
	if (strstr(text, "<locals>"))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "': what is defined within a function has no "
				  "place where it could be found",
				  text);
	return 0;
}

#define FILE_SUFFIX ".py"
#define PACKAGE_FILE "/__init__" FILE_SUFFIX

static bool has_end(const char *text, size_t sz, const char *end)
{
	return sz > strlen(end) && !strncmp(text + sz - strlen(end), end, strlen(end));
}

/* The module's own name, in the path of its file: it may be preceded by the names of packages. The
 * file of a package itself has its name from the folder. */
static const char *module_of_file(const char *path, size_t *ret_sz)
{
	size_t end = strlen(path), begin;

	if (has_end(path, end, PACKAGE_FILE))
		end -= strlen(PACKAGE_FILE);
	else if (has_end(path, end, FILE_SUFFIX))
		end -= strlen(FILE_SUFFIX);
	for (begin = end; begin && path[begin - 1] != '/'; begin--)
		;
	*ret_sz = end - begin;
	return path + begin;
}

/* A package may have a module called py, which cannot be named then: few have. The file of a
 * program would be taken for such a module otherwise, and never be heard of. */
static bool is_file(const char *module)
{
	return strchr(module, '/') || has_end(module, strlen(module), FILE_SUFFIX);
}

static int refuse_file(const struct function_ref *ref, const char *text, struct fault *why)
{
	const char *packages = strchr(ref->binary, '/') ? " with its packages before it" : "";
	char module[NAME_MAX_SZ + 1], hint[NAME_MAX_SZ + 64] = "";
	const char *name;
	size_t sz;

	name = module_of_file(ref->binary, &sz);
	snprintf(module, sizeof(module), "%.*s", (int)sz, name);
	if (is_dotted_name(module) && strcmp(module, "__init__"))
		snprintf(hint, sizeof(hint), CONFIG_SHOWN ":" CONFIG_SHOWN "%s, or ", module,
			 ref->function, packages);
	return fault__set(why, -EINVAL,
			  "'" CONFIG_SHOWN "': a module is named as import names it, not by its "
			  "file (write %s__main__:" CONFIG_SHOWN " if it is the program itself)",
			  text, hint, ref->function);
}

static int check_parts(const struct function_ref *ref, const char *text, struct fault *why)
{
	if (!*ref->binary)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' names no module (%s)", text,
				  PYTHON_FORM);
	if (!*ref->function)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' names no function (%s)", text,
				  PYTHON_FORM);
	if (is_file(ref->binary))
		return refuse_file(ref, text, why);
	if (!is_dotted_name(ref->binary) || !is_dotted_name(ref->function))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "': '" CONFIG_SHOWN
				  "' is no name, or names joined by dots (%s)",
				  text, is_dotted_name(ref->binary) ? ref->function : ref->binary,
				  PYTHON_FORM);
	return 0;
}

int python_ref__parse(const char *text, struct function_ref *ref, struct fault *why)
{
	const char *colon = strchr(text, ':');
	int err;

	err = check_text(text, why);
	if (err)
		return err;
	if (!colon)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' has no ':' (%s)", text,
				  PYTHON_FORM);
	ref->binary = strndup(text, (size_t)(colon - text));
	ref->function = strdup(colon + 1);
	if (!ref->binary || !ref->function)
		return config_no_memory(why);
	return check_parts(ref, text, why);
}

/* --- what a state of Python functions cannot have ----------------------------------------------
 */

static int refuse_with_others(const struct state_config *state, struct fault *why)
{
	const struct function_ref *other = state->function_cnt ? state->functions
					   : state->begin_cnt  ? state->begins
							       : state->ends;

	return fault__set(why, -EINVAL,
			  "%s: state '%s' has python (%s) and %s (%s): keep one of them",
			  state->origin, state->name, state->pythons->origin,
			  state->function_cnt ? "function"
			  : state->begin_cnt  ? "begin"
					      : "end",
			  other->origin);
}

static int refuse_key(const struct state_config *state, const char *key, const char *origin,
		      const char *reason, struct fault *why)
{
	return fault__set(why, -EINVAL, "%s: %s: state '%s' has python: %s",
			  origin ? origin : state->origin, key, state->name, reason);
}

static int refuse_keys(const struct state_config *state, struct fault *why)
{
	if (state->key_origin)
		return refuse_key(state, "key", state->key_origin,
				  "the calls of a function need no key", why);
	if (state->exit_origin)
		return refuse_key(state, "exit", state->exit_origin,
				  "the interpreter says when a call ends", why);
	if (state->place != PLACE_AUTO)
		return refuse_key(state, "place", NULL, "there is no instruction to choose", why);
	if (state->many)
		return refuse_key(state, "many", NULL,
				  "each function is named in full (python may stand several times)",
				  why);
	if (state->capture_cnt)
		return refuse_key(state, "capture", state->captures_origin,
				  "arguments are the program's own objects (tacho.attribute says "
				  "something of a call)",
				  why);
	if (state->failed_if.compare)
		return refuse_key(state, "failed-if", state->failed_if.origin,
				  "a call has failed that an exception ends", why);
	if (state->process)
		return refuse_key(state, "process", NULL,
				  "process in [marks] says whose marks are recorded, of all such "
				  "states alike",
				  why);
	return 0;
}

int config_check_python(const struct state_config *state, struct fault *why)
{
	if (state->function_cnt || state->begin_cnt || state->end_cnt)
		return refuse_with_others(state, why);
	if (strlen(state->name) >= TACHO_LABEL_SZ)
		return fault__set(why, -EINVAL,
				  "%s: state '%s' has python: its name may have %d characters",
				  state->origin, state->name, TACHO_LABEL_SZ - 1);
	return refuse_keys(state, why);
}
