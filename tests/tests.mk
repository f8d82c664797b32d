# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by the Makefile: everything that tests.

TARGETS := $(BUILD)/targets
export TACHO := $(BUILD)/tacho
export TACHO_TEST_TARGETS := $(TARGETS)
FUZZ_SECONDS ?= 60

# --- unit tests: one program each, linked with everything but main() --------------------------

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libtacho.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) -MMD -MP $(LDFLAGS) $< \
		$(BUILD)/libtacho.a -lcmocka $(LDLIBS) -o $@

# --- traced programs: built as their makers would, not as we build ----------------------------

TARGET_PROGRAMS := $(patsubst tests/targets/%.c,$(TARGETS)/%,$(wildcard tests/targets/prog_*.c)) \
	$(patsubst tests/targets/%.cc,$(TARGETS)/%,$(wildcard tests/targets/prog_*.cc)) \
	$(addprefix $(TARGETS)/,layout_nopie layout_lld layout_cet)

$(TARGETS)/prog_%: tests/targets/prog_%.c tests/targets/prog_truth.h
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -g -O2 -fno-inline -pthread $< -o $@

$(TARGETS)/prog_marks: tests/targets/prog_marks.c include/tacho/mark.h
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -g -O2 -Iinclude -pthread $< -o $@

# One program in other layouts: not position-independent; with segments as lld lays them out; with
# the landing pads of control-flow enforcement at the beginning of each function.
$(TARGETS)/layout_nopie: LAYOUT := -fno-pie -no-pie
$(TARGETS)/layout_lld: LAYOUT := -fuse-ld=lld
$(TARGETS)/layout_cet: LAYOUT := $(if $(filter arm64,$(ARCH)),-mbranch-protection=bti,-fcf-protection)
$(TARGETS)/layout_%: tests/targets/prog_storm.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -g -O2 -fno-inline -pthread $(LAYOUT) $< -o $@

$(TARGETS)/prog_library: tests/targets/prog_library.c $(TARGETS)/libelf_lib.so.1
	$(call say,CC,$<)$(CC) -g -O2 $< -L$(TARGETS) -l:libelf_lib.so.1 -Wl,-rpath,'$$ORIGIN' -o $@

$(TARGETS)/prog_scale: tests/targets/prog_scale.c $(TARGETS)/libscale.so
	$(call say,CC,$<)$(CC) -g -O2 $< -L$(TARGETS) -lscale -Wl,-rpath,'$$ORIGIN' -o $@

$(TARGETS)/libscale.so: tests/targets/scale_library.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -O2 -fPIC -shared $< -o $@

$(TARGETS)/libelf_lib.so.1: $(TARGETS)/libelf_lib.so
	$(Q)ln -sf libelf_lib.so $@

$(TARGETS)/prog_%: tests/targets/prog_%.cc
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) -g -O2 -fno-inline -pthread $< -o $@

# --- the programs of the survival matrix: in each language whose compiler is there -------------

SURVIVE_FLAGS := -g -O2 -Wall -Wextra -pthread
SURVIVE_CET := $(if $(filter arm64,$(ARCH)),-mbranch-protection=standard,-fcf-protection=full)
GO := $(or $(wildcard /usr/bin/go),$(shell command -v go))
RUSTC := $(or $(wildcard /usr/bin/rustc),$(shell command -v rustc))
PYTHON_CONFIG := $(wildcard /usr/bin/python3-config)

ORIGIN := -Wl,-rpath,'$$$$ORIGIN'
STATIC_CXX := -static-libstdc++ -static-libgcc

# $(call survive,NAME,SOURCE,FLAGS,LIBRARY)
define survive
SURVIVE_PROGRAMS += $(TARGETS)/$(1)
$(TARGETS)/$(1): SURVIVE_COMPILER := $(if $(filter %.cc,$(2)),CXX,CC)
$(TARGETS)/$(1): tests/targets/$(2) tests/targets/survive_truth.h $(addprefix $(TARGETS)/,$(4))
	@mkdir -p $$(@D)
	$$(call say,$$(SURVIVE_COMPILER),$$@)$$($$(SURVIVE_COMPILER)) $(SURVIVE_FLAGS) $(3) $$< \
		$(if $(4),-L$(TARGETS) -l:$(4) $(ORIGIN)) -o $$@
