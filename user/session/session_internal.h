/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of a session share; nobody else includes it. */
#ifndef TACHO_USER_SESSION_INTERNAL_H
#define TACHO_USER_SESSION_INTERNAL_H

#include "../probe/prober.h"
#include "session.h"

struct command;
struct file_watch;
struct follow;
struct output_dir;
struct raw_writer;
struct resources;
struct ring_buffer;
struct service;
struct views;

struct session {
	const struct session_options *options;
	struct output_dir *dir;
	struct recorder *recorder;
	struct raw_writer *raw;
	struct prober *prober; /* NULL, as ring: there is no state to record */
	struct command *command;
	struct ring_buffer *ring;
	struct resources *resources; /* NULL: processes are not recorded */
	struct follow *follow;
	struct service *service;	   /* NULL: nobody wants to know how it goes */
	struct tacho_state_counts *counts; /* as last put into the stream, one a state */
	int epoll_fd;
	int signal_fd;
	int tick_fd;
	int limit_fd;
	int clock_fd;
	int resources_fd; /* timer */
	int *pid_fds;
	size_t pids_alive;
	size_t probes_put;	 /* of the plan's probes, into the stream */
	uint64_t interval_ns;	 /* when the interval of sums began that is added to now */
	uint64_t before_ns;	 /* ... and the one before */
	uint64_t *summarised_ns; /* one a state: when calls were last told to get no rows; 0 = they
				    do */
	int64_t clock_offset_ns;
	uint64_t started_ns;
	unsigned int since_flush; /* activities fed since the last FLUSH */
	unsigned int in_drain;
	unsigned int stop_requests;
	bool stopping;
	int write_err; /* the trouble that was told last; 0 = writing works */
	int raw_err;
	int damaged_told;
	int resources_err; /* the trouble that was told last */
};

/* --- session.c: what the loop waits for --------------------------------------------------------
 */

int session__make_timer(uint64_t first_ns, uint64_t period_ns, int *ret_fd, struct fault *why);
int session__watch_resources(struct session *s, int timer_fd, int event_fd, struct fault *why);
int session__watch_service(struct session *s, int timer_fd, struct fault *why);

/* --- tell.c: what is said ----------------------------------------------------------------------
 */

/* What modules have to say to the user; ctx is not used. */
void session__notice(void *ctx, const char *text);
void session__announce(const struct session *s);
void session__show_status(const struct session *s);
void session__tell_trouble(const struct session *s);

/* --- service.c: what a service manager and `tacho status` want to know --------------------------
 */

/* Before anything is attached: there is nothing to take back when the status file is refused. */
int session__open_service(struct session *s, struct fault *why);
/* Everything that is there is attached; gives up what privileges are not needed any more, too. */
int session__start_service(struct session *s, struct fault *why);
void session__service_tick(struct session *s);
/* Looks how full the ring is; to be called before it is drained. */
void session__note_ring(struct session *s);
void session__stop_service(struct session *s);
void session__close_service(struct session *s);
/* "2 states, 3 probes, 1 pending; 42 rows, 0 lost" */
void session__describe_service(const struct session *s, char *text, size_t sz);

/* Has this one of the plan's probes been put in place? */
bool session__is_placed(const struct session *s, size_t probe);

/* --- published.c: the status file's content ------------------------------------------------------
 */

struct session_rate {
	uint64_t entries; /* when the last interval ended */
	double per_second;
};

/* What of it `tacho status` shows that only the service keeps. */
struct session_published {
	uint64_t ring_peak_bytes;	  /* the most that was seen in the ring */
	const struct session_rate *rates; /* one a state, as far as there are any yet */
	size_t rate_cnt;
	uint64_t refresh_ns;
};

/* The text; malloced, NULL without memory. */
char *session__make_status(const struct session *s, const struct session_published *published);

/* --- resources.c: what processes use -----------------------------------------------------------
 */

/* When the settings ask for it. */
int session__open_resources(struct session *s, struct fault *why);
/* Takes the first sample, and one each interval from then on. */
int session__start_resources(struct session *s, struct fault *why);
void session__resources_tick(struct session *s);
void session__drain_resources(struct session *s);
/* The last sample, and the last rows. */
void session__finish_resources(struct session *s);
void session__close_resources(struct session *s);

/* --- stream.c: into the stream --------------------------------------------------------------- */

/* An encode_put_fn; ctx is the session. */
int session__put(void *ctx, const void *data, size_t sz);
/* The declarations; the recorder opens its files then. */
int session__put_preamble(struct session *s, struct fault *why);
/* The probes that have been added to the plan since. */
int session__put_new_probes(struct session *s);
/* The probes in this file have been attached or detached, those from first on. */
void session__put_placed(struct session *s, uint32_t binary, size_t first,
			 enum tacho_placing placing);
void session__put_clock(struct session *s);
void session__put_flush(struct session *s, bool last);
/* The calls that have no rows, of the interval that has just ended; last: of all. */
void session__put_sums(struct session *s, bool last);
/* Called by libbpf for each record of the ring. */
int session__on_ring_record(void *ctx, void *data, size_t sz);
void session__drain(struct session *s);

/* --- attaching.c: probes in a file, while nobody writes into it ------------------------------- */

/* Tags of the file watch: a target's number for its names; GUARD_TAG | the binary's number for its
 * content, and LIBRARY_TAG | the same for the name of a library that unwinds. */
#define GUARD_TAG (1ULL << 32)
#define LIBRARY_TAG (2ULL << 32)
#define TAG_NUMBER(tag) ((uint32_t)(tag))

struct followed_binary {
	size_t placed; /* those of the plan's probes that are before this have been put in place */
};

struct followed_target {
	bool told_elsewhere; /* what is wrong with it in another view */
};

struct follow {
	struct file_watch *watch;
	struct views *views;
	int epoll_fd;			  /* of both */
	struct followed_binary *binaries; /* as the plan's */
	size_t binary_cnt;
	struct followed_target *targets; /* as the plan's */
	uint64_t in_use_ns;		 /* when to ask next */
	uint64_t in_use_pause_ns;
	bool told_unguarded;
};

/* True when the file may be attached to: nobody is writing into it. */
bool session__guard(struct session *s, uint32_t binary);
/* To be called when the plan has grown. */
int session__prepare_attaching(struct session *s, struct fault *why);
/* Attaches what is new in this file: 1 when something was attached, or 0, or negative errno. */
int session__attach_binary(struct session *s, uint32_t binary, struct fault *why);
/* One file's trouble is no other's: it is told and over. -ESTALE: it is changing; look again. */
int session__attach_or_give_up(struct session *s, uint32_t binary);
/* Attaches what has been added to the plan since it had so many probes and hooks. */
int session__attach_new(struct session *s, size_t first_probe, size_t first_hook);
void session__detach_binary(struct session *s, uint32_t binary);
/* Detaches it and closes the file. */
void session__give_up(struct session *s, uint32_t binary);

/* --- following.c: files that come, go and change --------------------------------------------- */

/* Begins to watch the files of the plan's targets. */
int session__start_following(struct session *s, struct fault *why);
int session__follow_fd(const struct session *s);
/* Attaches what the plan has so far. */
int session__attach_all(struct session *s, struct fault *why);
void session__handle_file_events(struct session *s);
/* A process has begun to run a program in another mount namespace. */
void session__handle_exec(struct session *s, const struct tacho_exec *exec);
/* Now and then: containers that came in quick succession, old files that nobody uses any more. */
void session__follow_tick(struct session *s);
void session__stop_following(struct session *s);

#endif
