_hailuo_completion() {
    local answer line
    COMPREPLY=()
    answer=$(_HAILUO_COMPLETE=complete_bash COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" "$1" 2>/dev/null)
    if [ $? -eq 10 ]; then
        compopt -o default 2>/dev/null
        return
    fi
    while IFS= read -r line; do
        [ -n "$line" ] && COMPREPLY+=("$line")
    done <<< "$answer"
}

complete -F _hailuo_completion hailuo