endef

$(eval $(call survive,survive_plain,survive_plain.c))
$(eval $(call survive,survive_plain_cet,survive_plain.c,$(SURVIVE_CET)))
$(eval $(call survive,survive_plain_static,survive_plain.c,-static-pie))
$(eval $(call survive,survive_threads,survive_threads.c))
$(eval $(call survive,survive_jumps,survive_jumps.c))
$(eval $(call survive,survive_jumps_checked,survive_jumps.c,-D_FORTIFY_SOURCE=2))
$(eval $(call survive,survive_jumps_static,survive_jumps.c,-static-pie))
$(eval $(call survive,survive_altstack,survive_jumps.c,-DALTERNATE_STACK))
$(eval $(call survive,survive_coroutines,survive_coroutines.c))
$(eval $(call survive,survive_stacks,survive_stacks.c))
$(eval $(call survive,libsurvive_library.so,survive_library.c,-fPIC -shared))
$(eval $(call survive,cet/libsurvive_library.so,survive_library.c,-fPIC -shared $(SURVIVE_CET)))
$(eval $(call survive,survive_caller,survive_caller.c,,libsurvive_library.so))
$(eval $(call survive,libsurvive_callback.so,survive_callback.c,-fPIC -shared -fexceptions))
$(eval $(call survive,plain/libsurvive_callback.so,survive_callback.c,-fPIC -shared))
$(eval $(call survive,survive_throws,survive_throws.cc,,libsurvive_callback.so))
$(eval $(call survive,survive_throws_static,survive_throws.cc,$(STATIC_CXX),libsurvive_callback.so))
$(eval $(call survive,survive_nothrow,survive_nothrow.cc))

ifneq ($(PYTHON_CONFIG),)
$(eval $(call survive,python/survive_python.so,survive_python.cc,-fPIC -shared \
	$$(shell $(PYTHON_CONFIG) --includes)))
endif
ifneq ($(RUSTC),)
SURVIVE_PROGRAMS += $(TARGETS)/survive_rust
endif
ifneq ($(GO),)
SURVIVE_PROGRAMS += $(TARGETS)/survive_go $(TARGETS)/survive_go_stripped
endif

# Each function begins with a nop of 5 bytes. Not linked with -pg: no profile is to be written.
ifeq ($(ARCH),x86_64)
SURVIVE_PROGRAMS += $(TARGETS)/survive_plain_nops
endif
$(TARGETS)/survive_plain_nops: tests/targets/survive_plain.c tests/targets/survive_truth.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(SURVIVE_FLAGS) -pg -mfentry -mnop-mcount -fno-pie -c $< -o $@.o
	$(Q)$(CC) -pthread -no-pie $@.o -o $@

$(TARGETS)/survive_rust: tests/targets/survive_rust.rs
	@mkdir -p $(@D)
	$(call say,RUSTC,$@)$(RUSTC) --edition 2021 -O -g $< -o $@

$(TARGETS)/survive_go_stripped: GO_FLAGS := -ldflags='-s -w'
$(TARGETS)/survive_go $(TARGETS)/survive_go_stripped: tests/targets/survive_go.go
	@mkdir -p $(@D)
	$(call say,GO,$@)env GO111MODULE=off GOCACHE=$(abspath $(BUILD)/go-cache) \
		$(GO) build $(GO_FLAGS) -o $@ $<

# What the ELF tests read: one symbol of every kind, in every kind of file.
ELF_PROGRAM := tests/targets/elf_program.c tests/targets/elf_other.c tests/targets/elf_asm.S

$(TARGETS)/elf_pie: $(ELF_PROGRAM)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -O1 -fPIE -pie -Wl,--build-id $^ -o $@

$(TARGETS)/elf_nopie: $(ELF_PROGRAM)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -O1 -fno-pie -no-pie -Wl,--build-id $^ -o $@

