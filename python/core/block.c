/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Block(label): a with-block that is marked. One object may be entered any number of times, by
 * recursion and by threads and tasks at once: what is open is kept by open.c and tasks.c.
 */
#include "core.h"

struct block {
	PyObject ob_base;
	PyObject *label; /* as given */
	PyObject *text;	 /* text_of it, from the first time that it is marked */
};

static const char *block_label(struct block *block)
{
	if (!block->text)
		block->text = text_of(block->label);
	return text_chars(block->text);
}

static int block_init(PyObject *self, PyObject *args, PyObject *named)
{
	static char *names[] = { "label", NULL };
	struct block *block = (struct block *)self;
	PyObject *label, *old;

	if (!named && PyTuple_Size(args) == 1)
		label = PyTuple_GetItem(args, 0);
	else if (!PyArg_ParseTupleAndKeywords(args, named, "O:Block", names, &label))
		return -1;
	Py_INCREF(label);
	old = block->label;
	block->label = label;
	Py_XDECREF(old);
	Py_CLEAR(block->text);
	return 0;
}

static void block_free(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct block *block = (struct block *)self;
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

	Py_CLEAR(block->label);
	Py_CLEAR(block->text);
	release(self);
	Py_DECREF(type);
}

static void begin_keyed(PyObject *self, bool of_caller)
{
	uint64_t key = open__next_key(1);
	const char *label;

	if (!tasks__open(self, key, open__next_serial(), suspend__frame(of_caller)))
		return;
	label = block_label((struct block *)self);
	TACHO_KEY_BEGIN(label, key);
}

static PyObject *block_enter(PyObject *self, PyObject *none)
{
	if (!((struct block *)self)->label)
		return PyErr_Format(PyExc_RuntimeError, "Block() was not initialized");
	if (TACHO_ACTIVE(key_begin) && tasks__share_thread()) {
		begin_keyed(self, false);
	} else if (TACHO_ACTIVE(begin)) {
		const char *label = block_label((struct block *)self);

		open__push(self, 0, open__next_serial());
		TACHO_BEGIN(label);
	}
	Py_INCREF(self);
	return self;
}

static PyObject *block_enter_keyed(PyObject *self, PyObject *none)
{
	if (TACHO_ACTIVE(key_begin) && ((struct block *)self)->label)
		begin_keyed(self, true);
	Py_INCREF(self);
	return self;
}

/* __exit__(type=None, value=None, traceback=None) */
static PyObject *block_exit(PyObject *self, PyObject *const *args, Py_ssize_t cnt)
{
	PyObject *type = cnt > 0 && args[0] != Py_None ? args[0] : NULL;
	PyObject *value = cnt > 1 ? args[1] : NULL;
	uint64_t key;

	if (cnt > 3)
		return PyErr_Format(PyExc_TypeError, "__exit__ takes at most 3 arguments");
	if (open__take(self)) {
		if (type)
			mark_failed(type, value);
		TACHO_END(block_label((struct block *)self));
	} else if (tasks__close(self, &key)) {
		if (type)
			mark_key_failed(type, value, key);
		TACHO_KEY_END(block_label((struct block *)self), key);
	}
	Py_RETURN_NONE;
}

static PyObject *block_get_label(PyObject *self, void *none)
{
	PyObject *label = ((struct block *)self)->label;

	label = label ? label : Py_None;
	Py_INCREF(label);
	return label;
}

static PyMethodDef block_methods[] = {
	{ "__enter__", block_enter, METH_NOARGS, "Marks the beginning." },
	{ "__exit__", (PyCFunction)(void (*)(void))block_exit, METH_FASTCALL,
	  "Marks the end, and the failure if there is one." },
	{ "enter_keyed", block_enter_keyed, METH_NOARGS,
	  "As __enter__, of __aenter__ for its caller." },
	{},
};

static PyGetSetDef block_members[] = {
	{ "label", block_get_label, NULL, "What the block is called.", NULL },
	{},
};

static PyType_Slot block_slots[] = {
	{ Py_tp_doc, "Block(label): marks the beginning and the end of a with-block." },
	{ Py_tp_new, PyType_GenericNew },
	{ Py_tp_init, block_init },
	{ Py_tp_dealloc, block_free },
	{ Py_tp_methods, block_methods },
	{ Py_tp_getset, block_members },
	{},
};

PyType_Spec block_spec = {
	.name = "_tacho_marks.Block",
	.basicsize = sizeof(struct block),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = block_slots,
};
