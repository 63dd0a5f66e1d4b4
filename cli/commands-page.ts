/** Writes the list of commands in docs/commands.md from their declarations: `npm run commands`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { CONSOLE_OPERATIONS, OPERATIONS } from '../control/operations/all.ts'
import { PROJECT } from '../scripts/paths.ts'
import { buildProgram } from './program.ts'

export const PAGE = join(PROJECT, 'docs/commands.md')

const LIST = /(?<=^<!-- The list is written by .* -->\n).*?(?=^<!-- end of the list -->$)/ms

const OPERATIONS_LIST =
  /(?<=^<!-- The operations are written by .* -->\n).*?(?=^<!-- end of the operations -->$)/ms

/** Returns which operations the console has, in Markdown. */
function listOperations(): string {
  const format = (words: readonly string[]) => words.map(word => `\`${word}\``).join(', ')
  const others = Object.keys(OPERATIONS).filter(word => !Object.hasOwn(CONSOLE_OPERATIONS, word))
  return [
    `- In the console and on the command line: ${format(Object.keys(CONSOLE_OPERATIONS).toSorted())}.`,
    `- Only on the command line: ${format(others.toSorted())}.`,
  ].join('\n')
}

/**
 * Returns the page with the current lists of commands and operations.
 *
 * @throws Error if the page has no sections for the lists
 */
export async function renderCommandsPage(page: string): Promise<string> {
  if (!LIST.test(page) || !OPERATIONS_LIST.test(page))
    throw new Error('docs/commands.md has no place for the list of commands, or of operations')
  const nowhere = new PassThrough()
  const sluice = await buildProgram(
    {
      stdin: nowhere,
      stdout: nowhere,
      stderr: nowhere,
      environment: {},
      folder: PROJECT,
      stop: new AbortController().signal,
    },
    { command: undefined },
  )
  const commands = `\n${listCommands(sluice).join('\n')}\n\n`
  return page.replace(LIST, () => commands).replace(OPERATIONS_LIST, () => `\n${listOperations()}\n\n`)
}

/** Returns a line for each command, with the names of those below it. */
function listCommands(sluice: Command): string[] {
  return listVisible(sluice).map(command => {
    const below = listVisible(command).map(one => `\`${one.name()}\``)
    const names = below.length > 0 ? ` (${below.join(', ')})` : ''
    return `- \`${command.name()}\`${names}: ${command.summary()}`
  })
}

/** Returns the commands directly below one, by name, without `help`. */
function listVisible(command: Command): Command[] {
  const visible = command.createHelp().visibleCommands(command)
  return visible
    .filter(one => one.name() !== 'help')
    .toSorted((one, other) => (one.name() < other.name() ? -1 : 1))
}

if (import.meta.main) writeFileSync(PAGE, await renderCommandsPage(readFileSync(PAGE, 'utf8')))