$(TARGETS)/libelf_lib.so: tests/targets/elf_lib.c tests/targets/elf_lib.map
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -O1 -fPIC -shared -Wl,--version-script=tests/targets/elf_lib.map \
		-Wl,-soname,libelf_lib.so.1 $< -o $@

$(TARGETS)/elf_stripped: $(TARGETS)/elf_pie
	$(call say,STRIP,$@)$(STRIP) --strip-all -o $@ $<

$(TARGETS)/libelf_lib_stripped.so: $(TARGETS)/libelf_lib.so
	$(call say,STRIP,$@)$(STRIP) --strip-all -o $@ $<

ELF_FILES := $(addprefix $(TARGETS)/,elf_pie elf_nopie elf_stripped libelf_lib.so \
	libelf_lib_stripped.so)

# NVIDIA's library as the test wants it: with all its functions, and as it was long ago.
$(TARGETS)/nvml/libnvidia-ml.so.1: tests/targets/nvml_library.c tests/targets/nvml_answers.h
$(TARGETS)/nvml_old/libnvidia-ml.so.1: tests/targets/nvml_library.c tests/targets/nvml_answers.h
$(TARGETS)/nvml_old/libnvidia-ml.so.1: NVML := -DNVML_OLD
$(TARGETS)/nvml/libnvidia-ml.so.1 $(TARGETS)/nvml_old/libnvidia-ml.so.1:
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -O1 $(WARNINGS) $(NVML) -fPIC -shared -Wl,-soname,libnvidia-ml.so.1 \
		$< -o $@

NVML_FILES := $(addsuffix /libnvidia-ml.so.1,$(addprefix $(TARGETS)/,nvml nvml_old))
$(BUILD)/tests/unit/test_gpu_nvml: | $(NVML_FILES)

include tests/targets/code_files.mk
include tests/targets/sym_files.mk
include tests/targets/usdt_files.mk
include tests/targets/mark_files.mk
include tests/targets/dwarf_files.mk

targets: $(TARGET_PROGRAMS) $(SURVIVE_PROGRAMS) $(ELF_FILES) $(CODE_FILES) $(SYM_FILES) $(USDT_FILES) $(MARK_FILES) $(DWARF_FILES)

tests: all python targets $(UNIT_TESTS)

# --- running -------------------------------------------------------------------------------------

# The robots are arm64: everything is built for them too, and the unit tests run under emulation, but
# for those that need this machine's own files (a library cache, objdump for its architecture) and
# those that fork or have threads: QEMU 7.2's user emulation now and then leaves them spinning.
ARM64_NATIVE_ONLY := activities_blocks code_parts code_steps code_switch cold_part dwarf_spoiled \
	eh_frame elf elf_functions elf_names elf_spoiled elf_tables locate recorder_rotation \
	system_usage
ARM64_TESTS := $(patsubst %.c,build/arm64/%,$(shell grep -Lw -e fork -e popen -e config_fixture.h \
	-e run_command.h -e report_fixture.h -e keeper_fixture.h \
	$(filter-out $(ARM64_NATIVE_ONLY:%=tests/unit/test_%.c),$(UNIT_SRC))))

# What the emulated arm64 machine of tests/vm records.
ARM64_TARGETS := $(addprefix build/arm64/targets/,prog_calls prog_ends prog_load prog_marks)

check: packages
	$(Q)$(MAKE) --no-print-directory tests fuzzers
ifneq ($(HOST_ARCH),arm64)
	$(Q)$(MAKE) --no-print-directory ARCH=arm64 all python $(ARM64_TESTS) $(ARM64_TARGETS)
endif
	$(Q)tests/run_tests.py $(BUILD)

# The package in a machine with a systemd of its own. And the units for a newer one in Debian 13.
SERVICE_ENV = TACHO_DEB='$(abspath $(DEB))'
SOAK_S ?= 60

check-service: packages
	$(Q)$(MAKE) --no-print-directory deb $(TARGETS)/prog_service
	$(Q)$(SERVICE_ENV) tests/run_tests.py $(BUILD) service/test_service service/test_new_systemd

