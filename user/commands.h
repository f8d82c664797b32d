/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The subcommands: argv[0] is the subcommand's name; each returns the exit status. */
#ifndef TACHO_USER_COMMANDS_H
#define TACHO_USER_COMMANDS_H

int cmd_record(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_status(int argc, char **argv);

/* Where the files go when nobody says. */
#define DEFAULT_DIRECTORY "tacho.data"

#endif
