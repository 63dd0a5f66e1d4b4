import { ANY_TEXT, command, optionalArguments } from '../command.ts'
import { complete } from './candidates.ts'
import { knownValues } from './known-values.ts'
import { FILES_FIT } from './scripts.ts'

export default command({
  about: 'Print what can stand at the end of a command line, for the script of a shell.',
  more: 'Example:\n  sluice complete -- state sh',
  args: { words: optionalArguments('what is typed so far behind the name of the program', ANY_TEXT) },
  async run({ words }, terminal) {
    const sluice = await terminal.commandLine?.(words)
    if (!sluice) return
    const { candidates, files } = complete(sluice, words, knownValues(terminal.stacksDir))
    const lines = candidates.map(({ value, description }) => `${value}\t${description}`)
    terminal.stdout.write([...lines, ...(files ? [FILES_FIT] : [])].map(line => `${line}\n`).join(''))
  },
})
