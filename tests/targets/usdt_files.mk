# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by tests/tests.mk.

# Programs with USDT probes, from every compiler. sys/sdt.h is the same for every machine, but is
# installed where only this machine's compilers look.
USDT_SRC := $(addprefix tests/targets/,usdt_program.c usdt_semaphores.c usdt_other_semaphore.c)
USDT_FILES := $(addprefix $(TARGETS)/,usdt_gcc_O0 usdt_gcc_O2 usdt_clang_O0 usdt_clang_O2 \
	usdt_static usdt_nopie libusdt.so usdt_arm64 usdt_arm64_O0)
SDT_HEADER := $(firstword $(wildcard /usr/include/sys/sdt.h /usr/include/*/sys/sdt.h))
ARM64_CC := $(if $(filter arm64,$(HOST_ARCH)),$(CC),$(TRIPLET_arm64)-gcc)

$(TARGETS)/usdt_gcc_O0: USDT_CC := $(CC) -O0
$(TARGETS)/usdt_gcc_O2: USDT_CC := $(CC) -O2
$(TARGETS)/usdt_clang_O0: USDT_CC := $(CLANG) -O0
$(TARGETS)/usdt_clang_O2: USDT_CC := $(CLANG) -O2
$(TARGETS)/usdt_static: USDT_CC := $(CC) -O2 -static
$(TARGETS)/usdt_nopie: USDT_CC := $(CC) -O2 -fno-pie -no-pie
$(TARGETS)/libusdt.so: USDT_CC := $(CC) -O2 -fPIC -shared
$(TARGETS)/usdt_arm64: USDT_CC := $(ARM64_CC) -O2
$(TARGETS)/usdt_arm64_O0: USDT_CC := $(ARM64_CC) -O0

$(USDT_FILES): $(USDT_SRC) | $(BUILD)/sdt/sys/sdt.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(USDT_CC) -I$(BUILD)/sdt $(USDT_SRC) -o $@

$(BUILD)/sdt/sys/sdt.h:
	@mkdir -p $(@D)
	$(Q)ln -sf $(dir $(SDT_HEADER))sdt.h $(dir $(SDT_HEADER))sdt-config.h $(@D)/
