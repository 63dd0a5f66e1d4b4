import { join } from 'node:path'
import { oneOf } from '../../packages/runtime/settings/values.ts'
import { PROJECT } from '../../programs/paths.ts'
import { argument, command } from '../command.ts'
import { completionScript, SHELLS } from './scripts.ts'

/** Path of the program. A shell can start it from any folder and with any version of Node. */
const PROGRAM = join(PROJECT, 'bin', 'sluice.mjs')

export default command({
  about: `Print the script with which a shell completes commands, options and values of sluice when Tab is pressed.

The script completes the command \`sluice\`, so define it first: alias sluice='npx sluice'`,
  more: `
Add one of these to the startup file of your shell:

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
