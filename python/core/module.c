/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The module: the marks as functions, and the types. */
#include "core.h"

/* --- of the innermost block --------------------------------------------------------------------
 */

bool block_is_keyed(uint64_t *ret_key)
{
	const struct open_block *block = open__innermost();
	uint64_t key, serial;

	if (tasks__innermost(&key, &serial) && (!block || serial > block->serial)) {
		*ret_key = key;
		return true;
	}
	if (!block || !block->key)
		return false;
	*ret_key = block->key;
	return true;
}

void mark_failed(PyObject *type, PyObject *value)
{
	PyObject *text;

	if (!TACHO_ACTIVE(fail))
		return;
	text = text_of_exception(type, value);
	TACHO_FAIL(text_chars(text));
	Py_XDECREF(text);
}

void mark_key_failed(PyObject *type, PyObject *value, uint64_t key)
{
	PyObject *text;

	if (!TACHO_ACTIVE(key_fail))
		return;
	text = text_of_exception(type, value);
	TACHO_KEY_FAIL(text_chars(text), key);
	Py_XDECREF(text);
}

static PyObject *fail(PyObject *module, PyObject *message)
{
	PyObject *text;
	uint64_t key;

	if (TACHO_ACTIVE(fail) || TACHO_ACTIVE(key_fail)) {
		text = text_of(message);
		if (block_is_keyed(&key))
			TACHO_KEY_FAIL(text_chars(text), key);
		else
			TACHO_FAIL(text_chars(text));
		Py_XDECREF(text);
	}
	Py_RETURN_NONE;
}

/* Booleans are integers, as everywhere in Python; what is beyond 64 bits is text. */
static bool as_int(PyObject *value, int64_t *ret)
{
	int beyond = 0;

	if (!PyLong_Check(value))
		return false;
	*ret = PyLong_AsLongLongAndOverflow(value, &beyond);
	return !beyond;
}

static void mark_attribute(const char *name, PyObject *value, bool keyed, uint64_t key)
{
	PyObject *text;
	int64_t number;

	if (as_int(value, &number)) {
		if (keyed)
			TACHO_KEY_ATTRIBUTE_INT(name, number, key);
		else
			TACHO_ATTRIBUTE_INT(name, number);
		return;
	}
	text = text_of(value);
	if (keyed)
		TACHO_KEY_ATTRIBUTE_TEXT(name, text_chars(text), key);
	else
		TACHO_ATTRIBUTE_TEXT(name, text_chars(text));
	Py_XDECREF(text);
}

static bool attributes_active(void)
{
	return TACHO_ACTIVE(attribute_int) || TACHO_ACTIVE(attribute_text) ||
	       TACHO_ACTIVE(key_attribute_int) || TACHO_ACTIVE(key_attribute_text);
}

static PyObject *attribute(PyObject *module, PyObject *args)
{
	PyObject *name, *value, *text;
	uint64_t key = 0;

	if (!PyArg_UnpackTuple(args, "attribute", 2, 2, &name, &value))
		return NULL;
	if (attributes_active()) {
		bool keyed = block_is_keyed(&key);

		text = text_of(name);
		mark_attribute(text_chars(text), value, keyed, key);
		Py_XDECREF(text);
	}
	Py_RETURN_NONE;
}

/* --- the others --------------------------------------------------------------------------------
 */

static PyObject *key_attribute(PyObject *module, PyObject *args)
{
	PyObject *name, *value, *text;
	unsigned long long key;

	if (!PyArg_ParseTuple(args, "OOK:key_attribute", &name, &value, &key))
		return NULL;
	if (attributes_active()) {
		text = text_of(name);
		mark_attribute(text_chars(text), value, true, key);
		Py_XDECREF(text);
	}
	Py_RETURN_NONE;
}

static PyObject *counter(PyObject *module, PyObject *args)
{
	long long delta = 1;
	PyObject *name, *text;

	if (!PyArg_ParseTuple(args, "O|L:counter", &name, &delta))
		return NULL;
	if (TACHO_ACTIVE(counter)) {
		text = text_of(name);
		TACHO_COUNTER(text_chars(text), delta);
		Py_XDECREF(text);
	}
	Py_RETURN_NONE;
}

/* A mark with a label and, if keyed, a key. */
#define LABEL_MARK(function, mark)                                                                 \
	static PyObject *function(PyObject *module, PyObject *label)                               \
	{                                                                                          \
		PyObject *text;                                                                    \
                                                                                                   \
		if (TACHO_ACTIVE(mark)) {                                                          \
			text = text_of(label);                                                     \
			tacho_site_##mark(text_chars(text));                                       \
			Py_XDECREF(text);                                                          \
		}                                                                                  \
		Py_RETURN_NONE;                                                                    \
	}
