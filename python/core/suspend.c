/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * With-blocks of coroutines are left and entered as these are suspended, where the interpreter
 * tells of that (sys.monitoring, Python 3.12 on; tacho/_suspensions.py asks it to). A block belongs
 * to the innermost frame around it that can be suspended at all: functions between the two cannot.
 * If that is a generator, nothing is known of the block: it may have been made a context manager,
 * whose block goes on while the generator stands still.
 */
#include "core.h"

#define CO_GENERATOR 0x20
#define CO_COROUTINE 0x80
#define CO_ITERABLE_COROUTINE 0x100
#define CO_ASYNC_GENERATOR 0x200
#define CO_SUSPENDS (CO_GENERATOR | CO_COROUTINE | CO_ITERABLE_COROUTINE | CO_ASYNC_GENERATOR)
#define FRAMES_MAX 16 /* that are looked at */

static PyObject
	*watcher; /* called with a code object and whether it is wanted; says whether it is */

static bool tell(PyObject *code, PyObject *wanted)
{
	PyObject *result = PyObject_CallFunctionObjArgs(watcher, code, wanted, NULL);
	bool is_watched = result == Py_True;

	Py_XDECREF(result);
	PyErr_Clear();
	return is_watched;
}

static long flags_of(PyObject *code)
{
	PyObject *flags = PyObject_GetAttrString(code, "co_flags");
	long value = flags ? PyLong_AsLong(flags) : 0;

	Py_XDECREF(flags);
	PyErr_Clear();
	return value;
}

/* Takes the reference to the frame. NULL: there is no other. */
static PyObject *caller_of(PyObject *frame)
{
	PyObject *back = PyObject_GetAttrString(frame, "f_back");

	Py_DECREF(frame);
	PyErr_Clear();
	if (back != Py_None)
		return back;
	Py_DECREF(back);
	return NULL;
}

static bool watch_code_of(PyObject *frame, bool *ret_suspends)
{
	PyObject *code = PyObject_GetAttrString(frame, "f_code");
	long flags = code ? flags_of(code) : CO_SUSPENDS;
	bool is_watched = (flags & CO_SUSPENDS) == CO_COROUTINE && tell(code, Py_True);

	*ret_suspends = flags & CO_SUSPENDS;
	Py_XDECREF(code);
	PyErr_Clear();
	return is_watched;
}

const void *suspend__frame(bool of_caller)
{
	PyObject *frame = watcher ? (PyObject *)PyEval_GetFrame() : NULL;
	bool suspends = false, is_watched = false;
	const void *found;

	Py_XINCREF(frame);
	if (frame && of_caller)
		frame = caller_of(frame);
	for (int i = 0; frame && i < FRAMES_MAX; i++) {
		is_watched = watch_code_of(frame, &suspends);
		if (suspends)
			break;
		frame = caller_of(frame);
	}
	found = frame && is_watched ? frame : NULL;
	Py_XDECREF(frame);
	return found; /* lives as long as the call that it is of */
}

/* Nobody records any more: then it need not be told either. */
static PyObject *moved(PyObject *args, bool enters)
{
	if (TACHO_ACTIVE(key_begin))
		tasks__move(PyEval_GetFrame(), enters);
	else if (watcher && PyTuple_Size(args) > 0)
		tell(PyTuple_GetItem(args, 0), Py_False);
	Py_RETURN_NONE;
}

static PyObject *on_leave(PyObject *module, PyObject *args)
{
	return moved(args, false);
}

static PyObject *on_enter(PyObject *module, PyObject *args)
{
	return moved(args, true);
}

static PyObject *watch_suspensions(PyObject *module, PyObject *function)
{
	PyObject *old = watcher;

	Py_INCREF(function);
	watcher = function;
	Py_XDECREF(old);
	Py_RETURN_NONE;
}

PyMethodDef suspend_methods[] = {
	{ "on_leave", on_leave, METH_VARARGS, "A coroutine is suspended." },
	{ "on_enter", on_enter, METH_VARARGS, "It goes on." },
	{ "watch_suspensions", watch_suspensions, METH_O,
	  "watch_suspensions(watcher): watcher(code, wanted) has its suspensions told." },
	{},
};
