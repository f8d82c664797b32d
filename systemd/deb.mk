# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by the Makefile: `make deb` builds build/tacho_VERSION_ARCH.deb from what `make install`
# installs, and build/python3-tacho_VERSION_ARCH.deb from what `make install-python` does. The same
# sources, compiler and SOURCE_DATE_EPOCH give the same bytes.

DEB_ARCH := $(if $(filter x86_64,$(ARCH)),amd64,$(ARCH))
DEB := $(BUILD)/tacho_$(VERSION)_$(DEB_ARCH).deb
PYTHON_DEB = $(dir $(DEB))python3-$(notdir $(DEB))
DEB_WORK := $(BUILD)/deb
# When the sources were last changed, as git knows it; without git, as the licence's file says.
SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),$(shell stat -c %Y LICENSE))
export SOURCE_DATE_EPOCH

deb: packages all
	$(Q)$(MAKE) --no-print-directory deb-only ARCH=$(ARCH) BUILD=$(BUILD)

deb-only: all python
	$(call say,DEB,$(DEB))rm -rf '$(DEB_WORK)'
	$(Q)$(MAKE) --no-print-directory -s install DESTDIR='$(abspath $(DEB_WORK))/tree' PREFIX=/usr \
		UNIT_BUILD='$(DEB_WORK)/units' BUILD=$(BUILD) ARCH=$(ARCH) \
		ZSH_DIR=/usr/share/zsh/vendor-completions SYSTEMD_VERSION=$(SYSTEMD_VERSION)
	$(Q)gzip -9n '$(DEB_WORK)'/tree/usr/share/man/man*/*
	$(Q)mkdir -p '$(DEB_WORK)/tree/etc/tacho/tacho.conf.d'
	$(Q)$(call build_deb,tacho,tree,$(DEB),usr/bin/tacho)
	$(call say,DEB,$(PYTHON_DEB))$(MAKE) --no-print-directory -s install-python-files PREFIX=/usr \
		DESTDIR='$(abspath $(DEB_WORK))/python' BUILD=$(BUILD) ARCH=$(ARCH)
	$(Q)install -D -m 644 LICENSE '$(DEB_WORK)/python/usr/share/doc/python3-tacho/copyright'
	$(Q)$(call build_deb,python3-tacho,python,$(PYTHON_DEB),usr/lib/python3/dist-packages/$(notdir $(PYTHON_CORE)))

# NAME,TREE,DEB,ELF
build_deb = VERSION=$(VERSION) DEB_ARCH=$(DEB_ARCH) STRIP=$(STRIP) systemd/debian/build.sh $(1) \
	'$(abspath $(DEB_WORK))/$(2)' '$(3)' $(4)

.PHONY: deb deb-only