#define LABEL_KEY_MARK(function, mark)                                                             \
	static PyObject *function(PyObject *module, PyObject *args)                                \
	{                                                                                          \
		PyObject *label, *text;                                                            \
		unsigned long long key;                                                            \
                                                                                                   \
		if (!PyArg_ParseTuple(args, "OK:" #function, &label, &key))                        \
			return NULL;                                                               \
		if (TACHO_ACTIVE(mark)) {                                                          \
			text = text_of(label);                                                     \
			tacho_site_##mark(text_chars(text), key);                                  \
			Py_XDECREF(text);                                                          \
		}                                                                                  \
		Py_RETURN_NONE;                                                                    \
	}
#define KEY_MARK(function, mark)                                                                   \
	static PyObject *function(PyObject *module, PyObject *number)                              \
	{                                                                                          \
		unsigned long long key = PyLong_AsUnsignedLongLong(number);                        \
                                                                                                   \
		if (PyErr_Occurred())                                                              \
			return NULL;                                                               \
		if (TACHO_ACTIVE(mark))                                                            \
			tacho_site_##mark(key);                                                    \
		Py_RETURN_NONE;                                                                    \
	}

LABEL_MARK(begin, begin)
LABEL_MARK(end, end)
LABEL_KEY_MARK(key_begin, key_begin)
LABEL_KEY_MARK(key_end, key_end)
LABEL_KEY_MARK(key_fail, key_fail)
KEY_MARK(key_leave, key_leave)
KEY_MARK(key_enter, key_enter)

static PyObject *new_key(PyObject *module, PyObject *none)
{
	return PyLong_FromUnsignedLongLong(open__next_key(1));
}

static PyObject *active(PyObject *module, PyObject *none)
{
	return PyBool_FromLong(TACHO_ACTIVE(begin) || TACHO_ACTIVE(key_begin));
}

static PyObject *counting(PyObject *module, PyObject *none)
{
	return PyBool_FromLong(TACHO_ACTIVE(counter));
}

/* --- the module --------------------------------------------------------------------------------
 */

static PyMethodDef methods[] = {
	{ "active", active, METH_NOARGS, "Does anybody record blocks?" },
	{ "counting", counting, METH_NOARGS, "Does anybody record counters?" },
	{ "new_key", new_key, METH_NOARGS, "A key that no other block has." },
	{ "begin", begin, METH_O, "begin(label)" },
	{ "end", end, METH_O, "end(label)" },
	{ "key_begin", key_begin, METH_VARARGS, "key_begin(label, key)" },
	{ "key_end", key_end, METH_VARARGS, "key_end(label, key)" },
	{ "key_leave", key_leave, METH_O, "key_leave(key)" },
	{ "key_enter", key_enter, METH_O, "key_enter(key)" },
	{ "key_fail", key_fail, METH_VARARGS, "key_fail(message, key)" },
	{ "key_attribute", key_attribute, METH_VARARGS, "key_attribute(name, value, key)" },
	{ "fail", fail, METH_O, "fail(message): the innermost block has failed." },
	{ "attribute", attribute, METH_VARARGS, "attribute(name, value): of the innermost block." },
	{ "counter", counter, METH_VARARGS, "counter(name, delta=1)" },
	{},
};

static int add_type(PyObject *module, PyType_Spec *spec, const char *name)
{
	PyObject *type = PyType_FromSpec(spec);

	if (type && PyModule_AddObject(module, name, type) == 0)
		return 0;
	Py_XDECREF(type);
	return -1;
}

/*
 * The state is that of one interpreter. Another of the same process, or the next life of an
 * embedded one, gets an ImportError, and the package then marks nothing in it.
 */
static int execute(PyObject *module)
{
	static PyObject *modules;

	if (modules && modules != PyImport_GetModuleDict()) {
		PyErr_SetString(PyExc_ImportError, "another interpreter of this process is marked");
		return -1;
	}
	modules = PyImport_GetModuleDict();
	if (PyModule_AddFunctions(module, methods) ||
	    PyModule_AddFunctions(module, watch_methods) ||
	    PyModule_AddFunctions(module, suspend_methods) ||
	    PyModule_AddFunctions(module, notice_methods) || add_type(module, &block_spec, "Block"))
		return -1;
	return add_type(module, &steps_spec, "Steps");
}

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, execute },
	{},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "_tacho_marks",
	.m_doc = "Marks that the kernel can see.",
	.m_slots = slots,
};

PyMODINIT_FUNC PyInit__tacho_marks(void);

PyMODINIT_FUNC PyInit__tacho_marks(void)
{
	return PyModuleDef_Init(&definition);
}
