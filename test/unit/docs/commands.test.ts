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
const PAGES = globSync(
  '{README.md,CONTRIBUTING.md,docs/*.md,config/rules/*.md,config/notifications/*.md,config/mappings/*.md,events/*.md}',
  {
    cwd: ROOT,
  },
)

interface Documented {
  readonly page: string
  /** Command behind `npx sluice`. */
  readonly args: readonly string[]
}

/** Every command with `npx sluice` of a page, in blocks of code and in the text. */
function listCommands(page: string): Documented[] {
  const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/\\\n\s*/g, ' ')
  const blocks = text.match(/^ *```.*?^ *```/gms) ?? []
  const lines = blocks.flatMap(block => block.split('\n')).map(line => line.trim())
  const spans = [...text.replaceAll(/^ *```.*?^ *```/gms, '').matchAll(/`(npx\ssluice[^`]*)`/g)]
  const inline = spans.map(([, code = '']) => code.replaceAll(/\s+/g, ' '))
  return [...lines, ...inline].flatMap(line => {
    const [, command] = /^(?:\$ )?(?:\w+=\S+ )*npx sluice (.*)$/.exec(line) ?? []
    // An ellipsis, and a variable, stand for what is not written down.
    return command === undefined || /[…$]/.test(command) ? [] : [{ page, args: listWords(command) }]
  })
}

/** The rest of each line of the pages that a command begins, up to a comment or the end of its code. */
function behind(command: string): string[] {
  const form = new RegExp(`\\b${command} ([^\`#\\n]+)`, 'g')
  return PAGES.flatMap(page => [...readFileSync(join(ROOT, page), 'utf8').matchAll(form)]).map(
    ([, rest = '']) => rest.trim(),
  )
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
  const all = PAGES.flatMap(listCommands)

  it('given each with npx sluice, then it exists, with these arguments, options and values', async () => {
    const wrong: string[] = []
    for (const { page, args } of all) {
      const refusal = await runRefused(args)
      if (refusal !== undefined) wrong.push(`${page}: npx sluice ${args.join(' ')}: ${refusal}`)
    }
    assert.deepEqual(wrong, [])
    assert.ok(all.length > 100, `only ${all.length} were looked at`)
  })

  it('given docs/commands.md, then it lists all commands as they are declared', async () => {
    const page = readFileSync(PAGE, 'utf8')
    assert.equal(page, await renderCommandsPage(page), 'npm run commands')
    assert.ok((page.match(/^- `[a-z]/gm) ?? []).length > 20)
  })

  it('given each with npm run, then the project, one of its packages or an example has that script', () => {
    const manifests = globSync('{,packages/runtime/,packages/msk-trigger/,examples/**/}package.json', {
      cwd: ROOT,
      exclude: ['**/node_modules'],
    })
    const scripts = manifests.flatMap(file =>
      Object.keys(JSON.parse(readFileSync(join(ROOT, file), 'utf8')).scripts ?? {}),
    )
    const named = behind('npm run').map(rest => /^[\w:-]+/.exec(rest)?.[0] ?? '')
    assert.deepEqual(
      named.filter(name => !scripts.includes(name)),
      [],
    )
    assert.ok(named.length > 30)
  })

  it('given each with npm start, then it takes these options', () => {
    const all = behind('npm start --')
    for (const options of all) readStartOptions(listWords(options))
    assert.ok(all.length > 4)
    assert.throws(() => readStartOptions(['--nonsense']), /nonsense/)
  })
})
