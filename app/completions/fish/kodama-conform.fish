# Options of kodama-conform, made by app/completions/generate.

complete -c kodama-conform -f
complete -c kodama-conform -l case -x -a '(kodama-conform --list 2>/dev/null | string replace -r " .*" "")' -d 'run this case alone'
complete -c kodama-conform -l connections -x -d 'how many connections the case \'many\' holds at once'
complete -c kodama-conform -l timeout -x -d 'of every single wait'
complete -c kodama-conform -l list -d 'print the names of the cases and what they mean'
complete -c kodama-conform -l json -d 'print one JSON object instead of lines'
complete -c kodama-conform -l version -d 'print the version and exit'
complete -c kodama-conform -l help -d 'print this and exit'
