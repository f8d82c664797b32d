/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process has used, as a record and as a row of process_detail.csv. */
#ifndef TACHO_TESTS_PROCESS_FIXTURE_H
#define TACHO_TESTS_PROCESS_FIXTURE_H

#include "decode.h"

#define PROCESS_HEADER                                                                             \
	"time_ns,event,pid,ppid,start_ns,comm,command,user_ns,system_ns,cpu_ns,rss_bytes,"         \
	"peak_rss_bytes,virtual_bytes,threads,minor_faults,major_faults,read_bytes,write_bytes,"   \
	"voluntary_switches,involuntary_switches,exit_code,cgroup\r\n"

static inline struct event_process ordinary_process(void)
{
	return (struct event_process) {
		.usage = {
			.time_ns = 5000,
			.start_ns = 1720546700120000000,
			.start_ticks = 12,
			.boot_s = 1720546700,
			.user_ns = 35279999999,
			.system_ns = 4810000000,
			.cpu_ns = 40090000001,
			.rss_bytes = 95000000,
			.peak_rss_bytes = 96000000,
			.virtual_bytes = 500000000,
			.memory_total_bytes = 1000000000,
			.minor_faults = 11,
			.major_faults = 12,
			.read_bytes = 13,
			.write_bytes = 14,
			.voluntary_switches = 15,
			.involuntary_switches = 16,
			.pid = 812,
			.ppid = 1,
			.threads = 3,
			.moment = TACHO_PROCESS_AT_SAMPLE,
			.flags = TACHO_PROCESS_MEMORY | TACHO_PROCESS_PEAK | TACHO_PROCESS_IO |
				 TACHO_PROCESS_EXACT_CPU,
			.comm = "python3",
		},
		.command = "python3 -m server",
		.cgroup = "/system.slice/server.service",
	};
}

/* Its row, but for the moment in time in front. */
#define ORDINARY_SAMPLE                                                                            \
	",sample,812,1,1720546700120000000,python3,python3 -m server,35279999999,4810000000,"      \
	"40090000001,95000000,96000000,500000000,3,11,12,13,14,15,16,,"                            \
	"/system.slice/server.service\r\n"

/* ... and of system_resource_data. */
#define ORDINARY_RESOURCES                                                                         \
	"\",\"python3 -m server\",\"1720546700.12\",\"35.27\",\"4.81\",\"9.5\"\r\n"

#endif
