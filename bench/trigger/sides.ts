import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../localstack/services/ports.ts'

const HERE = import.meta.dirname
const ROOT = join(HERE, '..', '..')
const READY_WITHIN_MS = 60_000
const NOTES = 'notes.ndjson'
const OUTPUT = 'output.txt'

export type Side = 'bare' | 'trigger'

export interface Wanted {
  readonly brokers: readonly string[]
  readonly topic: string
  /** Window in seconds; the bare consumer never waits. */
  readonly window: number
  /** Note the age of every record, which costs both sides something. */
  readonly ages: boolean
}

/** One invocation as the handler noted it. */
export interface Note {
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly count: number
  readonly ages: readonly number[]
}

/** A consumer at work in a process of its own, in a temporary folder, as a new group at the oldest record. */
export class Consumer {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #notes: Note[] = []
  /** How many bytes of the file of notes were read. */
  #read = 0

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
  }

  /** Starts it and waits until it is a member of its group. */
  static async start(side: Side, wanted: Wanted): Promise<Consumer> {
    const folder = await mkdtemp(join(tmpdir(), 'bench-trigger-'))
    await copyFile(join(HERE, 'handler.js'), join(folder, 'handler.js'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const args = side === 'bare' ? bareArguments(wanted, folder) : await triggerArguments(wanted, folder)
    const env = { ...process.env, ...noteVariables(wanted, folder), SLS_NOTIFICATIONS_MODE: 'off' }
    // A file: what reads a pipe too slowly holds up the one that writes.
    const output = await open(join(folder, OUTPUT), 'a')
    const stdio = ['ignore', output.fd, output.fd] as const
    const child = spawn(process.execPath, [...process.execArgv, ...args], {
      cwd: folder,
      env,
      stdio: [...stdio],
    })
    await output.close()
    const consumer = new Consumer(child, folder)
    try {
      await consumer.#untilReady()
      return consumer
    } catch (error) {
      await consumer.stop()
      throw error
    }
  }

  /** Everything that the handler has noted so far. */
  async notes(): Promise<readonly Note[]> {
    const file = await open(join(this.#folder, NOTES), 'a+')
    try {
      const { size } = await file.stat()
      const { buffer } = await file.read(Buffer.alloc(size - this.#read), 0, size - this.#read, this.#read)
      // The last line can be half written.
      const whole = buffer.subarray(0, buffer.lastIndexOf('\n') + 1)
      this.#read += whole.length
      for (const line of whole.toString().split('\n')) if (line) this.#notes.push(JSON.parse(line))
      return this.#notes
    } finally {
      await file.close()
    }
  }

  /** Waits until the handler has seen so many records. */
  async untilSeen(count: number, withinMs: number): Promise<readonly Note[]> {
    const endAtMs = Date.now() + withinMs
    for (;;) {
      const notes = await this.notes()
      const seen = notes.reduce((sum, note) => sum + note.count, 0)
      if (seen >= count) return notes
      if (this.#child.exitCode !== null) throw new Error(`it ended:\n${await this.#output()}`)
      if (Date.now() > endAtMs) throw new Error(`only ${seen} of ${count} records came within ${withinMs} ms`)
      await delay(100)
    }
  }

  /** What its process holds in memory, in MiB. */
  async residentMiB(): Promise<number> {
    const ps = spawn('ps', ['-o', 'rss=', '-p', `${this.#child.pid}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [text] = await Promise.all([ps.stdout.toArray(), once(ps, 'close')])
    return Math.round(Number(Buffer.concat(text).toString()) / 1024)
  }

  /** Ends it, at once if it does not end in order, and removes its folder. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close')
      this.#child.kill('SIGTERM')
      const tooLate = setTimeout(() => this.#child.kill('SIGKILL'), 8_000)
      await closed
      clearTimeout(tooLate)
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  #output(): Promise<string> {
    return readFile(join(this.#folder, OUTPUT), 'utf8')
  }

  async #untilReady(): Promise<void> {
    const endAtMs = Date.now() + READY_WITHIN_MS
    for (;;) {
      const output = await this.#output()
      if (/^ready|^msk {2}ready: /m.test(output)) return
      if (this.#child.exitCode !== null || Date.now() > endAtMs) {
        throw new Error(`it did not become ready:\n${output}`)
      }
      await delay(50)
    }
  }
}

function noteVariables({ ages }: Wanted, folder: string) {
  return { BENCH_NOTES: join(folder, NOTES), BENCH_AGES: ages ? 'all' : 'none' }
}

function bareArguments({ brokers, topic }: Wanted, folder: string): string[] {
  const file = join(HERE, 'bare-consumer.ts')
  return [file, brokers.join(','), topic, `bare-${randomUUID()}`, join(folder, 'handler.js')]
}

async function triggerArguments(wanted: Wanted, folder: string): Promise<string[]> {
  const { brokers, topic, window } = wanted
  const kafka = { accessConfigurations: { saslScram512Auth: 'arn:aws:secretsmanager:eu-west-1:1:secret:s' } }
  const event = { ...kafka, bootstrapServers: brokers, topic, batchSize: 100, maximumBatchingWindow: window }
  const config = {
    service: `bench-${randomUUID().slice(0, 8)}`,
    frameworkVersion: '4',
    provider: {
      name: 'aws',
      runtime: 'nodejs24.x',
      stage: 'it',
      region: 'eu-west-1',
      environment: noteVariables(wanted, folder),
    },
    plugins: ['./msk-trigger/index.ts', 'serverless-offline'],
    custom: { mskTrigger: { brokers } },
    functions: { bench: { handler: 'handler.handler', timeout: 30, events: [{ kafka: event }] } },
  }
  await Promise.all([
    symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules')),
    symlink(join(ROOT, 'localstack', 'msk-trigger'), join(folder, 'msk-trigger')),
    // JSON is YAML.
    writeFile(join(folder, 'serverless.yml'), JSON.stringify(config)),
  ])
  const ports = [
    '--httpPort',
    await freePort(),
    '--lambdaPort',
    await freePort(),
    '--websocketPort',
    await freePort(),
  ]
  return [join(ROOT, 'node_modules', 'serverless', 'bin', 'serverless.js'), 'offline', ...ports.map(String)]
}
