#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What systemd/robot.mk does on a robot: systemd/robot.sh TARGET, the rest in the environment.
#
# No value becomes a part of a command before it has been looked at (host, version, ports) or quoted
# for the shell that reads it (the others). With DRY_RUN, commands are printed as they would be run.
set -eu

target=$1
unit=opentrons-system-resource-tracker.service
prefix=/opt/tacho
data_dir=${data_dir:-/data/performance_metrics_data}
http_port=${http_port:-31950}

fail() {
	echo "tacho: $target: $*" >&2
	exit 2
}

# 'as one word of a shell'
quote() {
	printf "'"
	printf %s "$1" | sed "s/'/'\\\\''/g"
	printf "'"
}

# --- what is asked for ---------------------------------------------------------------------------

# All of a value matches, in one line: grep looks at lines.
matches() {
	case $1 in *'
'*) return 1 ;; esac
	printf '%s\n' "$1" | LC_ALL=C grep -qE "^($2)\$"
}

check_host() {
	name='[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?'
	ipv6='[0-9A-Fa-f]*:[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?'
	[ -n "${host-}" ] || fail "which robot? Give host=NAME or host=ADDRESS"
	matches "$host" "$name|$ipv6" || fail "host=$host: neither a name nor an address"
}

check_port() {
	matches "$http_port" '[0-9]{1,5}' || fail "http_port=$http_port: not a port"
}

