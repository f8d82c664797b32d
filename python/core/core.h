/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The C core of the Python package, _tacho_marks: passes the marks of <tacho/mark.h>. Written
 * against the limited API of Python 3.8, so that one file serves that and every newer version.
 *
 * All state is guarded by the GIL, but what each thread has open, which is its own. Nothing here
 * may let an exception of its own reach the program: what cannot be marked is not marked.
 */
#ifndef TACHO_PYTHON_CORE_H
#define TACHO_PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03080000
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>
#include <tacho/mark.h>

#define HIDDEN __attribute__((visibility("hidden")))

#ifndef METH_FASTCALL
/* Of the limited API since 3.10; every Python since 3.7 has it, and no other meaning of the bit. */
#define METH_FASTCALL 0x0080
#endif

/* --- text.c: what the program passes, as C strings ---------------------------------------------
 */

/* str(object), or bytes where that cannot be had as UTF-8 or is given; NULL, with no exception set,
 * if neither can. A new reference. */
HIDDEN PyObject *text_of(PyObject *object);

/* What text_of gave, in UTF-8; "" for NULL. Valid while text lives. */
HIDDEN const char *text_chars(PyObject *text);

/* "Type: message" of an exception, as text_of. */
HIDDEN PyObject *text_of_exception(PyObject *type, PyObject *value);

/* --- open.c: the marked blocks that run on this thread, innermost last -------------------------
 */

struct open_block {
	const void *owner; /* who opened it: a block, a code object, a frame, steps */
	uint64_t key;	   /* 0: not keyed */
	uint64_t serial;   /* larger = began later */
};

HIDDEN uint64_t open__next_key(unsigned count);
HIDDEN uint64_t open__next_serial(void);
HIDDEN void open__push(const void *owner, uint64_t key, uint64_t serial);

/* Takes the innermost of this owner away. False when it has none. */
HIDDEN bool open__take(const void *owner);

/* NULL: none. */
HIDDEN const struct open_block *open__innermost(void);

/* --- tasks.c: does more than one task share this thread, and which blocks has this task? -------
 */

/* Is an asyncio or trio loop or a greenlet running here? Blocks are keyed then. */
HIDDEN bool tasks__share_thread(void);

/* Both return false when the block of this task could not be noted, or is not noted. */
HIDDEN bool tasks__open(PyObject *owner, uint64_t key, uint64_t serial, const void *frame);
HIDDEN bool tasks__close(PyObject *owner, uint64_t *ret_key);
HIDDEN bool tasks__innermost(uint64_t *ret_key, uint64_t *ret_serial);

/* The frame is suspended, or goes on: and with it the blocks of this task that are in it. */
HIDDEN void tasks__move(const void *frame, bool enters);

/* --- suspend.c: which frame of a coroutine is a block in? --------------------------------------
 */

/* NULL: of none, or nobody tells when it is suspended. With of_caller, the code that begins the
 * block is a frame of its own within that. */
HIDDEN const void *suspend__frame(bool of_caller);

/* --- the types and functions that the module has -----------------------------------------------
 */

HIDDEN extern PyType_Spec block_spec, steps_spec;
HIDDEN extern PyMethodDef watch_methods[], notice_methods[], suspend_methods[];

/* What attribute and fail are said of. True with the key of a keyed block. */
HIDDEN bool block_is_keyed(uint64_t *ret_key);

HIDDEN void mark_failed(PyObject *type, PyObject *value);
HIDDEN void mark_key_failed(PyObject *type, PyObject *value, uint64_t key);

#endif
