/** The commands of the pages are typed, in their order, in a copy of the project with one running stack. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { PROJECT, type Program } from '@sluice/test-kit/program'
import { brokers } from '@sluice/test-kit/servers'
import { HOPELESS_MS, until } from '@sluice/test-kit/until'
import { load } from 'js-yaml'
import { freePort } from '#local-servers/ports'
import { createTopics } from '../../localstack/local-topics.ts'
import { NAMES } from '../support/families.ts'
import {
  COMMANDS,
  type Command,
  listSteps,
  missingLine,
  type Output,
  type Step,
  type Terminal,
} from '../support/page-steps.ts'
import { StartedProject } from '../support/started-project.ts'
import { PageShell, type Typed } from './page-shell.ts'

/** Pages that leave behind what others show: a running stack, alerts, dead letters. */
const FIRST = ['README.md', 'events/README.md']
const PAGES = [
  ...FIRST,
  ...globSync('{docs/**/*,{config,examples}/**/README,packages/*/README}.md', {
    cwd: PROJECT,
    exclude: ['**/node_modules'],
  })
    .filter(page => !FIRST.includes(page))
    .sort(),
]

/** Pages whose named files are written. Those of other pages belong to projects of their own. */
const WALKS = ['docs/tutorial.md']

/** Pages that begin in an environment in which nothing has happened: recordings that were replayed before would be duplicates. */
const APART = ['docs/tour.md', ...WALKS]

type Table = Readonly<Record<string, string>>

const KNOWN = load(readFileSync(join(PROJECT, 'test/support/typed-pages.yaml'), 'utf8')) as {
  readonly listed: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly files: Table
  readonly typed: Table
  readonly placeholders: Table
  readonly staying: readonly string[]
}

/** Pause before a command is repeated: a reader is not faster, and each costs the functions processor time. */
const REPEAT_MS = 1_000

/** Commands that only look: a reader repeats them until the functions have caught up. Until then, they may find nothing and fail. */
const LOOKS =
  /^npx sluice (?:alerts (?:list|pending|show)|dlq (?:list|show)|silence list|sql|stats|state (?:list|show|entity)|groups|topics describe|verify|doctor)\b/

