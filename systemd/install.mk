# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by the Makefile: what `make install` puts where, and how units are made.
#
# DESTDIR= and PREFIX= as usual. SYSTEMD_VERSION= is that of the machine that will run the service,
# this machine's if it is not given.

SYSTEMD_VERSION ?= $(or $(shell systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p'),0)
UNIT_DIR ?= $(PREFIX)/lib/systemd/system
ZSH_DIR ?= $(PREFIX)/share/zsh/site-functions
UNIT_BUILD := $(BUILD)/systemd
UNITS := tacho opentrons-system-resource-tracker
UNIT_FILES := $(UNITS:%=$(UNIT_BUILD)/%.service)

# Type=notify-reload, which has `systemctl reload` wait for what comes of it, is there since
# systemd 253. So is, where that is the distribution's, Linux 6.6.
NEW_SYSTEMD := $(filter 1,$(shell expr $(SYSTEMD_VERSION) '>=' 253))
UNIT_TYPE := $(if $(NEW_SYSTEMD),Type=notify-reload,Type=notify\nExecReload=/bin/kill -HUP $$MAINPID)

# The unit is made again when what it depends on has changed.
UNIT_SETTINGS := $(PREFIX) $(if $(NEW_SYSTEMD),notify-reload,notify)
$(UNIT_BUILD)/settings: FORCE
	@mkdir -p $(@D)
	@echo '$(UNIT_SETTINGS)' | cmp -s - $@ || echo '$(UNIT_SETTINGS)' >$@

$(UNIT_BUILD)/%.service: systemd/%.service.in $(UNIT_BUILD)/settings
	$(call say,UNIT,$@)sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|^@TYPE@$$|$(UNIT_TYPE)|' $< >$@

units: $(UNIT_FILES)

# SOURCE:DESTINATION:MODE, all that is installed.
DOC_DIR := $(PREFIX)/share/doc/tacho
INSTALLED := $(BUILD)/tacho:$(PREFIX)/bin/tacho:755 \
	$(foreach page,$(MAN),$(page):$(PREFIX)/share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page)):644) \
	docs/completion/tacho.bash:$(PREFIX)/share/bash-completion/completions/tacho:644 \
	docs/completion/tacho.zsh:$(ZSH_DIR)/_tacho:644 \
	$(foreach unit,$(UNIT_FILES),$(unit):$(UNIT_DIR)/$(notdir $(unit)):644) \
	$(if $(NEW_SYSTEMD),,systemd/linux-before-6.6.conf:$(UNIT_DIR)/tacho.service.d/linux-before-6.6.conf:644) \
	systemd/tacho.sysusers:$(PREFIX)/lib/sysusers.d/tacho.conf:644 \
	systemd/tacho.tmpfiles:$(PREFIX)/lib/tmpfiles.d/tacho.conf:644 \
	systemd/opentrons.conf:$(PREFIX)/share/tacho/opentrons.conf:644 \
	systemd/tacho.conf:$(DOC_DIR)/tacho.conf:644 \
	$(foreach file,$(wildcard systemd/tacho.logrotate),$(file):$(DOC_DIR)/$(notdir $(file)):644) \
	include/tacho/mark.h:$(PREFIX)/include/tacho/mark.h:644 \
	README.md:$(DOC_DIR)/README.md:644 \
	$(foreach file,FORMATS MARKS,docs/$(file).md:$(DOC_DIR)/$(file).md:644) \
	LICENSE:$(DOC_DIR)/copyright:644

installed_source = $(word 1,$(subst :, ,$(1)))
installed_path = $(word 2,$(subst :, ,$(1)))
installed_mode = $(word 3,$(subst :, ,$(1)))
INSTALLED_PATHS := $(foreach file,$(INSTALLED),$(call installed_path,$(file)))
# Directories that are nobody else's.
INSTALLED_DIRS := $(UNIT_DIR)/tacho.service.d $(PREFIX)/include/tacho $(PREFIX)/share/tacho $(DOC_DIR)

define install_file
install -D -m $(call installed_mode,$(1)) $(call installed_source,$(1)) '$(DESTDIR)$(call installed_path,$(1))'

endef

install: all units
	$(foreach file,$(INSTALLED),$(call install_file,$(file)))

# Of a running system, folders are everybody's; a staging tree loses those too that are empty then.
uninstall:
	$(foreach path,$(INSTALLED_PATHS),rm -f '$(DESTDIR)$(path)'$(newline))
	cd '$(or $(DESTDIR),/)' && for path in $(patsubst /%,%,$(if $(DESTDIR),$(sort $(dir $(INSTALLED_PATHS))),$(INSTALLED_DIRS))); \
		do [ ! -d "$$path" ] || rmdir $(if $(DESTDIR),-p) --ignore-fail-on-non-empty "$$path"; done

define newline


endef

FORCE:
.PHONY: units FORCE
