/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Steps(inner, label, key=0): drives a coroutine or a generator and marks it as one keyed block
 * that is suspended between the steps. With a key, the steps of a block that somebody else begins
 * and ends (an asynchronous generator, whose every item is awaited by itself).
 */
#include "core.h"

struct steps {
	PyObject ob_base;
	PyObject *inner;
	PyObject *text; /* the label's bytes */
	uint64_t key;	/* 0: not begun */
	uint64_t serial;
	bool borrowed; /* the key is somebody else's */
};

static int steps_init(PyObject *self, PyObject *args, PyObject *none)
{
	struct steps *steps = (struct steps *)self;
	unsigned long long key = 0;
	PyObject *inner, *label;

	if (!PyArg_ParseTuple(args, "OO|K:Steps", &inner, &label, &key))
		return -1;
	Py_INCREF(inner);
	Py_XDECREF(steps->inner);
	steps->inner = inner;
	Py_XDECREF(steps->text);
	steps->text = text_of(label);
	steps->key = key;
	steps->borrowed = key != 0;
	return 0;
}

static int steps_traverse(PyObject *self, visitproc visit, void *arg)
{
	Py_VISIT(((struct steps *)self)->inner);
	return 0;
}

static int steps_clear(PyObject *self)
{
	Py_CLEAR(((struct steps *)self)->inner);
	return 0;
}

static void finish(struct steps *steps)
{
	if (steps->key && !steps->borrowed)
		TACHO_KEY_END(text_chars(steps->text), steps->key);
	steps->key = 0;
}

/* Dropped before its end: the inner one is closed, which may still run, and with it the block ends.
 */
static void steps_free(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct steps *steps = (struct steps *)self;
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

	PyObject_GC_UnTrack(self);
	Py_CLEAR(steps->inner);
	finish(steps);
	Py_CLEAR(steps->text);
	release(self);
	Py_DECREF(type);
}

static void step_begins(struct steps *steps)
{
	if (steps->key) {
		TACHO_KEY_ENTER(steps->key);
	} else if (TACHO_ACTIVE(key_begin)) {
		steps->key = open__next_key(1);
		steps->serial = open__next_serial();
		TACHO_KEY_BEGIN(text_chars(steps->text), steps->key);
	}
	if (steps->key)
		open__push(steps, steps->key, steps->serial);
}

/* With the exception that ended it still set, if there is one. */
static void step_ends(struct steps *steps, bool suspended)
{
	PyObject *type, *value, *traceback;
	bool failed;

	open__take(steps);
	if (!steps->key)
		return;
	if (suspended || steps->borrowed) {
		TACHO_KEY_LEAVE(steps->key);
		return;
	}
	failed = PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_StopIteration) &&
		 !PyErr_ExceptionMatches(PyExc_GeneratorExit);
	if (failed) {
		PyErr_Fetch(&type, &value, &traceback);
		mark_key_failed(type, value, steps->key);
		PyErr_Restore(type, value, traceback);
	}
	finish(steps);
}

/* arguments may be NULL. */
static PyObject *step(struct steps *steps, const char *name, PyObject *arguments)
{
	PyObject *method = PyObject_GetAttrString(steps->inner, name), *result;

	if (!method)
		return NULL;
	step_begins(steps);
	result = PyObject_CallObject(method, arguments);
	step_ends(steps, result != NULL);
	Py_DECREF(method);
	return result;
}

static PyObject *steps_send(PyObject *self, PyObject *value)
{
	PyObject *arguments = PyTuple_Pack(1, value);
	PyObject *result = arguments ? step((struct steps *)self, "send", arguments) : NULL;

	Py_XDECREF(arguments);
	return result;
}

static PyObject *steps_next(PyObject *self)
{
	return steps_send(self, Py_None);
}

static PyObject *steps_throw(PyObject *self, PyObject *arguments)
{
	return step((struct steps *)self, "throw", arguments);
}

/* A close that succeeds is the end, as little as it returns. */
static PyObject *steps_close(PyObject *self, PyObject *none)
{
	struct steps *steps = (struct steps *)self;
	PyObject *method = PyObject_GetAttrString(steps->inner, "close"), *result;
	bool begun = steps->key != 0;

	if (!method)
		return NULL;
	if (begun)
		step_begins(steps);
	result = PyObject_CallObject(method, NULL);
	if (begun)
		step_ends(steps, false);
	Py_DECREF(method);
	return result;
}

static PyObject *steps_self(PyObject *self)
{
	Py_INCREF(self);
	return self;
}

/* inspect and asyncio look at what the coroutine waits for. */
static PyObject *steps_attribute(PyObject *self, PyObject *name)
{
	PyObject *own = PyObject_GenericGetAttr(self, name);

	if (own || !PyErr_ExceptionMatches(PyExc_AttributeError) || !((struct steps *)self)->inner)
		return own;
	PyErr_Clear();
	return PyObject_GetAttr(((struct steps *)self)->inner, name);
}

static PyMethodDef steps_methods[] = {
	{ "send", steps_send, METH_O, NULL },
	{ "throw", steps_throw, METH_VARARGS, NULL },
	{ "close", steps_close, METH_NOARGS, NULL },
	{},
};

static PyType_Slot steps_slots[] = {
	{ Py_tp_doc,
	  "Steps(inner, label, key=0): marks a coroutine or a generator while it runs." },
	{ Py_tp_new, PyType_GenericNew },
	{ Py_tp_init, steps_init },
	{ Py_tp_dealloc, steps_free },
	{ Py_tp_traverse, steps_traverse },
	{ Py_tp_clear, steps_clear },
	{ Py_tp_methods, steps_methods },
	{ Py_tp_getattro, steps_attribute },
	{ Py_tp_iter, steps_self },
	{ Py_tp_iternext, steps_next },
	{ Py_am_await, steps_self },
	{},
};

PyType_Spec steps_spec = {
	.name = "_tacho_marks.Steps",
	.basicsize = sizeof(struct steps),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = steps_slots,
};
