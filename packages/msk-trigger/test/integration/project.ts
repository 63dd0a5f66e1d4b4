import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@sluice/test-kit/local-servers'
import { PROJECT, Program, type ProgramResult } from '@sluice/test-kit/program'
import type { LambdaEvent, LambdaRecord } from '../../invoke/event.ts'
import { BROKERS } from './kafka.ts'

/** One invocation, as recorded by the handler. */
export interface Invocation {
  readonly event: LambdaEvent
  readonly startedAtMs: number
  /** End of the process; missing while it runs, and if it was killed. */
  readonly endedAtMs?: number
}

/** A separate serverless project that uses the plugin, in a temporary folder, with its own functions. */
export class Project {
  readonly service: string
  readonly #folder: string
  #program: Program | undefined

  private constructor(folder: string, service: string) {
    this.#folder = folder
    this.service = service
  }

  /**
   * `functions` is that section of serverless.yml, without handlers. `handlers` has the source text of each handler's body, which
   * can use `event`, `values` (the records' values as text), `attempt` (how often it has run, over all processes) and `delay`.
   */
  static async create(
    functions: Record<string, object>,
    handlers: Record<string, string>,
    { mskTrigger = {}, ...more }: { mskTrigger?: object } & Record<string, unknown> = {},
  ): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), 'msk-trigger-'))
    const project = new Project(folder, `it-${folder.slice(-6).toLowerCase()}`)
    const entries = Object.entries(functions).map(([key, value]) => [
      key,
      { handler: `handlers.${key}`, ...value },
    ])
    const config = {
      service: project.service,
      frameworkVersion: '4',
      provider: { name: 'aws', runtime: 'nodejs22.x', stage: 'it', region: 'eu-west-1' },
      plugins: ['./msk-trigger/index.ts', 'serverless-offline'],
      custom: {
        mskTrigger: {
          brokers: BROKERS,
          retryDelayMs: 20,
          maxRetryDelayMs: 200,
          sessionTimeoutMs: 6_000,
          ...mskTrigger,
        },
      },
      functions: Object.fromEntries(entries),
      ...more,
    }
    await Promise.all([
      symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules')),
      symlink(join(PROJECT, 'packages', 'msk-trigger'), join(folder, 'msk-trigger')),
      writeFile(join(folder, 'package.json'), '{"type":"module"}'),
      // JSON is YAML.
      writeFile(join(folder, 'serverless.yml'), JSON.stringify(config)),
      writeFile(join(folder, 'handlers.js'), handlerModule(handlers)),
    ])
    return project
  }

  /** A project with one function `f`, whose only event is this topic, with batches of up to ten and a window of 0. */
  static ofTopic(topic: string, handler: string, event = {}): Promise<Project> {
    const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
    const events = [{ msk: { arn, topic, maximumBatchingWindow: 0, batchSize: 10, ...event } }]
    return Project.create({ f: { timeout: 60, events } }, { f: handler })
  }

  /** A project in an existing folder, which `remove` deletes. */
  static in(folder: string, service: string): Project {
    return new Project(folder, service)
  }

  /** Runs `serverless <command>` until it ends, and returns its output. */
  run(...command: string[]): Promise<ProgramResult> {
    return this.#serverless(command).ended
  }

  /** Starts `serverless offline`, or the given command, and waits until every source reads. */
  async start(...command: string[]): Promise<void> {
    await this.startWithoutWaiting(...command)
    await this.untilSays(/msk {2}ready: \d+ of \d+ event sources have joined their groups/)
  }

  /** Starts it without waiting. */
  async startWithoutWaiting(...command: string[]): Promise<void> {
    const [http, lambda, websocket] = await Promise.all([freePort(), freePort(), freePort()])
    const ports = ['--httpPort', `${http}`, '--lambdaPort', `${lambda}`, '--websocketPort', `${websocket}`]
    this.#program = this.#serverless([...(command.length > 0 ? command : ['offline']), ...ports])
  }

  async untilSays(line: RegExp): Promise<void> {
    await this.#program?.says(line)
  }

  /** Output since the last start. */
  get output(): string {
    return this.#program?.output ?? ''
  }

  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal)
  }

  /** Sends a signal and waits for the process to end. Returns how long that took, in milliseconds. */
  async end(signal: NodeJS.Signals): Promise<number> {
    const startedAtMs = Date.now()
    this.#program?.signal(signal)
    await this.#program?.ended
    return Date.now() - startedAtMs
  }

  async remove(): Promise<void> {
    await this.end('SIGKILL')
    await rm(this.#folder, { recursive: true, force: true })
  }

  group(functionKey: string, topic: string): string {
    return `${this.service}-it-${functionKey}-${topic}`
  }

  file(name: string): string {
    return join(this.#folder, name)
  }

  /** The invocations of a function, in the order in which they started. */
  invocations(functionKey: string): Invocation[] {
    const lines = listLines(this.file(`${functionKey}.ndjson`)).map(line => JSON.parse(line))
    const ends = new Map(lines.filter(line => line.endedAtMs).map(line => [line.id, line.endedAtMs]))
    return lines
      .filter(line => line.event)
      .map(({ id, event, startedAtMs }) => ({
        event,
        startedAtMs,
        ...(ends.has(id) && { endedAtMs: ends.get(id) }),
      }))
  }

  #serverless(command: readonly string[]): Program {
    return new Program('serverless', command, { cwd: this.#folder })
  }
}

/** All records of an event, one partition after another. */
export function listRecords({ event }: Pick<Invocation, 'event'>): LambdaRecord[] {
  return Object.values(event.records).flat()
}

/** The offsets that a function was invoked with, in the order of the invocations. */
export function offsetsSeen(project: Project, functionKey: string): number[] {
  return project.invocations(functionKey).flatMap(invocation => listRecords(invocation).map(r => r.offset))
}

function listLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

/** Handlers that record the start and the end of every invocation in a file. */
function handlerModule(handlers: Record<string, string>): string {
  const bodies = Object.entries(handlers).map(
    ([name, body]) =>
      `export const ${name} = traced('${name}', async ({ event, values, attempt }) => {\n${body}\n})`,
  )
  return `
import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

function traced(name, body) {
  const file = name + '.ndjson'
  const note = entry => appendFileSync(file, JSON.stringify(entry) + '\\n')
  return async event => {
    const id = randomUUID()
    note({ id, event, startedAtMs: Date.now() })
    const attempt = readFileSync(file, 'utf8').split('\\n').filter(line => line.includes('"event":{')).length
    const values = Object.values(event.records).flat().map(r => r.value && Buffer.from(r.value, 'base64').toString())
    try {
      return await body({ event, values, attempt })
    } finally {
      note({ id, endedAtMs: Date.now() })
    }
  }
}

${bodies.join('\n\n')}
`
}
