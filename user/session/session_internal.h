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
struct session_marks;
struct session_python;
struct service;
struct views;

/* One of the plan's states, as far as the session knows it. */
struct session_state {
	struct tacho_state_counts counts; /* as last put into the stream */
	uint64_t summarised_ns; /* when calls were last told to get no rows; 0 = they do */
	bool retired;		/* the settings do not have it any more */
};

struct session {
	const struct session_options *options;
	const struct config *config; /* in force */
	struct config *owned_config; /* the same, when it was loaded again; or NULL */
	struct output_dir *dir;
	struct recorder *recorder;
	struct raw_writer *raw;
	struct prober *prober; /* NULL, as ring: there is no state to record */
	struct command *command;
	struct ring_buffer *ring;
	struct resources *resources; /* NULL: processes are not recorded */
	struct follow *follow;
	struct session_marks *marks;   /* NULL: they are not recorded */
	struct session_python *python; /* NULL: no functions of Python are wanted */
	struct service *service;       /* NULL: nobody wants to know how it goes */
	struct session_state *states;  /* as the plan's */
	size_t state_cnt;
	int epoll_fd;
	int signal_fd;
	int tick_fd;
	int limit_fd;
	int clock_fd;
	int resources_fd; /* timer */
	int *pid_fds;
	size_t pids_alive;
	size_t states_put;    /* of the plan's states, into the stream */
	size_t probes_put;    /* of its probes */
	uint64_t interval_ns; /* when the interval of sums began that is added to now */
	uint64_t before_ns;   /* ... and the one before */
	int64_t clock_offset_ns;
	uint64_t started_ns;
	unsigned int since_flush; /* activities fed since the last FLUSH */
	unsigned int in_drain;
	unsigned int stop_requests;
	bool stopping;
	bool hangup_reloads; /* what SIGHUP means */
	bool flag_off;	     /* nothing is to be recorded until the feature flag is true */
	bool flag_told;	     /* that it is off or on */
	int write_err;	     /* the trouble that was told last; 0 = writing works */
	int raw_err;
	int damaged_told;
	int resources_err; /* the trouble that was told last */
};

/* Why epoll woke us; a pidfd's event carries its pid above these. */
enum source {
	SOURCE_SIGNAL,
	SOURCE_TICK,
	SOURCE_CLOCK_STEP,
	SOURCE_RING,
	SOURCE_LIMIT,
	SOURCE_FILES,
	SOURCE_RESOURCES,
	SOURCE_PROCESS_EVENTS,
	SOURCE_SERVICE,
	SOURCE_PID
};

/* --- session.c: what the loop waits for --------------------------------------------------------
 */

int session__watch(struct session *s, int fd, uint64_t source, struct fault *why);
int session__make_timer(uint64_t first_ns, uint64_t period_ns, int *ret_fd, struct fault *why);
int session__watch_resources(struct session *s, int timer_fd, int event_fd, struct fault *why);
int session__watch_service(struct session *s, int timer_fd, struct fault *why);

/* How the files are kept, which may change while recording. */
void session__read_output_settings(const struct config *config, struct sink_options *sinks);

/* --- tell.c: what is said ----------------------------------------------------------------------
 */

/* What modules have to say to the user; ctx is not used. */
void session__notice(void *ctx, const char *text);
void session__announce(const struct session *s);
/* "2 states, 3 probes in 1 file (session); processes every 10 s (kernel)" */
#define SESSION_TEXT_SZ 288
void session__describe(const struct session *s, char text[SESSION_TEXT_SZ]);
/* Places that are not there yet. */
size_t session__pending_cnt(const struct session *s);
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
/* --- selecting.c: which states are recorded -----------------------------------------------------
 */

/* Makes ready to record states: follows their files and loads the programs. Nothing is attached. */
int session__open_states(struct session *s, struct fault *why);
/* Undoes it, also half of it. */
void session__close_states(struct session *s);
/* Attaches to what there is of the states; calls that begin from then on are recorded. */
int session__start_states(struct session *s, struct fault *why);
/* The plan has more states. */
int session__grow_states(struct session *s, struct fault *why);
/* Attaches and detaches until what is recorded is what is wanted: states that are not retired,
 * while the feature flag is on. The calls of the others are not disturbed. */
void session__select(struct session *s);
/* How many states the settings have. */
size_t session__wanted_cnt(const struct session *s);

/* --- flag.c: the feature flag ----------------------------------------------------------------- */

/* Begins to watch it as the settings say, and reads it. What follows from it is session__select's.
 */
int session__watch_flag(struct session *s, struct fault *why);
/* Its file has changed. */
void session__flag_changed(struct session *s);

/* --- reload.c: new settings while recording --------------------------------------------------- */

