/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The machine and what is installed on it. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <capstone/capstone.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../clock.h"
#include "../elf/locate.h"
#include "../gpu/gpu.h"
#include "examination.h"
#include "../proc_text.h"

#define CLOCK_ROUNDS 5
#define CLOCK_READINGS 1000
#define CLOCK_SLOW_NS 300

static void check_btf(struct examination *x)
{
	struct btf *btf = btf__load_vmlinux_btf();
	long err = libbpf_get_error(btf);

	if (err) {
		doctor_report__add(x->report, "BTF", DOCTOR_MISSING, "/sys/kernel/btf/vmlinux: %s",
				   strerror((int)-err));
		doctor_report__remedy(x->report, "no BPF program of tacho can be loaded: a kernel "
						 "with CONFIG_DEBUG_INFO_BTF is needed");
		return;
	}
	doctor_report__add(x->report, "BTF", DOCTOR_OK, "the kernel describes %u types",
			   btf__type_cnt(btf));
	btf__free(btf);
}

void check_kernel(struct examination *x)
{
	struct utsname name;

	if (uname(&name))
		memset(&name, 0, sizeof(name));
	snprintf(x->report->kernel, sizeof(x->report->kernel), "%s", name.release);
	snprintf(x->report->machine, sizeof(x->report->machine), "%s", name.machine);
	doctor_report__add(x->report, "kernel", DOCTOR_OK, "%s %s on %s", name.sysname,
			   name.release, name.machine);
	check_btf(x);
}

/* --- the clock ------------------------------------------------------------------------------ */

static double clock_reading_ns(void)
{
	uint64_t best = UINT64_MAX, start, ns;

	for (int round = 0; round < CLOCK_ROUNDS; round++) {
		start = clock_monotonic_ns();
		for (int i = 0; i < CLOCK_READINGS; i++)
			ns = clock_monotonic_ns();
		if (ns - start < best)
			best = ns - start;
	}
	return (double)best / CLOCK_READINGS;
}

/* Which one it is tells little: it is read twice a call, and so its speed is what counts. A source
 * that user space cannot read itself (hpet, acpi_pm) shows in that, too. */
void check_clock(struct examination *x)
{
	static const char source_path[] =
		"/sys/devices/system/clocksource/clocksource0/current_clocksource";
	double ns = clock_reading_ns();
	char source[64];

	if (proc_text__read(source_path, source, sizeof(source)))
		snprintf(source, sizeof(source), "an unknown source");
	if (ns <= CLOCK_SLOW_NS) {
		doctor_report__add(x->report, "clock", DOCTOR_OK, "%s, read in %.0f ns", source,
				   ns);
		return;
	}
	doctor_report__add(x->report, "clock", DOCTOR_FALLBACK, "%s, read in %.0f ns", source, ns);
	doctor_report__remedy(x->report,
			      "each call takes two readings: boot with a faster source if there is "
			      "one (clocksource=tsc, kvm-clock or arch_sys_counter)");
}

/* --- libraries and debugging information ---------------------------------------------------- */

static void check_decoder(struct examination *x)
{
#if defined(__x86_64__)
	bool decodes = cs_support(CS_ARCH_X86);
#else
	bool decodes = cs_support(CS_ARCH_ARM64);
#endif
	int major, minor;

	cs_version(&major, &minor);
	doctor_report__add(x->report, "libraries", decodes ? DOCTOR_OK : DOCTOR_MISSING,
			   "libbpf %s, elfutils %s, Capstone %d.%d%s", libbpf_version_string(),
			   dwfl_version(NULL), major, minor,
			   decodes ? "" : ", built without this machine's instructions");
	if (!decodes)
		doctor_report__remedy(x->report, "no function can be recorded: install a Capstone "
						 "that is built for all machines");
}

/* None of it is a fault: most functions are found without. */
static void check_debug_files(struct examination *x)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	char *library = NULL;

	locate_binary("libdebuginfod.so.1", &library, NULL);
	doctor_report__add(x->report, "debug files", DOCTOR_OK,
			   "/usr/lib/debug/.build-id: %s; libdebuginfod: %s; DEBUGINFOD_URLS: %s",
			   access("/usr/lib/debug/.build-id", X_OK) ? "not there" : "there",
			   library ? "there" : "not there", urls && *urls ? "set" : "not set");
	free(library);
}

void check_libraries(struct examination *x)
{
	check_decoder(x);
	check_debug_files(x);
}

/* --- what else can be recorded -------------------------------------------------------------- */

/* A machine without one lacks nothing. */
void check_gpus(struct examination *x)
{
	char text[DOCTOR_TEXT_SZ] = "unknown: out of memory";
	struct gpus *gpus = NULL;

	if (!gpus__open(NULL, &gpus, NULL))
		gpus__describe(gpus, text, sizeof(text));
	doctor_report__add(x->report, "GPU", DOCTOR_OK, "%s", text);
	gpus__free(gpus);
}
