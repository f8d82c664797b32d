# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the tests of names and tables read. Rust's and Go's files only where there is a compiler: the
# tests skip what is missing.
RUSTC ?= $(shell command -v rustc)
GO ?= $(shell command -v go)
# Of the two manglings, which is stable depends on the compiler's age.
RUST_BUILD := MAKEFLAGS= RUSTC_BOOTSTRAP=1 $(RUSTC) -Zunstable-options -C opt-level=1 --edition 2021
GO_BUILD := GOCACHE=$(abspath $(BUILD))/go-cache GO111MODULE=off GOFLAGS= GOARCH= GOOS= $(GO) build

$(TARGETS)/libsym_names.so: tests/targets/sym_names.cc tests/targets/sym_clones.S
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) -O1 -fPIC -shared -Wl,--build-id $^ -o $@

$(TARGETS)/libsym_lld.so: tests/targets/elf_lib.c tests/targets/elf_lib.map
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -O1 -fPIC -shared -fuse-ld=lld -Wl,--version-script=tests/targets/elf_lib.map \
		$< -o $@

$(TARGETS)/sym_mini: tests/targets/sym_minidebuginfo.sh $(TARGETS)/elf_pie
	$(call say,STRIP,$@)tests/targets/sym_minidebuginfo.sh $(TARGETS)/elf_pie $@

$(TARGETS)/libsym_mini.so: tests/targets/sym_minidebuginfo.sh $(TARGETS)/libsym_names.so
	$(call say,STRIP,$@)tests/targets/sym_minidebuginfo.sh $(TARGETS)/libsym_names.so $@

$(TARGETS)/sym_mini_other: tests/targets/sym_minidebuginfo.sh $(TARGETS)/elf_pie $(TARGETS)/elf_nopie
	$(call say,STRIP,$@)tests/targets/sym_minidebuginfo.sh $(TARGETS)/elf_pie $@ $(TARGETS)/elf_nopie

# Stripped, with its debug file beside it.
$(TARGETS)/sym_linked: $(TARGETS)/elf_pie
	$(call say,STRIP,$@)objcopy --only-keep-debug $< $@.debug && $(STRIP) --strip-all -o $@.tmp $< && \
		objcopy --add-gnu-debuglink=$@.debug $@.tmp $@ && rm $@.tmp

$(TARGETS)/sym_rust_%: tests/targets/sym_rust.rs
	@mkdir -p $(@D)
	$(call say,RUSTC,$@)$(RUST_BUILD) -C symbol-mangling-version=$* $< -o $@

$(TARGETS)/sym_rust_stripped: $(TARGETS)/sym_rust_v0
	$(call say,STRIP,$@)$(STRIP) --strip-all -o $@ $<

$(TARGETS)/sym_go: tests/targets/sym_go.go
	@mkdir -p $(@D)
	$(call say,GO,$@)$(GO_BUILD) -o $@ $<

$(TARGETS)/sym_go_stripped: tests/targets/sym_go.go
	@mkdir -p $(@D)
	$(call say,GO,$@)$(GO_BUILD) -ldflags='-s -w' -o $@ $<

$(TARGETS)/sym_go_pie: tests/targets/sym_go.go
	@mkdir -p $(@D)
	$(call say,GO,$@)$(GO_BUILD) -buildmode=pie -ldflags='-s -w -linkmode=external' -o $@ $<

$(TARGETS)/sym_cgo: tests/targets/sym_cgo.go
	@mkdir -p $(@D)
	$(call say,GO,$@)CGO_ENABLED=1 $(GO_BUILD) -ldflags='-s -w' -o $@ $<

SYM_FILES := $(addprefix $(TARGETS)/,libsym_names.so libsym_lld.so sym_mini libsym_mini.so \
	sym_mini_other sym_linked \
	$(if $(RUSTC),sym_rust_legacy sym_rust_v0 sym_rust_stripped) \
	$(if $(GO),sym_go sym_go_stripped sym_go_pie sym_cgo))
