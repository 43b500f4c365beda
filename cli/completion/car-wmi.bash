# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for car-wmi. What there is to complete is read from its --help.

_car_wmi()
{
    local program=$1 current=$2 previous=$3 command=list help words
    COMPREPLY=()
    local commands
    commands=$("$program" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ $'\n'$commands$'\n' == *$'\n'"${COMP_WORDS[i]}"$'\n'* ]]; then
            command=${COMP_WORDS[i]}
            break
        fi
    done
    if [[ $command == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
        return
    fi
    help=$("$program" "$command" --help 2>/dev/null)

    # The value of an option: `--option VALUE`, `--option=VALUE` (three words to bash) or `-o VALUE`.
    local option=$previous
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    local value
    value=$(sed -n "s/^  \(-[a-zA-Z0-9], \)\?\(--[a-z-]*\)=\([A-Z]*\) .*/\1 \2 \3/p" <<<"$help" |
        awk -v option="$option" '$NF ~ /^[A-Z]+$/ { for (i = 1; i < NF; i++) { name = $i; sub(/,$/, "", name)
            if (name == option) { print $NF; exit } } }')
    case $value in
        '')
            if [[ $current == -* ]]; then
                words=$(grep -o -- '^  \(-[a-zA-Z0-9?], \)\?--[a-z-]*=\?' <<<"$help" | grep -o -- '--[a-z-]*=\?')
            elif ((COMP_CWORD == 1)); then
                words=$commands
            fi
            ;;
        FORMAT)
            words=$(sed -n '/^Formats:/,/^$/s/^  \([a-z][a-z._-]*\) .*/\1/p' <<<"$help")
            ;;
        CONFIDENCE)
            words="wmi dcom rpcss"
            ;;
        WHEN)
            words="auto always never"
            ;;
        STAGE)
            words="login read enumerate query delete write subscribe execute"
            ;;
        HOST | USER | PROCESS | TIME | ID | TEXT)
            return
            ;;
        IFACE)
            words=$(ls /sys/class/net 2>/dev/null)
            [[ -n $words ]] || return # no file is an interface
            ;;
        DIR)
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            compopt -o filenames
            return
            ;;
    esac
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
        ((${#COMPREPLY[@]} > 0)) && return
    fi
    if [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
    fi
}
complete -F _car_wmi car-wmi
