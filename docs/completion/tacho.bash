# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Completes tacho in bash. Commands and options are what the program itself lists, so that nothing
# here can be out of date; what follows an option is known by how --help calls it.

# "-c, --config FILE   text" of --help, a line an option: "-c --config FILE". What may be attached
# ("-r[GLOB], --resources[=GLOB]") is no word of its own.
_tacho_options() {
	"$1" "$2" --help 2>/dev/null | sed -n \
		-e 's/\[[^]]*\]//g;t first' -e ':first' \
		-e 's/^  *\(-[A-Za-z]\), \(--[a-z-]*\) \{0,1\}\([A-Z][^ ]*\)\{0,1\}.*/\1 \2 \3/p;t' \
		-e 's/^  *\(--[a-z-]*\) \{0,1\}\([A-Z][^ ]*\)\{0,1\}.*/- \1 \2/p'
}

# What --help calls the argument of an option; nothing if it has none.
_tacho_metavar() {
	_tacho_options "$1" "$2" | while read -r short long metavar; do
		case $3 in "$short" | "$long") echo "$metavar" ;; esac
	done
}

# The states of the settings: of the file given with -c, else of the default one and its drop-ins.
_tacho_states() {
	local file=/etc/tacho/tacho.conf word previous=
	for word; do
		case $previous in -c | --config) file=$word ;; esac
		case $word in --config=*) file=${word#*=} ;; esac
		previous=$word
	done
	cat "$file" "$file.d"/*.conf 2>/dev/null |
		sed -n 's/^[[:blank:]]*\[state[[:blank:]]\{1,\}\([^]]*[^][:blank:]]\)[[:blank:]]*\].*/\1/p'
}

# Of NAME=BINARY:FUNCTION what comes next: a file, then its functions.
_tacho_state_of_binary() {
	local name=${2%%=*} rest=${2#*=} function
	case $2 in
	*=*:*)
		"$1" list "${rest%%:*}" "${rest#*:}*" 2>/dev/null | cut -f 7 | head -n 200 |
			while read -r function; do echo "$name=${rest%%:*}:$function"; done
		;;
	*=*) compgen -f -- "$rest" | sed "s|^|$name=|" ;;
	esac
}

# Candidates for the argument of an option. $1 tacho, $2 command, $3 option, $4 what is there of it
_tacho_values() {
	local tacho=$1 command=$2 option=$3 current=$4
	shift 4
	case $command,$option in
	report,--format | compare,--format) compgen -W 'table csv json markdown' -- "$current" ;;
	export,--format | export,-f)
		compgen -W "$("$tacho" export --list 2>/dev/null | sed -n 's/^ *\([a-z][a-z0-9-]*\).*/\1/p')" \
			-- "$current"
		;;
	report,--only) compgen -W 'states processes' -- "$current" ;;
	export,--weight) compgen -W 'wall cpu' -- "$current" ;;
	report,--state | compare,--state) compgen -W "$(_tacho_states "$@")" -- "$current" ;;
	*)
		case $(_tacho_metavar "$tacho" "$command" "$option") in
		FILE | PATH) compgen -f -- "$current" ;;
		DIR) compgen -d -- "$current" ;;
		PID) compgen -W "$(cd /proc && echo [0-9]*)" -- "$current" ;;
		NAME=BINARY:FUNCTION) _tacho_state_of_binary "$tacho" "$current" ;;
		esac
		;;
	esac
}

# What stands where no option does.
_tacho_operands() {
	case $2 in
	list)
		compgen -f -- "$3"
		case $3 in */*) ;; *) compgen -c -- "$3" ;; esac
		;;
	report | compare | export | plot | replay | status) compgen -f -- "$3" ;;
	esac
}

_tacho_candidates() {
	local tacho=$1 current=$2 command=$4 previous=${*: -1} word
	shift 2
	if (($# == 1)); then
		compgen -W "--help --version $("$tacho" --help 2>/dev/null |
			sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p')" -- "$current"
		return
	fi
	for word; do
		[[ $word != -- ]] || { compgen -c -f -- "$current" && return; }
	done
	if [[ $current == --*=* ]]; then
		_tacho_values "$tacho" "$command" "${current%%=*}" "${current#*=}" "$@" |
			sed "s|^|${current%%=*}=|"
	elif [[ $previous == -* && -n $(_tacho_metavar "$tacho" "$command" "$previous") ]]; then
		_tacho_values "$tacho" "$command" "$previous" "$current" "$@"
	elif [[ $current == -* ]]; then
		compgen -W "$(_tacho_options "$tacho" "$command" |
			sed -e 's/^- //' -e 's/[A-Z][^ ]*$//')" -- "$current"
	else
		_tacho_operands "$tacho" "$command" "$current"
	fi
}

_tacho() {
	local line=${COMP_LINE:0:COMP_POINT} current words here
	# Words as a shell has them, not as readline does, which ends them at '=' and ':'.
	read -ra words <<<"$line"
	if [[ $line == *[[:blank:]] ]]; then
		current=
	else
		current=${words[-1]}
		unset 'words[-1]'
	fi
	# Readline replaces what is behind the last of its breaks only.
	here=${COMP_WORDS[COMP_CWORD]}
	case $here in = | :) here= ;; esac
	COMPREPLY=()
	while IFS= read -r candidate; do
		COMPREPLY+=("${candidate#"${current%"$here"}"}")
	done < <(_tacho_candidates "$1" "$current" "${words[@]}" | sort -u)
	case ${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; esac
}

complete -o filenames -F _tacho tacho
