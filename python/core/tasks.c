/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Threads that several tasks take turns on. A block of a task may be suspended while others run, so
 * it is keyed; which ones a task has open is kept in a context variable, of which each task of
 * asyncio and trio has a copy of its own.
 */
#include "core.h"

static PyObject *open_blocks;  /* contextvars.ContextVar: (owner's id, key, serial, outer, frame's
				* id) or None */
static PyObject *running_loop; /* asyncio.events._get_running_loop, when that was seen */
static PyObject *greenlet;     /* greenlet.getcurrent */

/* A module that the program may import. The name is made once: each block asks. */
struct other_module {
	const char *name;
	PyObject *text;
};

/* Borrowed; NULL when the program has not imported it. */
static PyObject *module_if_imported(struct other_module *other)
{
	/* Not PyImport_GetModuleDict: objects that end as the interpreter does have blocks, too,
	 * and without that dictionary it ends the process. */
	PyObject *modules = PySys_GetObject("modules"), *module = NULL;

	if (!other->text)
		other->text = PyUnicode_InternFromString(other->name);
	if (other->text && modules && PyDict_Check(modules))
		module = PyDict_GetItemWithError(modules, other->text);
	if (module && module != Py_None)
		return module;
	PyErr_Clear();
	return NULL;
}

/* OTHER.NAME if the program has imported it. Borrowed from *cache; or NULL. */
static PyObject *imported(PyObject **cache, struct other_module *other, const char *name)
{
	PyObject *module;

	if (*cache)
		return *cache;
	module = module_if_imported(other);
	if (!module)
		return NULL;
	*cache = PyObject_GetAttrString(module, name);
	PyErr_Clear(); /* half imported */
	return *cache;
}

static bool in_asyncio(void)
{
	static struct other_module asyncio = { .name = "asyncio.events" };
	PyObject *function = imported(&running_loop, &asyncio, "_get_running_loop");
	PyObject *loop;
	bool found;

	if (!function)
		return false;
	loop = PyObject_CallObject(function, NULL);
	found = loop && loop != Py_None;

	Py_XDECREF(loop);
	PyErr_Clear();
	return found;
}

static bool in_greenlet(void)
{
	static struct other_module module = { .name = "greenlet" };
	PyObject *function = imported(&greenlet, &module, "getcurrent");
	PyObject *current, *parent;
	bool found;

	if (!function)
		return false;
	current = PyObject_CallObject(function, NULL);
	parent = current ? PyObject_GetAttrString(current, "parent") : NULL;
	found = parent && parent != Py_None; /* the main greenlet has none */

	Py_XDECREF(parent);
	Py_XDECREF(current);
	PyErr_Clear();
	return found;
}

/* trio and whoever else tells sniffio. */
static bool in_other_loop(void)
{
	static struct other_module sniffio = { .name = "sniffio" };
	PyObject *module = module_if_imported(&sniffio);
	PyObject *local, *name;
	bool found;

	if (!module)
		return false;
	local = PyObject_GetAttrString(module, "thread_local");
	name = local ? PyObject_GetAttrString(local, "name") : NULL;
	found = name && name != Py_None;

	Py_XDECREF(name);
	Py_XDECREF(local);
	PyErr_Clear();
	return found;
}

bool tasks__share_thread(void)
{
	return in_asyncio() || in_greenlet() || in_other_loop();
}

static PyObject *variable(void)
{
	PyObject *module;

	if (open_blocks)
		return open_blocks;
	module = PyImport_ImportModule("contextvars");
	if (module)
		open_blocks = PyObject_CallMethod(module, "ContextVar", "s", "tacho_blocks");
	Py_XDECREF(module);
	return open_blocks;
}

/* A new reference, or NULL when the task has none. */
static PyObject *innermost(void)
{
	PyObject *blocks;

	if (!open_blocks)
		return NULL;
	blocks = PyObject_CallMethod(open_blocks, "get", "O", Py_None);
	if (blocks && blocks != Py_None)
		return blocks;
	Py_XDECREF(blocks);
	PyErr_Clear();
	return NULL;
}

static bool set(PyObject *blocks)
{
	PyObject *token = blocks ? PyObject_CallMethod(open_blocks, "set", "(O)", blocks) : NULL;

	Py_XDECREF(token);
	PyErr_Clear();
	return token != NULL;
}

bool tasks__open(PyObject *owner, uint64_t key, uint64_t serial, const void *frame)
{
	PyObject *outer, *blocks;
	bool noted;

	if (!variable()) {
		PyErr_Clear();
		return false;
	}
	outer = innermost();
	blocks = Py_BuildValue("(KKKOK)", (unsigned long long)(uintptr_t)owner,
			       (unsigned long long)key, (unsigned long long)serial,
			       outer ? outer : Py_None, (unsigned long long)(uintptr_t)frame);
	noted = set(blocks);
	Py_XDECREF(blocks);
	Py_XDECREF(outer);
	return noted;
}

static uint64_t number(PyObject *blocks, Py_ssize_t i)
{
	return PyLong_AsUnsignedLongLong(PyTuple_GetItem(blocks, i));
}

/* The blocks that are in `above`, innermost first, around what is left of the others. */
static bool set_with(PyObject *above, PyObject *others)
{
	PyObject *blocks = others, *inner, *block;
	bool is_set;

	Py_INCREF(blocks);
	for (Py_ssize_t i = PyList_Size(above); blocks && i-- > 0;) {
		block = PyList_GetItem(above, i);
		inner = Py_BuildValue("(OOOOO)", PyTuple_GetItem(block, 0),
				      PyTuple_GetItem(block, 1), PyTuple_GetItem(block, 2), blocks,
				      PyTuple_GetItem(block, 4));
		Py_DECREF(blocks);
		blocks = inner;
	}
	is_set = blocks && set(blocks);
	Py_XDECREF(blocks);
	return is_set;
}

/* An inner block may still be open: that of a generator which is suspended. */
bool tasks__close(PyObject *owner, uint64_t *ret_key)
{
	PyObject *blocks = innermost(), *above = blocks ? PyList_New(0) : NULL, *at;
	bool found = false;

	for (at = above ? blocks : NULL; at && at != Py_None; at = PyTuple_GetItem(at, 3)) {
		found = number(at, 0) == (uintptr_t)owner;
		if (found || PyList_Append(above, at))
			break;
	}
	if (found) {
		*ret_key = number(at, 1);
		set_with(above, PyTuple_GetItem(at, 3));
	}
	PyErr_Clear();
	Py_XDECREF(above);
	Py_XDECREF(blocks);
	return found;
}

bool tasks__innermost(uint64_t *ret_key, uint64_t *ret_serial)
{
	PyObject *blocks = innermost();

	if (!blocks)
		return false;
	*ret_key = number(blocks, 1);
	*ret_serial = number(blocks, 2);
	Py_DECREF(blocks);
	return true;
}

void tasks__move(const void *frame, bool enters)
{
	PyObject *blocks = innermost(), *at;

	for (at = frame ? blocks : NULL; at && at != Py_None; at = PyTuple_GetItem(at, 3)) {
		if (number(at, 4) != (uintptr_t)frame)
			continue;
		if (enters)
			TACHO_KEY_ENTER(number(at, 1));
		else
			TACHO_KEY_LEAVE(number(at, 1));
	}
	Py_XDECREF(blocks);
}