# A load in a loop, for SOAK_S seconds (at most 500), with reloads and rotations: does anything grow?
soak: packages
	$(Q)$(MAKE) --no-print-directory deb $(TARGETS)/prog_service
	$(Q)$(SERVICE_ENV) SOAK_S=$(SOAK_S) tests/run_tests.py $(BUILD) service/test_soak

.PHONY: check-service soak

asan: packages
	$(Q)$(MAKE) --no-print-directory tests BUILD=build/asan LDFLAGS='$(SANITIZERS)' \
		SANITIZE='$(SANITIZERS) -fno-omit-frame-pointer -fno-sanitize-recover=all'
	$(Q)tests/run_tests.py build/asan 'unit/*' 'replay/*' 'analysis/*' 'live/*'

SANITIZERS := -fsanitize=address,undefined

# --- benchmarks ----------------------------------------------------------------------------------

$(BUILD)/bench/%.bpf.o: tests/bench/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# Without debugging information: the functions are written in assembly, and perf probe looks for them
# among those that have it, if there is any.
$(BUILD)/bench/%: tests/bench/%.c tests/bench/calls_loop.h include/tacho/mark.h
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -Iinclude $(CFLAGS) -g0 -pthread $< -lbpf -o $@

# One program as it is, and as peers want it built for them.
CALLS_REBUILT_plain :=
CALLS_REBUILT_pg := -pg $(if $(filter x86_64,$(ARCH)),-mfentry)
CALLS_REBUILT_lttng := -DLTTNG -Itests/bench -llttng-ust -ldl
$(BUILD)/bench/calls_%: tests/bench/calls_rebuilt.c tests/bench/calls_loop.h tests/bench/calls_lttng.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CFLAGS) -pthread $< $(CALLS_REBUILT_$*) -o $@

BENCH_PROGRAMS := $(TARGETS)/libscale.so $(addprefix $(BUILD)/bench/,empty.bpf.o least.bpf.o \
	empty_session marks_loop calls calls_plain sleepers read_stats paced timed brief)
BENCH_FOR_PEERS := $(addprefix $(BUILD)/bench/,calls_pg calls_lttng)

# ONLY='call-cost idle' measures these alone. A peer for which nothing can be built is a row that
# says so.
bench: packages
	$(Q)$(MAKE) --no-print-directory all $(BENCH_PROGRAMS) python
	$(Q)-$(MAKE) --no-print-directory --keep-going $(BENCH_FOR_PEERS)
	$(Q)tests/bench/run.py $(BUILD) $(ONLY)

# The tables of the last run, into docs/PERFORMANCE.md and README.md.
bench-doc:
	$(Q)tests/bench/paste.py $(BUILD)/bench.md

.PHONY: bench-doc

# --- fuzzing -------------------------------------------------------------------------------------

# Clang's libFuzzer; the library once, with coverage and sanitizers, in a build folder of its own.
FUZZ_SANITIZE := address,undefined -fno-sanitize-recover=undefined

$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(BUILD)/fuzz/libtacho.a
	$(call say,FUZZ,$<)$(CLANG) $(CPPFLAGS) -O1 -g -std=gnu11 -D_GNU_SOURCE \
		-fsanitize=fuzzer,$(FUZZ_SANITIZE) $^ $(LDLIBS) -o $@

fuzzers:
	$(Q)$(MAKE) --no-print-directory CC=$(CLANG) BUILD=$(BUILD)/fuzz \
		SANITIZE='-fsanitize=fuzzer-no-link,$(FUZZ_SANITIZE)' $(BUILD)/fuzz/libtacho.a
	$(Q)$(MAKE) --no-print-directory $(FUZZERS)

fuzz: packages
	$(Q)$(MAKE) --no-print-directory fuzzers
	$(Q)for fuzzer in $(FUZZERS); do name=$${fuzzer##*/fuzz_}; \
		mkdir -p $(BUILD)/corpus/$$name && echo "  RUN      $$fuzzer" && \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -print_final_stats=0 -verbosity=0 \
			-artifact_prefix=$(BUILD)/corpus/$$name- \
			$(BUILD)/corpus/$$name tests/fuzz/corpus/$$name || exit 1; done

.PHONY: fuzzers
-include $(UNIT_TESTS:=.d)
