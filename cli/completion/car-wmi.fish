# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for car-wmi. What there is to complete is read from its --help.

function __car_wmi_commands
    car-wmi --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*  \+\([^ ].*\)/\1\t\2/p'
end

function __car_wmi_command
    set -l commands (__car_wmi_commands | string replace -r '\t.*' '')
    for word in (commandline -opc)[2..-1]
        if contains -- $word $commands
            echo $word
            return
        end
    end
    echo list
end

# Options but those below, whose values are known.
function __car_wmi_options
    car-wmi (__car_wmi_command) --help 2>/dev/null | string match -rv -- '=(FORMAT|CONFIDENCE|WHEN|STAGE|IFACE) ' |
        string replace -rf '^  (?:-[a-zA-Z0-9?], )?(--[a-z-]+=?)[A-Z]* +([^ ].*)$' '$1\t$2'
end

function __car_wmi_takes
    car-wmi (__car_wmi_command) --help 2>/dev/null | string match -rq -- "--$argv[1]="
end

function __car_wmi_formats
    car-wmi (__car_wmi_command) --help 2>/dev/null |
        sed -n '/^Formats:/,/^$/s/^  \([a-z][a-z._-]*\) \+\([^ ].*\)/\1\t\2/p'
end

complete -c car-wmi -n 'test (count (commandline -opc)) -eq 1' -a '(__car_wmi_commands)'
complete -c car-wmi -n 'test (__car_wmi_command) = help' -f -a '(__car_wmi_commands)'
complete -c car-wmi -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__car_wmi_options)'
complete -c car-wmi -n '__car_wmi_takes format' -s T -l format -x -a '(__car_wmi_formats)'
complete -c car-wmi -n '__car_wmi_takes min-confidence' -l min-confidence -x -a 'wmi dcom rpcss'
complete -c car-wmi -n '__car_wmi_takes stage' -l stage -x -a 'login read enumerate query delete write subscribe execute'
complete -c car-wmi -n '__car_wmi_takes color' -l color -x -a 'auto always never'
complete -c car-wmi -n '__car_wmi_takes interface' -s i -l interface -x -a '(ls /sys/class/net 2>/dev/null)'
