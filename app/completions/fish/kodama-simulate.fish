# Options of kodama-simulate, made by app/completions/generate.

complete -c kodama-simulate -f
complete -c kodama-simulate -l help -d 'show this'
complete -c kodama-simulate -l seed -x -d 'the first run\'s number, or a commit\'s hash'
complete -c kodama-simulate -l runs -x -d 'how many runs'
complete -c kodama-simulate -l seconds -x -d 'how long to go on making runs'
complete -c kodama-simulate -l replay -r -F -d 'make the runs of these scripts instead'
complete -c kodama-simulate -l exhaustive -d 'make all runs with at most --depth faults in small worlds instead'
complete -c kodama-simulate -l depth -x -d '1 to 4'
complete -c kodama-simulate -l verbose -d 'show what happens in each run'
