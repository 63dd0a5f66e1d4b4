import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import type { Command } from 'commander'
import { PAGE, renderCommandsPage } from '../../../cli/commands-page.ts'
import { buildProgram } from '../../../cli/program.ts'
import { readStartOptions } from '../../../localstack/command-options.ts'

const ROOT = join(import.meta.dirname, '../../..')
const PAGES = globSync('{*.md,{docs,config,events,examples}/**/*.md,packages/*/README.md}', {
  cwd: ROOT,
  exclude: ['**/node_modules', 'CHANGELOG.md'],
})

/** Returns the commands of the pages that begin with these words, in the text and in blocks, without those words. */
function listCommands(words: string) {
  const form = new RegExp(`^(?:\\w+=\\S+ )*${words} (.*)$`)
  return PAGES.flatMap(page => {
    const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/\\\n\s*/g, ' ')
    const blocks = text.match(/^ *```sh.*?^ *```/gms) ?? []
    const inline = [...text.replaceAll(/^ *```.*?^ *```/gms, '').matchAll(/`([^`]+)`/g)]
    const all = [
      ...blocks.flatMap(block => block.split('\n')).map(line => line.trim()),
      ...inline.map(([, code = '']) => code.replaceAll(/\s+/g, ' ')),
    ]
    // An ellipsis, and a variable, stand for what is not written down.
    return all.flatMap(code => {
      const [, rest = '…'] = form.exec(code) ?? []
      return /[…$]/.test(rest) ? [] : [{ page, args: listWords(rest) }]
    })
  })
}

/** Returns a command's words as a shell does: without a comment, a redirection or another command behind. */
function listWords(command: string): string[] {
  const all = command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []
  const end = all.findIndex(word => /^(?:#|>|<<|\||&&|;|\))/.test(word))
  const words = end < 0 ? all : all.slice(0, end)
  // Placeholders are written <so>.
  return words.map(word => word.replaceAll(/^["']|["']$|[<>]/g, ''))
}

/** Returns the error of a command; undefined if it would run. The actions are replaced, so that nothing runs. */
async function runRefused(args: readonly string[]): Promise<string | undefined> {
  let hasRun = false
  const command = await sluice()
  withoutActions(command, () => {
    hasRun = true
  })
  try {
    await command.parseAsync([...args], { from: 'user' })
    return hasRun ? undefined : 'no command is named'
  } catch (error) {
    return (error as { code?: string }).code === 'commander.helpDisplayed'
      ? undefined
      : (error as Error).message
  }
}

/** The whole command line, which writes to nowhere. */
function sluice(): Promise<Command> {
  const out = new PassThrough()
  const stop = new AbortController().signal
  const terminal = { stdin: out, stdout: out, stderr: out, environment: {}, folder: ROOT, stop }
  return buildProgram(terminal, { command: undefined })
}

function withoutActions(command: Command, ran: () => void): void {
  if (command.commands.length === 0 || command.registeredArguments.length > 0) command.action(ran)
  for (const value of command.commands) withoutActions(value, ran)
}

describe('the commands in the pages', () => {
  it('given each with npx sluice, then it exists, with these arguments, options and values', async () => {
    const wrong: string[] = []
    const all = listCommands('npx sluice')
    for (const { page, args } of all) {
      const refusal = await runRefused(args)
      if (refusal !== undefined) wrong.push(`${page}: npx sluice ${args.join(' ')}: ${refusal}`)
    }
    assert.deepEqual(wrong, [])
    assert.ok(all.length > 100, `only ${all.length} were looked at`)
  })

  it('given each with npm run, then the project, one of its packages or an example has that script', () => {
    const manifests = globSync('{,packages/*/,examples/**/}package.json', {
      cwd: ROOT,
      exclude: ['**/node_modules'],
    })
    const scripts = manifests.flatMap(file =>
      Object.keys(JSON.parse(readFileSync(join(ROOT, file), 'utf8')).scripts ?? {}),
    )
    const named = listCommands('npm run').map(({ args: [name = ''] }) => name)
    assert.deepEqual(
      named.filter(name => !scripts.includes(name)),
      [],
    )
    assert.ok(named.length > 30)
  })

  it('given each with npm start, then it takes these options', () => {
    const all = listCommands('npm start --')
    for (const { args } of all) readStartOptions(args)
    assert.ok(all.length > 2)
    assert.throws(() => readStartOptions(['--nonsense']), /nonsense/)
  })
})

// Promise docs/commands.md#commands | Every command is listed.
it('given docs/commands.md, then it lists all commands as they are declared', async () => {
  const page = readFileSync(PAGE, 'utf8')
  assert.equal(page, await renderCommandsPage(page), 'npm run commands')
  assert.ok((page.match(/^- `[a-z]/gm) ?? []).length > 20)
})
