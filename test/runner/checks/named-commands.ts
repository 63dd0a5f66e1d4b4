import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { COMMANDS, type CommandTree } from '../../../cli/commands.ts'
import { PROJECT } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { splitComments } from '../comments.ts'
import { sourceFiles } from '../source-files.ts'

const CODE = '{cli,console,functions,infra,lib,localstack,packages,scripts}/**/*.{ts,tsx,mjs,cjs}'

/** Checks that the commands exist that help texts, messages and pages of the console name. */
export const namedCommands: Check = {
  name: 'commands in texts',
  async run() {
    const files = (await sourceFiles(CODE)).filter(file => !file.includes('/test/'))
    const texts = await Promise.all(
      files.map(
        async file => [file, splitComments(file, await readFile(join(PROJECT, file), 'utf8')).code] as const,
      ),
    )
    const { scripts } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'))
    return checkCommands(Object.fromEntries(texts), COMMANDS, Object.keys(scripts))
  },
}

/**
 * Returns how many commands are named: `sluice` with one or two words, and scripts of npm.
 *
 * @param texts texts of the files without comments
 * @throws Failed if a command does not exist, or if none is named
 */
export function checkCommands(
  texts: Readonly<Record<string, string>>,
  commands: CommandTree,
  scripts: readonly string[],
): string {
  const named = Object.entries(texts).flatMap(([file, text]) =>
    [
      ...text.matchAll(
        /(?<!\/)\b(?:sluice ([a-z][\w-]*)(?: ([a-z][\w-]*))?|npm run (?:-s )?([a-z][\w:-]*))/g,
      ),
    ].map(([whole, word = '', second, script]) => ({ file, whole, word, second, script })),
  )
  const wrong = named.filter(({ word, second, script }) => {
    if (script !== undefined) return !scripts.includes(script)
    const entry = commands[word]
    return !entry || ('commands' in entry && second !== undefined && !(second in entry.commands))
  })
  if (wrong.length > 0)
    throw new Failed(wrong.map(({ file, whole }) => `${file}: "${whole}" is not a command`).join('\n'))
  if (named.length === 0) throw new Failed('no text names a command')
  return `${named.length} commands`
}
