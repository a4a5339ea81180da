"""What each shell is told, to ask `genearena` itself at every tab."""

from __future__ import annotations

from typing import Final

_BASH: Final = r"""# Put into ~/.bashrc:  eval "$(genearena completion bash)"
_genearena() {
    local current="${COMP_WORDS[COMP_CWORD]}" line IFS=$'\n'
    case "$current" in [=:]) current="" ;; esac
    COMPREPLY=()
    while read -r line; do
        case "$line" in
            :files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "$current")) ;;
            :dirs) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "$current")) ;;
            *) COMPREPLY+=("$line") ;;
        esac
    done < <(
        _GENEARENA_COMPLETE=bash _GENEARENA_CURRENT="$current" "$1" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null
    )
}
complete -o nosort -F _genearena genearena 2>/dev/null || complete -F _genearena genearena
"""
_ZSH: Final = r"""#compdef genearena
# Put into ~/.zshrc, below compinit:  eval "$(genearena completion zsh)"
_genearena() {
    local line word said
    local -a found shown
    while IFS=$'\t' read -r word said; do
        case "$word" in
            :files) _files ;;
            :dirs) _files -/ ;;
            *) found+=("$word"); shown+=("$word${said:+  -- $said}") ;;
        esac
    done < <(_GENEARENA_COMPLETE=zsh "${words[1]}" "${(@Q)words[1,CURRENT]}" 2>/dev/null)
    (( ${#found} )) && compadd -Q -l -V genearena -d shown -a found
}
compdef _genearena genearena
"""
_FISH: Final = r"""# Once:  genearena completion fish > ~/.config/fish/completions/genearena.fish
function __genearena
    set -l typed (commandline -opc) (commandline -ct)
    for line in (_GENEARENA_COMPLETE=fish command $typed[1] $typed 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path (commandline -ct)
            case ':dirs*'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c genearena -f -k -a '(__genearena)'
"""
SCRIPTS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
"""Shell -> what it has to read."""
