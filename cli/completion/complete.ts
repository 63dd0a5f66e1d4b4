import { ANY_TEXT, command, optionalArguments } from '../command.ts'
import { complete } from './candidates.ts'
import { knownValues } from './known-values.ts'
import { FILES_FIT } from './scripts.ts'

export default command({
  about: 'Print the completions of a command line, for the completion script of a shell.',
  more: 'Example:\n  sluice complete -- state sh',
  args: { words: optionalArguments('words typed so far after the name of the program', ANY_TEXT) },
  async run({ words }, terminal) {
    const sluice = await terminal.commandLine?.(words)
    if (!sluice) return
    const { candidates, files } = complete(sluice, words, knownValues(terminal.stacksDir))
    const lines = candidates.map(({ value, description }) => `${value}\t${description}`)
    terminal.stdout.write([...lines, ...(files ? [FILES_FIT] : [])].map(line => `${line}\n`).join(''))
  },
})
