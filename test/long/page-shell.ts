/** Types commands in a copy of the project, in this process where that shows the same. */
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { Program } from '@sluice/test-kit/program'
import type { run } from '../../cli/program.ts'
import type { StartedProject } from '../support/started-project.ts'
import { Collected } from '../unit/cli/terminal.ts'

/** A command that has been typed. */
export interface Typed {
  /** Output so far, of both streams. */
  output(): string
  /** Presses Ctrl-C. */
  stop(): void
  /** Exit status; null after a signal. */
  readonly ended: Promise<number | null>
}

/** Variables of a test run that a reader does not have: his commands find the stack that runs in the folder. */
const OF_THE_TESTS =
  /^(?:KAFKA|REDIS|AWS|SLUICE|SCHEMA_REGISTRY|STORAGE|NODE_TEST|LAMBDA)_|^(?:TIME_ZONE|INIT_CWD)$|^npm_(?!config)/

/** Programs that are not of Sluice take the brokers from a variable. */
const FOREIGN = /\b(?:python|java)\b/

/** A command of Sluice without anything that only a shell does. */
const ALONE = /^npx sluice ((?:[^'"|<>;&$`\\#]|'[^']*'|"[^"$`\\]*")*)(?:\s#.*)?$/

export class PageShell {
  readonly #project: StartedProject
  readonly #run: typeof run
  readonly #environment: Readonly<Record<string, string | undefined>>

  private constructor(project: StartedProject, program: typeof run) {
    this.#project = project
    this.#run = program
    this.#environment = Object.fromEntries(
      Object.keys(process.env).flatMap(name => (OF_THE_TESTS.test(name) ? [[name, undefined]] : [])),
    )
  }

  /** Opens a shell in a copy of the project, whose own code it runs. */
  static async open(project: StartedProject): Promise<PageShell> {
    const program = await import(pathToFileURL(join(project.folder, 'cli', 'program.ts')).href)
    return new PageShell(project, program.run)
  }

  /** Types a command. The question of one that asks is answered with yes. */
  type(command: string): Typed {
    const [, words] = ALONE.exec(command) ?? []
    return words === undefined ? this.#inShell(command, this.#environment) : this.#here(listWords(words))
  }

  /** Types a command that starts the stack, on ports of its own and on the servers of the test run. */
  start(command: string): Program {
    const variables = { ...this.#project.variables, SLUICE_ONE_MACHINE: 'on' }
    return this.#program(command, variables)
  }

  #here(words: readonly string[]): Typed {
    const out = new Collected()
    const stop = new AbortController()
    const ended = this.#run(words, {
      stdin: Object.assign(Readable.from(['y\n']), { isTTY: true }),
      stdout: out,
      stderr: out,
      environment: { ...process.env, ...this.#environment },
      folder: this.#project.folder,
      stop: stop.signal,
    })
    return { output: () => out.text, stop: () => stop.abort(), ended }
  }

  #inShell(command: string, environment: Readonly<Record<string, string | undefined>>): Typed {
    const { KAFKA_BROKERS } = process.env
    const program = this.#program(command, {
      ...environment,
      ...(FOREIGN.test(command) && KAFKA_BROKERS && { KAFKA_BROKERS }),
    })
    return {
      output: () => program.output,
      stop: () => program.signal('SIGINT'),
      ended: program.ended.then(({ code }) => code),
    }
  }

  #program(command: string, env: Readonly<Record<string, string | undefined>>): Program {
    return new Program('-c', [command], { node: 'bash', cwd: this.#project.folder, env })
  }
}

function listWords(text: string): string[] {
  const words = text.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []
  return words.map(word => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'))
}
