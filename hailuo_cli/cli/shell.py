"""Between a shell and completion: what was typed, as words, and what is offered, as that shell wants it.

The scripts in SCRIPTS call `hailuo` with _HAILUO_COMPLETE. What they get is one candidate a line, and exit code 10
where file names are wanted. Nothing that stands in a candidate is run by the shell: it is quoted here for bash,
and zsh and fish quote what they insert.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .complete import FILES, PLAIN

VARIABLE = "_HAILUO_COMPLETE"
WANTS_FILES = 10
"""The exit code that stands for "offer the names of files"."""

BASH = """\
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
"""

ZSH = """\
#compdef hailuo

_hailuo() {
    local answer line
    local -a values shown
    answer=$(_HAILUO_COMPLETE=complete_zsh hailuo "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    if (( $? == 10 )); then
        [[ "$PREFIX" == -*=* ]] && compset -P '*='
        _files
        return
    fi
    for line in "${(@f)answer}"; do
        [[ -n "$line" ]] || continue
        values+=("${line%%$'\\t'*}")
        shown+=("${line/$'\\t'/  -- }")
    done
    compadd -l -d shown -a values
}

if [[ "$funcstack[1]" == _hailuo ]]; then
    _hailuo "$@"
else
    compdef _hailuo hailuo
fi
"""

FISH = """\
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
    string join \\n -- $answer
end

complete --command hailuo --no-files --arguments '(__hailuo_complete)'
"""

POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName hailuo -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $Env:_HAILUO_COMPLETE = 'complete_powershell'
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $words += '' }
    hailuo @words | ForEach-Object {
        $value, $about = $_ -split "`t", 2
        if (-not $about) { $about = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
    }
    Remove-Item Env:_HAILUO_COMPLETE
}
"""

SCRIPTS: Mapping[str, str] = {"bash": BASH, "zsh": ZSH, "fish": FISH, "powershell": POWERSHELL}


class Typed(NamedTuple):
    """A command line up to the cursor: whole words, the one that is being typed, and the quote it stands in."""

    words: list[str]
    current: str
    quote: str = ""


def answer(command: Any, how: str, arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
    """The exit code and the text for a call of one of the scripts (`how` is complete_bash, source_zsh, …)."""
    action, _, shell = how.partition("_")
    if shell not in SCRIPTS:
        return 0, ""
    if action == "source":
        return 0, SCRIPTS[shell]
    typed = _typed(shell, arguments, environ)
    found = _candidates(command, typed)
    if any(value.endswith(FILES) for value, _ in found):
        return WANTS_FILES, ""
    lines = [_line(shell, value, about, typed) for value, about in found if typed.quote != "'" or "'" not in value]
    return 0, "".join(f"{line}\n" for line in lines)


def install() -> tuple[str, Path]:
    """Set up the shell that runs this: its name, and the file that was written."""
    from typer._completion_shared import install as set_up

    shell, path = set_up(prog_name="hailuo", complete_var=VARIABLE)
    if shell in ("bash", "zsh", "fish"):
        path.write_text(SCRIPTS[shell], encoding="utf-8")
    return shell, path


def split_line(line: str) -> Typed:
    """Split what was typed as a shell does, with an open quote or a lone backslash at its end."""
    words: list[str] = []
    current, quote = "", ""
    is_word, position = False, 0
    while position < len(line):
        letter = line[position]
        if letter == "\\" and quote != "'":
            position += 1
            following = line[position : position + 1]
            current += following if not quote or following in '"\\$`' else f"\\{following}"
            is_word = True
        elif letter == quote:
            quote = ""
        elif not quote and letter in "\"'":
            quote, is_word = letter, True
        elif not quote and letter in " \t\n":
            if is_word:
                words.append(current)
            current, is_word = "", False
        else:
            current, is_word = current + letter, True
        position += 1
    return Typed(words, current, quote)


def _typed(shell: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Typed:
    if shell == "bash":
        line, point = environ.get("COMP_LINE"), environ.get("COMP_POINT", "")
        if line is None:  # a script of an older version
            count = environ.get("COMP_CWORD", "")
            words = split_line(environ.get("COMP_WORDS", "") + " ").words
            at = int(count) if count.isdecimal() else len(words)
            return Typed(words[1:at], words[at] if at < len(words) else "")
        typed = split_line(line[: int(point)] if point.isdecimal() else line)
        return typed._replace(words=typed.words[1:])
    words = list(arguments) or [""]
    if shell == "zsh":
        return Typed(words[:-1], words[-1])
    if shell == "fish":  # the word that is being typed comes as it stands there, after two dashes
        return Typed(words[:-2], split_line(words[-1]).current)
    return Typed([_bare(word) for word in words[:-1]], _bare(words[-1]))


def _candidates(command: Any, typed: Typed) -> list[tuple[str, str]]:
    from typer._completion_classes import BashComplete  # the one that asks nothing of its shell for this

    items = BashComplete(command, {"obj": None}, "hailuo", VARIABLE).get_completions(typed.words, typed.current)
    # behind --option= it is the value that is offered, and the whole word that is completed
    option, is_value, _ = typed.current.partition("=")
    lead = f"{option}=" if is_value and option.startswith("-") else ""
    values = [(str(item.value), " ".join((item.help or "").split())) for item in items]
    return [(value if value.startswith(lead) else lead + value, about) for value, about in values]


def _bare(word: str) -> str:
    """A word of PowerShell without the quotes around it."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
        return word[1:-1].replace(word[0] * 2, word[0])
    return word


def _line(shell: str, value: str, about: str, typed: Typed) -> str:
    if shell == "powershell" and not PLAIN.fullmatch(value):
        value = "'" + value.replace("'", "''") + "'"
    if shell != "bash":
        return f"{value}\t{about}" if about else value
    if typed.quote == '"':
        return re.sub(r'([\\$`"])', r"\\\1", value)
    if typed.quote:
        return value
    # bash replaces only what follows the last of these, which it takes for the end of a word
    kept = max(typed.current.rfind(":"), typed.current.rfind("=")) + 1
    return re.sub(r"([^\w%+,./:=@^-])", r"\\\1", value[kept:])
