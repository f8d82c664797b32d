#compdef tacho
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Completes tacho in zsh. Commands and options are what the program itself lists, so that nothing
# here can be out of date; what follows an option is known by how --help calls it.

# The states of the settings: of the file given with -c, else of the default one and its drop-ins.
_tacho_states() {
	local file=${${opt_args[-c]:-$opt_args[--config]}:-/etc/tacho/tacho.conf}
	local -a states
	states=(${(f)"$(cat $file $file.d/*.conf(N) 2>/dev/null |
		sed -n 's/^[[:blank:]]*\[state[[:blank:]]\{1,\}\([^]]*[^][:blank:]]\)[[:blank:]]*\].*/\1/p')"})
	compadd -a states
}

_tacho_export_formats() {
	local -a formats
	formats=(${(f)"$($tacho export --list 2>/dev/null | sed -n 's/^ *\([a-z][a-z0-9-]*\).*/\1/p')"})
	compadd -a formats
}

# NAME=BINARY:FUNCTION, piece by piece.
_tacho_state_of_binary() {
	local binary
	local -a functions
	compset -P '*=' || return
	if compset -P '*:'; then
		binary=${IPREFIX##*=}
		functions=(${(f)"$($tacho list ${binary%:} "$PREFIX*" 2>/dev/null | cut -f 7)"})
		compadd -a functions
	else
		_files -S ':'
	fi
}

# The action of _arguments for an option's argument. $1 command, $2 option, $3 its name in --help
_tacho_action() {
	case $1,$2 in
	(report,--format|compare,--format) echo '(table csv json markdown)' ;;
	(export,--format) echo _tacho_export_formats ;;
	(report,--only) echo '(states processes)' ;;
	(export,--weight) echo '(wall cpu)' ;;
	(report,--state|compare,--state) echo _tacho_states ;;
	(*)
		case $3 in
		(FILE|PATH) echo _files ;;
		(DIR) echo '_files -/' ;;
		(PID) echo _pids ;;
		(NAME=BINARY:FUNCTION) echo _tacho_state_of_binary ;;
		(*) echo ' ' ;;
		esac
		;;
	esac
}

# A line an option, fields apart by tabs: short (or -), long, what follows it (or -), attached, text
_tacho_options() {
	$tacho $1 --help 2>/dev/null | sed -n \
		-e 's/^  *\(-[A-Za-z]\)\[\([A-Z]*\)\], \(--[a-z-]*\)\[=[A-Z]*\]  *\(.*\)/\1\t\3\t\2\tattached\t\4/p;t' \
		-e 's/^  *\(-[A-Za-z]\), \(--[a-z-]*\) \([A-Z][^ ]*\)  *\(.*\)/\1\t\2\t\3\tapart\t\4/p;t' \
		-e 's/^  *\(-[A-Za-z]\), \(--[a-z-]*\)  *\(.*\)/\1\t\2\t-\tapart\t\3/p;t' \
		-e 's/^  *\(--[a-z-]*\)\[=\([A-Z]*\)\]  *\(.*\)/-\t\1\t\2\tattached\t\3/p;t' \
		-e 's/^  *\(--[a-z-]*\) \([A-Z][^ ]*\)  *\(.*\)/-\t\1\t\2\tapart\t\3/p;t' \
		-e 's/^  *\(--[a-z-]*\)  *\(.*\)/-\t\1\t-\tapart\t\2/p'
}

_tacho_arguments() {
	local command=$1 short long metavar how text what argument
	local -a specs
	while IFS=$'\t' read -r short long metavar how text; do
		what="[${${text//\[/\\[}//\]/\\]}]"
		argument=
		[[ $metavar == - ]] ||
			argument=":${metavar//:/\\:}:$(_tacho_action $command $long $metavar)"
		if [[ $how == attached ]]; then
			[[ $short == - ]] || specs+=("*$short-$what:$argument")
			specs+=("*$long=-$what:$argument")
		else
			[[ $short == - ]] || specs+=("*$short${argument:++}$what$argument")
			specs+=("*$long${argument:+=}$what$argument")
		fi
	done < <(_tacho_options $command)
	case $command in
	(record) specs+=('*::command:_normal') ;;
	(list) specs+=('1:binary:{ _files || _command_names -e }' '2:pattern: ') ;;
	(report|compare|export|plot|replay|status) specs+=('*:file:_files') ;;
	esac
	_arguments -s -S $specs
}

_tacho() {
	local tacho=$words[1] curcontext=$curcontext
	local -A opt_args
	local -a commands
	if ((CURRENT == 2)); then
		commands=(${(f)"$($tacho --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  *\(.*\)/\1:\2/p')"})
		_describe command commands
		compadd -- --help --version
		return
	fi
	shift words
	((CURRENT--))
	_tacho_arguments $words[1]
}

_tacho "$@"
