# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by the Makefile: `make deb` builds build/tacho_VERSION_ARCH.deb from what `make install`
# installs. The same sources, compiler and SOURCE_DATE_EPOCH give the same bytes.

DEB_ARCH := $(if $(filter x86_64,$(ARCH)),amd64,$(ARCH))
DEB := $(BUILD)/tacho_$(VERSION)_$(DEB_ARCH).deb
DEB_WORK := $(BUILD)/deb
# When the sources were last changed, as git knows it; without git, as the licence's file says.
SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),$(shell stat -c %Y LICENSE))
export SOURCE_DATE_EPOCH

deb: packages all
	$(Q)$(MAKE) --no-print-directory deb-only ARCH=$(ARCH) BUILD=$(BUILD)

deb-only: all
	$(call say,DEB,$(DEB))rm -rf '$(DEB_WORK)'
	$(Q)$(MAKE) --no-print-directory -s install DESTDIR='$(abspath $(DEB_WORK))/tree' PREFIX=/usr \
		UNIT_BUILD='$(DEB_WORK)/units' BUILD=$(BUILD) ARCH=$(ARCH) \
		ZSH_DIR=/usr/share/zsh/vendor-completions SYSTEMD_VERSION=$(SYSTEMD_VERSION)
	$(Q)VERSION=$(VERSION) DEB_ARCH=$(DEB_ARCH) STRIP=$(STRIP) \
		systemd/debian/build.sh '$(abspath $(DEB_WORK))/tree' '$(DEB)'

.PHONY: deb deb-only
