import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '#local-servers/ports.ts'
import { PROJECT, Program, runProgram } from '#local-servers/testing/program.ts'
import { until } from '#local-servers/testing/until.ts'
import { TestEnvironment } from '../support/environment.ts'
import { StartedProject } from '../support/started-project.ts'
import { COMMANDS, listSteps, missingLine, type Step, type Terminal } from '../support/walkthrough.ts'

/** Pages with their least number of steps. */
const PAGES = { 'docs/tutorial.md': 30, 'docs/tour.md': 9 } as const

/** The port of the webhook in the page. The test uses a free one. */
const PORT = '8000'

/** The page promises twenty minutes to a reader, who also reads and types. A busy machine needs six of them. */
const MACHINE_MS = 15 * 60_000

/** Upper bound for output that follows from a command, such as a notification. */
const WAIT_MS = 2 * 60_000

/** Commands that only look: a reader repeats them until the functions have caught up. Until then, they may find nothing and fail. */
const REPEATED = /^npx sluice (?:alerts list|dlq list|silence list|sql|stats)\b/

/**
 * What npx does for the command of the project, without the second of processor time that it takes to find it. Each of the page's many
 * commands would take it, which delays what the page waits for.
 */
const NPX = `#!/bin/sh
[ "$1" = sluice ] || exit 1
shift
exec node cli/bin.mjs "$@"
`
const OWN_TOOLS = join('.local', 'test-tools')

/** Pause before a command is repeated: a reader is not faster, and each costs the functions processor time. */
const REPEAT_MS = 2_000

/** Where a reader finds the text for a placeholder of a command: in the output of the commands before it. */
const PLACEHOLDERS = { ID: /^(?:Silence )?([0-9a-f]{8}) /m } as const

for (const [name, count] of Object.entries(PAGES))
  describe(`${name}, followed to the letter`, { timeout: MACHINE_MS + 4 * 60_000 }, () => {
    let environment: TestEnvironment
    let project: StartedProject
    let port: string
    let hasUsedNpx = false
    const terminals = new Map<Terminal, Program>()

    before(async () => {
      environment = await TestEnvironment.create()
      project = await StartedProject.copy(environment.name)
      port = String(await freePort())
      const npx = join(project.folder, OWN_TOOLS, 'npx')
      await mkdir(dirname(npx), { recursive: true })
      await writeFile(npx, NPX, { mode: 0o755 })
    })

    after(async () => {
      for (const terminal of terminals.keys()) await end(terminal)
      await project?.remove()
      await environment?.close()
    })

    it('given its files and commands, then each output is as the page shows it, within the time', async () => {
      const startedAtMs = Date.now()
      const page = await readFile(join(PROJECT, name), 'utf8')
      const steps = listSteps(page.replaceAll(PORT, port))
      assert.ok(steps.length > count, `${steps.length} steps`)
      let shown = ''
      for (const [at, step] of steps.entries()) {
        if (step.kind === 'file') await write(step.file, step.text)
        else if (step.kind === 'commands')
          shown =
            step.terminal === COMMANDS
              ? await typed(step.commands, steps[at + 1], shown)
              : await open(step, shown)
        else if (step.terminal !== COMMANDS) await shows(step.terminal, step.lines)
      }
      assert.ok(
        Date.now() - startedAtMs < MACHINE_MS,
        `it took ${Math.round((Date.now() - startedAtMs) / 1000)} s`,
      )
    })

    async function write(file: string, text: string): Promise<void> {
      if (file.startsWith('config/rules/')) await rulesAppended()
      const path = join(project.folder, file)
      // A reader finds the examples in the project, so the page must show them as they are.
      if (file.startsWith('examples/')) return assert.equal(text, await readFile(path, 'utf8'))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    }

    /** Waits for the first run of `clock`, which would otherwise append the rules that ship after the saved ones. A reader is slower. */
    async function rulesAppended(): Promise<void> {
      await until('every partition has rules', async () => {
        const ends = await environment.client.ends(environment.topic('readings'))
        return ends.every(end => end > 0)
      })
    }

    /** Runs commands one after another, and returns their output, which is compared with the next step. */
    async function typed(
      commands: readonly string[],
      next: Step | undefined,
      shown: string,
    ): Promise<string> {
      const expected = next?.kind === 'output' && next.terminal === COMMANDS ? next.lines : []
      const outputs: string[] = []
      for (const command of commands)
        outputs.push(await runForOutput(filled(command, [...outputs, shown].join('\n'))))
      await eventually(
        () => missingLine(expected, outputs.join('\n')),
        () => outputs.join('\n'),
        async () => {
          assert.ok(
            commands.some(command => REPEATED.test(command)),
            outputs.join('\n'),
          )
          await pause(REPEAT_MS)
          for (const [at, command] of commands.entries())
            if (REPEATED.test(command)) outputs[at] = await runForOutput(filled(command, shown))
        },
      )
      return outputs.join('\n')
    }

    async function runForOutput(command: string): Promise<string> {
      const { code, output } = await runProgram(await script(COMMANDS, command), [], options())
      if (!REPEATED.test(command)) assert.equal(code, 0, `${command}\n${output}`)
      return output
    }

    /** Starts a command that stays. One that runs in this terminal gets Ctrl-C first. */
    async function open({ terminal, commands }: Step & { kind: 'commands' }, shown: string): Promise<string> {
      await end(terminal)
      terminals.set(terminal, new Program(await script(terminal, commands.join('\n')), [], options()))
      return shown
    }

    async function shows(terminal: Terminal, lines: readonly string[]): Promise<void> {
      const program = terminals.get(terminal)
      assert.ok(program, `nothing runs in ${terminal}`)
      await eventually(
        () => missingLine(lines, program.output),
        () => program.output,
        () => pause(100),
      )
    }

    async function end(terminal: Terminal): Promise<void> {
      terminals.get(terminal)?.signal('SIGINT')
      await terminals.get(terminal)?.ended
    }

    async function script(name: string, text: string): Promise<string> {
      const file = join('.local', `${name}.sh`)
      await write(file, `${text}\n`)
      return join(project.folder, file)
    }

    /** Options of a command. The first one runs with npx itself. */
    function options() {
      const path = [...(hasUsedNpx ? [join(project.folder, OWN_TOOLS)] : []), process.env.PATH].join(
        delimiter,
      )
      hasUsedNpx = true
      return {
        node: '/bin/sh',
        cwd: project.folder,
        env: { ...project.variables, SLUICE_ONE_MACHINE: 'on', PATH: path },
      }
    }
  })

/** Waits until no line is missing. */
async function eventually(
  missing: () => string | undefined,
  output: () => string,
  again: () => Promise<unknown>,
): Promise<void> {
  const untilMs = Date.now() + WAIT_MS
  while (missing() !== undefined) {
    assert.ok(Date.now() < untilMs, `"${missing()}" is missing in:\n${output()}`)
    await again()
  }
}

/** The command with what the reader fills in. */
function filled(command: string, shown: string): string {
  return command.replaceAll(/<([A-Z]+)>/g, (_, name: keyof typeof PLACEHOLDERS) => {
    const found = PLACEHOLDERS[name].exec(shown)?.[1]
    assert.ok(found, `${command}: nothing for ${name} in\n${shown}`)
    return found
  })
}
