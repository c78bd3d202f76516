function __hailuo_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc)
    set -l answer (_HAILUO_COMPLETE=complete_fish hailuo $words[2..-1] -- "$current" 2>/dev/null)
    if test $status -eq 10
        set -l option (string match --regex -- '^-[^=]*=' $current)
        for path in (__fish_complete_path (string replace --regex -- '^-[^=]*=' '' $current))
            echo "$option$path"
        end
        return
    end
    string join \n -- $answer
end

complete --command hailuo --no-files --arguments '(__hailuo_complete)'
