function __hailuo_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc)
    set -l answer (_HAILUO_COMPLETE=complete_fish hailuo $words[2..-1] -- "$current" 2>/dev/null)
    if test $status -eq 10
        __fish_complete_path $current
        return
    end
    string join \n -- $answer
end

complete --command hailuo --no-files --arguments '(__hailuo_complete)'
