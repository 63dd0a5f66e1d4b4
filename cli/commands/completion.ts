import { join } from 'node:path'
import { Argument, type Command } from 'commander'
import { PROJECT } from '../../programs/paths.ts'
import { complete } from '../completion/candidates.ts'
import { knownValues } from '../completion/known-values.ts'
import { completionScript, FILES_FIT, SHELLS, type Shell } from '../completion/scripts.ts'
import { more } from '../help.ts'
import type { Terminal } from '../terminal.ts'

/** The program that a shell can start from any folder, on any Node. */
const PROGRAM = join(PROJECT, 'bin', 'sluice.mjs')

const ABOUT = `Print what a shell needs to complete commands, options and values of sluice when Tab is pressed.

It is for the command \`sluice\`, so make that one: alias sluice='npx sluice'`

const MORE = `
Put one of these into the file that your shell reads at its start:

  ~/.bashrc: eval "$(sluice completion bash)"
  ~/.zshrc: eval "$(sluice completion zsh)"
  ~/.config/fish/config.fish: sluice completion fish | source

Example:
  sluice completion bash`

export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .summary('print the completion script of a shell')
    .description(ABOUT)
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))
    .addHelpText('after', more(MORE))
    .action((shell: Shell) => {
      terminal.stdout.write(completionScript(shell, PROGRAM))
    })
  program
    .command('complete', { hidden: true })
    .argument('[words...]', 'what is typed so far behind the name of the program')
    .action((words: string[]) => {
      const { candidates, files } = complete(program, words, knownValues(terminal.stacksDir))
      const lines = candidates.map(({ value, description }) => `${value}\t${description}`)
      terminal.stdout.write([...lines, ...(files ? [FILES_FIT] : [])].map(line => `${line}\n`).join(''))
    })
}
