/** Completion scripts for shells. They call `sluice complete` for each completion. Pure. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** Line in the output of `sluice complete` that means that file names are also allowed. It is not a candidate itself. */
export const FILES_FIT = ':files'

/** Returns the completion script for a shell. @param program command that starts this program from any folder */
export function completionScript(shell: Shell, program: string): string {
  return SCRIPTS[shell](shell === 'fish' ? fishQuoted(program) : quoted(program))
}

const SCRIPTS: Readonly<Record<Shell, (program: string) => string>> = {
  bash: program => `# bash completion of sluice; in ~/.bashrc: eval "$(sluice completion bash)"
_sluice() {
  local line file
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == '${FILES_FIT}' ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(${program} complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _sluice sluice
`,
  zsh: program => `#compdef sluice
# zsh completion of sluice; in ~/.zshrc, after compinit: eval "$(sluice completion zsh)"
_sluice() {
  local line files
  local -a candidates
  for line in "\${(@f)$(${program} complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == '${FILES_FIT}' ]]; then
      files=1
    elif [[ -n $line ]]; then
      # _describe parts a candidate from its description at the first colon.
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( \${#candidates} )) && _describe sluice candidates
  [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _sluice ]]; then _sluice "$@"; else compdef _sluice sluice; fi
`,
  fish: program => `# fish completion of sluice; in ~/.config/fish/config.fish: sluice completion fish | source
function __sluice_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    for line in (${program} complete -- $words "$current" 2>/dev/null)
        if test "$line" = '${FILES_FIT}'
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c sluice -f -a '(__sluice_complete)'
`,
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Returns the text in single quotes for fish, where only \\' and \\\\ are escapes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
