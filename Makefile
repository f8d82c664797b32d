# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
#   make            builds build/tacho            make demo     records a real program
#   make check      runs every test               make install  DESTDIR= PREFIX= (uninstall)
#   make asan       the tests under sanitizers    make fuzz     every fuzzer, FUZZ_SECONDS each
#   make check-service, make soak             the package, in a machine with a systemd of its own
#   make format     clang-format in place         make deb      both Debian packages, in build/
#   make push host=ROBOT and more for a robot over ssh: see systemd/robot.mk      make clean
#
# Options: V=1 shows the commands; ARCH=arm64 builds for another machine (its own build folder).

VERSION := 0.1.0
HOST_ARCH := $(patsubst aarch64,arm64,$(shell uname -m))
ARCH ?= $(HOST_ARCH)
PREFIX ?= /usr/local
TRIPLET_arm64 := aarch64-linux-gnu
TRIPLET_x86_64 := x86_64-linux-gnu
TRIPLET := $(TRIPLET_$(ARCH))

ifeq ($(ARCH),$(HOST_ARCH))
BUILD ?= build
else
BUILD ?= build/$(ARCH)
CC := $(TRIPLET)-gcc
AR := $(TRIPLET)-ar
STRIP := $(TRIPLET)-strip
endif
ifeq ($(origin CC),default)
CC := gcc
endif
STRIP ?= strip
CLANG ?= clang
BPFTOOL ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)';)

WARNINGS := -Wall -Wextra -Werror
# It runs with privileges, and reads what others wrote.
CFLAGS ?= -O2 -g $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2 -fstack-protector-strong)
override CFLAGS += -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -Wshadow -Wmissing-prototypes $(SANITIZE)
CPPFLAGS += -Iinclude -Iuser -I$(BUILD) -DTACHO_VERSION='"$(VERSION)"'
LDLIBS := -lbpf -ldw -lelf -lcapstone -linih -ljansson -liberty -llzma -lzstd -lz -lcap -lsystemd -lm $(LDLIBS)
BPF_TARGET_arm64 := arm64
BPF_TARGET_x86_64 := x86
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_TARGET_$(ARCH)) $(WARNINGS) \
	-Wno-unused-parameter -Iinclude -Ivmlinux -ffile-prefix-map=$(CURDIR)=.

USER_SRC := $(wildcard user/*.c user/*/*.c)
USER_OBJ := $(USER_SRC:%.c=$(BUILD)/%.o)
LIB_OBJ := $(filter-out $(BUILD)/user/main.o,$(USER_OBJ))
BPF_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard bpf/*.bpf.c))
# Each of these is a skeleton of its own; the others are linked into one.
LONE_BPF := doctor resources
LONE_BPF_OBJ := $(LONE_BPF:%=$(BUILD)/bpf/%.bpf.o)
SKELETONS := $(BUILD)/tacho_bpf.skel.h $(LONE_BPF:%=$(BUILD)/%_bpf.skel.h)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_TESTS := $(UNIT_SRC:%.c=$(BUILD)/%)
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
MAN := $(wildcard docs/*.[1-8])

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all demo check bench asan fuzz install uninstall format clean packages tests targets

all: $(BUILD)/tacho

$(BUILD)/tacho: $(BUILD)/user/main.o $(BUILD)/libtacho.a
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-z,relro,-z,now $^ $(LDLIBS) -o $@

$(BUILD)/libtacho.a: $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@; $(AR) rcs $@ $^

$(BUILD)/user/%.o: user/%.c | $(SKELETONS)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# What a page of tacho plot is allowed to run: hashes as browsers make them.
PAGE_ASSETS := $(addprefix user/plot/,chart.css page.css page.js)
csp_hash = sha256-$$(cat $(1) | sha256sum | cut -c1-64 | tr a-f A-F | basenc --base16 -d | base64)

$(BUILD)/plot_hashes.h: $(PAGE_ASSETS)
	@mkdir -p $(@D)
	$(call say,GEN,$@)printf '#define %s "%s"\n' \
		PLOT_STYLE_HASH "$(call csp_hash,$(filter %.css,$^))" \
		PLOT_PAGE_JS_HASH "$(call csp_hash,$(filter %.js,$^))" > $@

$(BUILD)/user/plot/assets.o: $(BUILD)/plot_hashes.h $(PAGE_ASSETS)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tacho_bpf.o: $(filter-out $(LONE_BPF_OBJ),$(BPF_OBJ))
$(LONE_BPF:%=$(BUILD)/%_bpf.o): $(BUILD)/%_bpf.o: $(BUILD)/bpf/%.bpf.o
$(SKELETONS:.skel.h=.o):
	$(call say,GEN,$@)$(BPFTOOL) gen object $@ $^

$(SKELETONS): $(BUILD)/%.skel.h: $(BUILD)/%.o
	$(call say,GEN,$@)$(BPFTOOL) gen skeleton $< name $* > $@


include python/python.mk
include tests/tests.mk

demo: packages
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/demo.sh $(BUILD)/tacho

# What a command needs is installed by it when root, and named when not.
packages:
	$(Q)tests/install_packages.sh $(or $(patsubst check-service soak,service,$(filter check check-service soak demo bench asan fuzz deb,$(MAKECMDGOALS))),build)

include systemd/install.mk systemd/deb.mk systemd/robot.mk

format:
	$(Q)clang-format -i $(wildcard bpf/*.[ch] include/tacho/*.h user/*.[ch] user/*/*.[ch] \
		tests/*/*.[ch])

clean:
	$(Q)rm -rf build

-include $(USER_OBJ:.o=.d) $(BPF_OBJ:.o=.d)