check_directory() {
	case $2 in
	/*[!/]*) ;;
	*) fail "$1=$2: not an absolute path" ;;
	esac
}

# --- how it is done ------------------------------------------------------------------------------

# Options of ssh come as a list of words; no file name is made of them.
set_ssh() {
	set -f
	# shellcheck disable=SC2086 # a list of words
	set -- ssh ${ssh_key:+-i "$ssh_key"} ${ssh_opts:--o StrictHostKeyChecking=accept-new -o ConnectTimeout=10}
	set +f
	ssh_words=
	for word; do
		ssh_words="$ssh_words $(quote "$word")"
	done
	ssh_words="${ssh_words# } -- $(quote "root@$host")"
}

# Runs a line of shell, or shows it.
do_line() {
	if [ -n "${DRY_RUN-}" ]; then
		printf '%s\n' "$1"
	else
		eval "$1" || fail "failed with exit status $?: $1"
	fi
}

# Runs a script on the robot. More of a line may follow: a redirection, a pipe.
on_robot() {
	do_line "$ssh_words $(quote "$1")${2:+ $2}"
}

# A robot's root is read-only; it is that again afterwards, whatever happens.
writable='set -e; if ! test -w /opt || ! test -w /etc; then mount -o remount,rw /; trap "mount -o remount,ro /" EXIT; fi;'

set_flag() {
	check_port
	case $host in
	*:*) at="[$(printf %s "$host" | sed 's/%/%25/')]" ;; # RFC 6874
	*) at=$host ;;
	esac
	do_line "curl --silent --show-error --fail --globoff --max-time 30 -X POST -H 'opentrons-version: *' -H 'content-type: application/json' -d '{\"id\": \"enablePerformanceMetrics\", \"value\": $1}' 'http://$at:$http_port/settings' >/dev/null"
}

push() {
	do_line "tar -C $(quote "$BUNDLE") -cf - --owner=0 --group=0 . | $ssh_words $(quote "$writable mkdir -p $prefix; tar -C / -xf - .$prefix; systemctl daemon-reload; systemctl try-restart $unit")"
	on_robot "$prefix/bin/tacho --version"
}

# What is written meanwhile is cut off at a byte; that is what the files' readers expect of crashes.
get_data() {
	dest=${dest:-data-$host}
	case $dest in -*) dest=./$dest ;; esac
	check_directory data_dir "$data_dir"
	to=$(quote "$dest")
	do_line "mkdir -p $to"
	on_robot "cd $(quote "$data_dir") && tar -cf - ." ">$to/.part.tar"
	do_line "tar -C $to -xf $to/.part.tar --no-same-owner --no-same-permissions"
	do_line "rm $to/.part.tar"
	[ -n "${DRY_RUN-}" ] || echo "tacho: $target: $(find "$dest" -type f | wc -l) files in $dest"
}

override_robot_version() {
	matches "${version-}" '[0-9]+\.[0-9]+\.[0-9]+([.+-]?[A-Za-z0-9.+-]+)?' ||
		fail "${version:+version=$version: not a version; }give version=8.5.0 or the like"
	fields='opentrons_api_version update_server_version robot_server_version server_utils_version opentrons_hardware_version'
	on_robot "$writable python3 -c 'import json, os, sys
path, new = \"/etc/VERSION.json\", \"/etc/VERSION.json.new\"
with open(path) as old: fields = json.load(old)
fields.update(dict.fromkeys(sys.argv[2:], sys.argv[1]))
with open(new, \"w\") as file: json.dump(fields, file, indent=2)
os.replace(new, path)' $version $fields; systemctl restart opentrons-robot-server"
}

# A drop-in of systemd, for Environment= of the variables that are given.
environment_lines() {
	echo "Environment=OT_SYSTEM_RESOURCE_TRACKER_ENABLED=true"
	each_variable | while read -r name; do
		eval "value=\$$name"
		variable=OT_SYSTEM_RESOURCE_TRACKER_$(variable_of "$name")
		printf 'Environment="%s=%s"\n' "$variable" "$(printf %s "$value" | sed 's/["\\]/\\&/g; s/%/%%/g')"
	done
}

each_variable() {
	for name in refresh_interval process_filters storage_dir logging_level; do
		eval "[ -z \"\${$name-}\" ]" || echo "$name"
	done
}

variable_of() {
	printf %s "$1" | tr '[:lower:]' '[:upper:]'
}

check_variables() {
	for name in refresh_interval process_filters storage_dir logging_level; do
		eval "value=\${$name-}"
		case $value in *'
'*) fail "$name: more than one line" ;; esac
	done
	[ -z "${storage_dir-}" ] || check_directory storage_dir "$storage_dir"
}

setup_service() {
	check_variables
	on_robot "$writable systemctl link --quiet $prefix/lib/systemd/system/$unit; mkdir -p /etc/systemd/system/$unit.d; printf '%s\\n' '[Service]' $(environment_lines | while IFS= read -r line; do printf '%s ' "$(quote "$line")"; done)>/etc/systemd/system/$unit.d/robot.conf; systemctl daemon-reload; systemctl enable --quiet $unit; systemctl restart $unit; systemctl --no-pager status $unit"
}

start_in_foreground() {
	check_variables
	settings=OT_SYSTEM_RESOURCE_TRACKER_ENABLED=true
	for name in $(each_variable); do
		eval "value=\$$name"
		settings="$settings OT_SYSTEM_RESOURCE_TRACKER_$(variable_of "$name")=$(quote "$value")"
	done
	on_robot "env $settings $prefix/bin/tacho record -c $prefix/share/tacho/opentrons.conf"
}

cleanup() {
	on_robot "$writable systemctl disable --now $unit 2>/dev/null || :; rm -rf $prefix /etc/systemd/system/$unit /etc/systemd/system/$unit.d; systemctl daemon-reload; ! systemctl is-active --quiet $unit"
	set_flag false
}

check_host
[ -z "${host_only-}" ] || exit 0 # the program is built only for a robot that is one
set_ssh
case $target in
push) push ;;
get-data) get_data ;;
set-performance-metrics-ff) set_flag true ;;
unset-performance-metrics-ff) set_flag false ;;
setup-system-resource-tracker-systemd-service) setup_service ;;
start-remote-system-resource-tracker) start_in_foreground ;;
override-robot-version) override_robot_version ;;
cleanup-remote) cleanup ;;
*) fail "unknown" ;;
esac
