# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Included by the Makefile: helpers for a robot (or any arm64 Linux) over ssh, as those of the
# Opentrons package performance-metrics, by the same names where they do the same.
#
#   make push host=ROBOT                          builds for the robot, copies it to /opt/tacho
#   make get-data host=ROBOT [dest=DIR]           fetches what was recorded into data-ROBOT
#   make set-performance-metrics-ff host=ROBOT    switches the feature flag on
#   make unset-performance-metrics-ff host=ROBOT  ... off
#   make setup-system-resource-tracker-systemd-service host=ROBOT
#                                                 enables and starts the service, switched on
#   make start-remote-system-resource-tracker host=ROBOT [refresh_interval= process_filters=
#       storage_dir= logging_level=]              runs it in the foreground
#   make override-robot-version version=8.5.0 host=ROBOT
#                                                 has the robot say that it runs this version
#   make cleanup-remote host=ROBOT                takes all of it away again, but no data
#
# host is a name or an address. ssh_key=FILE, ssh_opts='-o Port=2222', data_dir= (on the robot),
# robot_arch=x86_64 for another machine. DRY_RUN=1 shows the commands and runs none.
# What they do is in systemd/robot.sh, which gets the words as they were given: none is expanded by
# make or seen by a shell as anything but a value.

ROBOT_TARGETS := push get-data set-performance-metrics-ff unset-performance-metrics-ff \
	setup-system-resource-tracker-systemd-service start-remote-system-resource-tracker \
	override-robot-version cleanup-remote
ROBOT_VARIABLES := host dest version ssh_key ssh_opts data_dir http_port refresh_interval \
	process_filters storage_dir logging_level DRY_RUN

ifneq ($(filter $(ROBOT_TARGETS),$(MAKECMDGOALS)),)
$(foreach v,$(ROBOT_VARIABLES),$(if $(filter undefined,$(origin $(v))),,$(eval override export $(v) := $$(value $(v)))))
# `make` hands on what it was given on the command line a second time, unexpanded, for others of its
# kind; nothing here is one.
MAKEOVERRIDES :=
endif

# A robot's libraries are older than these, or not there: the program brings its own, and their loader.
robot_arch ?= arm64
BUNDLE_PREFIX := /opt/tacho
LOADER_arm64 := ld-linux-aarch64.so.1
LOADER_x86_64 := ld-linux-x86-64.so.2
ROBOT_BUILD := $(if $(filter $(HOST_ARCH),$(robot_arch)),$(BUILD),build/$(robot_arch))

$(BUILD)/bundled/tacho: $(BUILD)/user/main.o $(BUILD)/libtacho.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-z,relro,-z,now \
		-Wl,--dynamic-linker=$(BUNDLE_PREFIX)/lib/$(LOADER_$(ARCH)) \
		-Wl,--disable-new-dtags,-rpath,$(BUNDLE_PREFIX)/lib $^ $(LDLIBS) -o $@

bundle: all $(BUILD)/bundled/tacho
	$(Q)rm -rf $(BUILD)/bundle
	$(Q)$(MAKE) --no-print-directory -s install DESTDIR='$(abspath $(BUILD)/bundle)' \
		PREFIX=$(BUNDLE_PREFIX) UNIT_BUILD=$(BUILD)/bundled ARCH=$(ARCH) BUILD=$(BUILD) SYSTEMD_VERSION=250
	$(call say,BUNDLE,$(BUILD)/bundle)STRIP=$(STRIP) systemd/bundle.sh $(BUILD)/bundled/tacho \
		$(BUILD)/bundle$(BUNDLE_PREFIX) $(TRIPLET)

push:
	$(Q)host_only=1 systemd/robot.sh $@
	$(if $(DRY_RUN),,$(Q)$(MAKE) --no-print-directory ARCH=$(robot_arch) BUILD=$(ROBOT_BUILD) bundle)
	$(Q)BUNDLE=$(ROBOT_BUILD)/bundle systemd/robot.sh $@

$(filter-out push,$(ROBOT_TARGETS)):
	$(Q)systemd/robot.sh $@

.PHONY: bundle $(ROBOT_TARGETS)