const START = /^(?<variables>(?:\w+=(?:'[^']*'|\S+) )*)npm start\b(?!.* --help)/

/** Output of a command that did not find something, or has a bug. */
const BROKEN =
  /command not found|: not found|No such file or directory|This is a bug in|^\s+at .+:\d+:\d+\)?$/m

const steps = PAGES.map(page => [page, listSteps(page, readFileSync(join(PROJECT, page), 'utf8'))] as const)

/** Lines of the list of what is not typed: a page, or any page, and the beginning of commands. */
const LISTED = Object.values(KNOWN.listed).flatMap(pages =>
  Object.entries(pages).flatMap(([page, starts]) => starts.map(start => ({ page, start }))),
)

/** Returns the line of the list that names the command; undefined if it is typed. */
function findListed({ page, text }: Command) {
  return LISTED.find(line => ['any', page].includes(line.page) && text.startsWith(line.start))
}

const GROUPS = [
  steps.filter(([page]) => !APART.includes(page)),
  ...APART.map(apart => steps.filter(([page]) => page === apart)),
]

for (const group of GROUPS)
  describe(`the commands of ${group.length > 1 ? 'the pages' : group[0]?.[0]}, typed`, () => {
    const env = `t${randomUUID().slice(0, 8)}`
    let project: StartedProject
    let shell: PageShell
    let client: ForeignClient
    let replaced: Table
    let stack: { readonly program: Program; readonly page: string; readonly variables: string } | undefined

    before(async () => {
      client = await ForeignClient.connect()
      // On a busy machine, brokers take long to lead new topics, longer than the stack waits.
      await until('the topics', async () => {
        await createTopics({ brokers: brokers(), env, names: NAMES })
        return true
      })
      project = await StartedProject.copy(env)
      shell = await PageShell.open(project)
      const port = await freePort()
      const { LAMBDA_PORT = '', KSQL_PORT = '' } = project.variables
      for (const [file, text] of Object.entries(KNOWN.files)) await write(file, text)
      await git('init', '-q')
      await git('add', '.')
      await git('commit', '-qm', 'the project')
      replaced = {
        ...KNOWN.typed,
        '127.0.0.1:8000': `127.0.0.1:${port}`,
        'listen(8000': `listen(${port}`,
        '--env staging': `--env ${env}`,
        // An example that another test builds has a topic of this name, too.
        'topics create orders': `topics create orders.${env}`,
        '127.0.0.1:3002': `127.0.0.1:${LAMBDA_PORT}`,
        '127.0.0.1:8088': `127.0.0.1:${KSQL_PORT}`,
        'sluice-alerting-local': `sluice-alerting-${env}`,
      }
    })

    after(async () => {
      await stopStack()
      await client?.close()
      await project?.remove()
    })

    /** Runs git in the copy. After each page, it takes back what the page has changed. */
    async function git(...args: readonly string[]): Promise<void> {
      const name = ['-c', 'user.name=reader', '-c', 'user.email=reader@example.com']
      await promisify(execFile)('git', [...name, ...args], { cwd: project.folder })
    }

    for (const [page, all] of group)
      if (all.some(step => step.kind === 'command' && !findListed(step)))
        // Promise docs/tour.md#shown-to-others-in-five-minutes | The steps, followed to the letter, show each output as printed.
        // Promise docs/tutorial.md#tutorial-from-nothing-to-an-alert | The page, followed to the letter, shows each output within the time.
        it(`given ${page}, then each command does what the page shows`, () => follow(page, all))

    async function follow(page: string, all: readonly Step[]): Promise<void> {
      const reader = new Reader()
      const failures: string[] = []
      for (const step of all)
        try {
          if (step.kind === 'file' && WALKS.includes(page)) await write(step.file, fill(step.text))
          else if (step.kind === 'output') await reader.sees(step)
          else if (step.kind === 'command' && !findListed(step)) await reader.types(step)
        } catch (error) {
          const failure = `${step.page}:${step.line}: ${(error as Error).message}`
          failures.push(failure)
          // What follows in a walk needs the step.
          if (WALKS.includes(page)) break
        }
      await reader.leaves().catch(error => failures.push(`${page}: ${error.message}`))
      await git('restore', '.')
      await git('clean', '-fdq')
      assert.equal(failures.length, 0, failures.join('\n\n'))
    }

    /** A reader of one page. */
    class Reader {
      readonly #terminals = new Map<Terminal, Typed>()
      /** Commands since the last output on the page, each with what it printed. */
      #block: { readonly command: string; output: string }[] = []
      #shown = ''

      async types({ page, terminal, text }: Command): Promise<void> {
        const command = fill(text, this.#shown)
        const isStart = START.exec(command)
        if (isStart) return startStack(command, page, isStart.groups?.variables ?? '')
        assert.ok(stack, 'the stack does not run')
        if (
          terminal !== COMMANDS ||
          KNOWN.staying.some(start => command.replace(/ {2,}#/, ' #').startsWith(start))
        ) {
          const typed = shell.type(command)
          this.#terminals.set(terminal, typed)
          // Only a command that has its own terminal on the page continues beside later commands.
          if (terminal === COMMANDS)
            await fed(() => until(`${command} prints something`, () => typed.output() !== ''))
          if (terminal === COMMANDS) this.#block.push({ command, output: await end(typed) })
        } else {
          const output = () => finish(command)
          this.#block.push({
            command,
            output: await (command.includes('EMIT CHANGES') ? fed(output) : output()),
          })
        }
        this.#shown += this.#block.at(-1)?.output ?? ''
      }

      /** Waits until a terminal shows the lines of the page. Commands that only look are repeated. */
      async sees({ terminal, lines }: Output): Promise<void> {
        const block = this.#block
        const program = stack?.program
        const output = () =>
          terminal === COMMANDS
            ? block.map(({ output }) => output).join('\n')
            : (this.#terminals.get(terminal)?.output() ?? program?.output ?? '')
        if (terminal === COMMANDS) this.#block = []
        // The commands of this output are not typed.
        if (terminal === COMMANDS && block.length === 0) return
        const untilMs = Date.now() + HOPELESS_MS
        for (let missing = missingLine(lines, output()); missing; missing = missingLine(lines, output())) {
          const looks = block.filter(({ command }) => LOOKS.test(command))
          if (Date.now() > untilMs || (terminal === COMMANDS && looks.length === 0))
            assert.fail(
              `after ${block.map(({ command }) => command).join('; ') || terminal}\nexpected: ${missing}\ncame: ${output()}`,
            )
          await pause(REPEAT_MS)
          if (terminal === COMMANDS) for (const look of looks) look.output = await finish(look.command)
        }
      }

      async leaves(): Promise<void> {
        for (const typed of this.#terminals.values()) await end(typed)
      }
    }

    /** Types a command and returns its output. One that only looks is repeated until it finds something. */
    async function finish(command: string): Promise<string> {
      const untilMs = Date.now() + HOPELESS_MS
      for (;;) {
        const typed = shell.type(command)
        const status = await typed.ended
        const output = typed.output()
        const wrong = BROKEN.exec(output)?.[0] ?? (status === 0 ? undefined : `status ${status}`)
        if (!wrong) return output
        if (!LOOKS.test(command) || Date.now() > untilMs)
          assert.fail(`${command}\nexpected: status 0\ncame: ${wrong}\n${output}`)
        await pause(REPEAT_MS)
      }
    }

    /** Waits for something while readings arrive. */
    async function fed<T>(work: () => Promise<T>): Promise<T> {
      const readings = shell.type('npx sluice generate --fleet fleet.yml')
      return work().finally(() => end(readings))
    }

    async function end(typed: Typed): Promise<string> {
      typed.stop()
      const status = await typed.ended
      assert.ok(status === 0 || status === 130 || status === null, `status ${status}:\n${typed.output()}`)
      return typed.output()
    }

    /** Starts the stack as the command says. One that runs stays if it has what the command adds, unless its page starts it twice. */
    async function startStack(command: string, page: string, variables: string): Promise<void> {
      if (stack && stack.page !== page && stack.variables === variables) {
        stack = { ...stack, page }
        return
      }
      await stopStack()
      const program = shell.start(command)
      stack = { program, page, variables }
      await program.says(/^Ctrl-C stops everything/m).catch(error => {
        program.signal('SIGKILL')
        stack = undefined
        throw error
      })
    }

    async function stopStack(): Promise<void> {
      stack?.program.signal('SIGINT')
      const result = await stack?.program.ended
      if (result) assert.equal(result.code, 0, result.output)
      stack = undefined
    }

    /** Returns a text with what the reader fills in, and with what differs here from the usual ports and names. */
    function fill(text: string, shown = ''): string {
      let filled = text
      for (const [usual, here] of Object.entries(replaced)) filled = filled.replaceAll(usual, here)
      for (const [placeholder, pattern] of Object.entries(KNOWN.placeholders))
        if (filled.includes(placeholder)) {
          const found = new RegExp(pattern, 'm').exec(shown)?.[1]
          assert.ok(found, `${text}: nothing for ${placeholder} in\n${shown}`)
          filled = filled.replaceAll(placeholder, found)
        }
      return filled
    }

    async function write(file: string, text: string): Promise<void> {
      // A reader is slower than the first run of `clock`, which would otherwise append the rules that ship after the saved ones.
      if (file.startsWith('config/rules/'))
        await until('every partition has rules', async () =>
          (await client.ends(`sluice.telemetry.readings.${env}`)).every(end => end > 0),
        )
      const path = join(project.folder, file)
      // A reader finds the examples in the project, so the page must show them as they are.
      if (file.startsWith('examples/')) return assert.equal(text, await readFile(path, 'utf8'))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    }
  })

it('given the list of what is not typed, then each line of it is still a command of its page', () => {
  const commands = steps.flatMap(([, all]) => all.filter(step => step.kind === 'command'))
  const used = new Set(commands.map(findListed))
  assert.deepEqual(
    LISTED.filter(line => !used.has(line)),
    [],
  )
  assert.ok(commands.length > 250)
  assert.ok(LISTED.length < 120)
})
