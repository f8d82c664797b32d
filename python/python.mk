# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by the Makefile: the Python package. One C core serves every Python from 3.8 on.

PYTHON := $(or $(wildcard /usr/bin/python3),$(shell command -v python3))
PYTHON_INCLUDES = $(shell $(PYTHON)-config --includes)
# Where Debian's interpreters look: of every version under /usr, of one under /usr/local.
PYTHON_SITE ?= $(PREFIX)/lib/python3$(if $(filter /usr,$(PREFIX)),,$(shell $(PYTHON) -c \
	'import sys; print(f".{sys.version_info[1]}")'))/dist-packages
PYTHON_BUILD := $(BUILD)/python
PYTHON_CORE := $(PYTHON_BUILD)/_tacho_marks.abi3.so
PYTHON_CORE_SRC := $(wildcard python/core/*.c)
PYTHON_FILES := $(patsubst python/%,%,$(wildcard python/*.py python/*.pth python/tacho/*.py \
	python/performance_metrics/*.py))

.PHONY: python install-python install-python-files uninstall-python

python: $(PYTHON_CORE) $(PYTHON_FILES:%=$(PYTHON_BUILD)/%)

# Without sanitizers, of which the interpreter knows nothing.
$(PYTHON_CORE): $(PYTHON_CORE_SRC) python/core/core.h include/tacho/mark.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -Iinclude $(PYTHON_INCLUDES) $(filter-out $(SANITIZE),$(CFLAGS)) \
		-Wno-unused-parameter -fPIC -shared -Wl,-z,now $(filter-out -fsanitize=%,$(LDFLAGS)) \
		$(PYTHON_CORE_SRC) -o $@

$(PYTHON_BUILD)/%: python/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

install-python-files: python
	for file in $(PYTHON_FILES) $(notdir $(PYTHON_CORE)); do install -D -m 644 \
		$(PYTHON_BUILD)/$$file $(DESTDIR)$(PYTHON_SITE)/$$file; done

install-python: install-python-files
	$(Q)$(PYTHON) -c '$(PYTHON_COMPILE)' '$(DESTDIR)' $(PYTHON_SITE) $(filter %.py,$(PYTHON_FILES))

# Users cannot write the .pyc there: each of their programs would compile tacho_autoload.py anew, which
# takes ten times as long as to load it.
PYTHON_COMPILE = import py_compile, sys; root, site, *files = sys.argv[1:]; \
	[py_compile.compile(f"{root}{site}/{file}", dfile=f"{site}/{file}") for file in files]

uninstall-python:
	rm -f $(addprefix $(DESTDIR)$(PYTHON_SITE)/,$(PYTHON_FILES) $(notdir $(PYTHON_CORE)) \
		__pycache__/tacho_autoload.*.pyc)
	rm -rf $(addprefix $(DESTDIR)$(PYTHON_SITE)/,tacho performance_metrics)
