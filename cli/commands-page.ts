/** Writes the list of commands in docs/commands.md from their declarations: `npm run commands`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { PROJECT } from '../scripts/paths.ts'
import { buildProgram } from './program.ts'

export const PAGE = join(PROJECT, 'docs/commands.md')

const LIST = /(?<=^<!-- The list is written by .* -->\n).*?(?=^<!-- end of the list -->$)/ms

/**
 * Returns the page with the current list of commands.
 *
 * @throws Error if the page has no section for the list
 */
export async function renderCommandsPage(page: string): Promise<string> {
  if (!LIST.test(page)) throw new Error('docs/commands.md has no place for the list of commands')
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
  const rows = listCommands(sluice)
    .map(({ words, command }) => formatCommand(words, command))
    .toSorted()
  return page.replace(LIST, () => `\n${rows.join('\n')}\n\n`)
}

interface NamedCommand {
  readonly words: readonly string[]
  readonly command: Command
}

/** Returns all commands that can be run, without `help`. */
function listCommands(parent: Command, before: readonly string[] = []): NamedCommand[] {
  const visible = parent.createHelp().visibleCommands(parent)
  return visible
    .filter(command => command.name() !== 'help')
    .flatMap(command => {
      const words = [...before, command.name()]
      return command.commands.length === 0 ? [{ words, command }] : listCommands(command, words)
    })
}

function formatCommand(words: readonly string[], command: Command): string {
  const { registeredArguments, options } = command
  const args = registeredArguments.map(argument => {
    const text = `${argument.name()}${argument.variadic ? '...' : ''}`
    return argument.required ? `<${text}>` : `[${text}]`
  })
  const required = options
    .filter(({ mandatory }) => mandatory)
    .map(({ flags }) => flags.replace(/^-\w, /, ''))
  return `- \`${[...words, ...args, ...required].join(' ')}\`: ${command.summary()}`
}

if (import.meta.main) writeFileSync(PAGE, await renderCommandsPage(readFileSync(PAGE, 'utf8')))
