import { join } from 'node:path'
import { oneOf } from '../../packages/runtime/settings/values.ts'
import { PROJECT } from '../../programs/paths.ts'
import { argument, command } from '../command.ts'
import { completionScript, SHELLS } from './scripts.ts'

/** Path of the program, which a shell can start from any folder with any Node version. */
const PROGRAM = join(PROJECT, 'bin', 'sluice.mjs')

export default command({
  about: `Print what a shell needs to complete commands, options and values of sluice when Tab is pressed.

It is for the command \`sluice\`, so make that one: alias sluice='npx sluice'`,
  more: `
Put one of these into the file that your shell reads at its start:

  ~/.bashrc: eval "$(sluice completion bash)"
  ~/.zshrc: eval "$(sluice completion zsh)"
  ~/.config/fish/config.fish: sluice completion fish | source

Example:
  sluice completion bash`,
  args: { shell: argument('which one', oneOf(SHELLS)) },
  run({ shell }, terminal) {
    terminal.stdout.write(completionScript(shell, PROGRAM))
  },
})