/* Is a hang-up to be understood as a request for that? */
bool session__reloads_at_hangup(const struct session *s);
/* Applies the difference; or says why not, and goes on as before. */
void session__reload(struct session *s);

/* --- resources.c: what processes use -----------------------------------------------------------
 */

/* When the settings ask for it. */
int session__open_resources(struct session *s, struct fault *why);
/* Takes the first sample, and one each interval from then on. */
int session__start_resources(struct session *s, struct fault *why);
void session__resources_tick(struct session *s);
void session__drain_resources(struct session *s);
/* Other settings for it: opens what is to take over, which may fail, ... */
int session__open_other_resources(struct session *s, const struct config *config,
				  struct resources **ret_resources, struct fault *why);
/* ... and lets it take over, when s->config is the new one. NULL: processes are recorded no more.
 */
void session__swap_resources(struct session *s, struct resources *resources);
/* The last sample, and the last rows. */
void session__finish_resources(struct session *s);
void session__close_resources(struct session *s);

/* --- stream.c: into the stream --------------------------------------------------------------- */

/* An encode_put_fn; ctx is the session. */
int session__put(void *ctx, const void *data, size_t sz);
/* The declarations; the recorder opens its files then. */
int session__put_preamble(struct session *s, struct fault *why);
/* The states, and the probes, that have been added to the plan since. */
int session__put_new_states(struct session *s);
int session__put_new_probes(struct session *s);
/* Which probes in this file have been attached and detached since. */
void session__put_placed(struct session *s, uint32_t binary);
void session__put_clock(struct session *s);
void session__put_flush(struct session *s, bool last);
/* The calls that have no rows, of the interval that has just ended; last: of all. */
void session__put_sums(struct session *s, bool last);
/* Called by libbpf for each record of the ring. */
int session__on_ring_record(void *ctx, void *data, size_t sz);
void session__drain(struct session *s);

/* --- marks.c: labels and attributes that come up while recording ------------------------------ */

int session__open_marks(struct session *s, struct fault *why);
void session__close_marks(struct session *s);
/* So many states may come at any moment. */
size_t session__labels_max(const struct session *s);
/* Is it a state of [marks], and not of a section of its own? */
bool session__is_of_marks(const struct session *s, size_t state);
/* Is this record of the ring about a marked block? Then it is to go this way into the stream. */
bool session__is_marked(const void *data, size_t sz);
void session__put_marked(struct session *s, const void *data, size_t sz);
/* Declares labels that something has been counted for, but that have no record yet. */
void session__put_new_labels(struct session *s);

/* --- python.c: functions of Python --------------------------------------------------------------
 */

/* Where it is told which are wanted. What cannot be told is no failure of the recording. */
int session__open_python(struct session *s, struct fault *why);
/* What it has to be able to write into; or -1. */
int session__python_folder_fd(const struct session *s);
/* Tells those that are recorded now, if they are others than before. */
void session__publish_python(struct session *s);
/* At the end: a name that is misspelt looks like one that is not called. */
void session__tell_uncalled_python(const struct session *s);
/* Withdraws all. */
void session__close_python(struct session *s);

/* --- attaching.c: probes in a file, while nobody writes into it ------------------------------- */

/* Tags of the file watch: a target's number for its names; GUARD_TAG | the binary's number for its
 * content, and LIBRARY_TAG | the same for the name of a library that unwinds. */
#define GUARD_TAG (1ULL << 32)
#define LIBRARY_TAG (2ULL << 32)
#define FLAG_TAG (4ULL << 32)	   /* the feature flag's file */
#define ELSEWHERE_TAG (8ULL << 32) /* a target's file in another view, for a moment */
#define TAG_NUMBER(tag) ((uint32_t)(tag))

struct followed_target {
	bool told_elsewhere; /* what is wrong with it in another view */
};

struct follow {
	struct file_watch *watch;
	struct views *views;
	int epoll_fd; /* of both */
	bool *placed; /* by the plan's probes: as last put into the stream */
	size_t placed_cnt;
	struct followed_target *targets; /* as the plan's */
	size_t target_cnt;
	uint64_t in_use_ns; /* when to ask next */
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
/* Targets come, or come back: watches their files, looks for them, attaches. */
void session__follow_states(struct session *s, const bool *states);
void session__unfollow_states(struct session *s, const bool *states);
bool session__has_hooks(const struct plan *plan, uint32_t binary);
/* already: it has been written. */
void session__about_to_be_written(struct session *s, uint32_t binary, bool already);
void session__stop_following(struct session *s);

/* --- old_files.c: files that have been replaced ------------------------------------------------
 */

/* Somebody may soon let go of an old file. */
void session__expect_old_files(struct session *s);
/* Now and then: lets go of old files that nobody uses any more. */
void session__follow_tick(struct session *s);

#endif
