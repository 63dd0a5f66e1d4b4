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

export interface ConsumerOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  /** Batching window in seconds; the bare consumer never waits. */
  readonly window: number
  /** Log the age of every record, which slows both sides down a little. */
  readonly ages: boolean
}

/** One invocation, as the handler logged it. */
export interface Note {
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly count: number
  readonly ages: readonly number[]
}

/** A consumer in its own process and temporary folder, in a new group that starts at the oldest record. */
export class Consumer {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #notes: Note[] = []
  /** How many bytes of the notes file have been read. */
  #read = 0

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
  }

  /** Starts a consumer and waits until it is a member of its group. */
  static async start(side: Side, options: ConsumerOptions): Promise<Consumer> {
    const folder = await mkdtemp(join(tmpdir(), 'bench-trigger-'))
    await copyFile(join(HERE, 'handler.js'), join(folder, 'handler.js'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const args = side === 'bare' ? bareArguments(options, folder) : await triggerArguments(options, folder)
    const env = { ...process.env, ...noteVariables(options, folder), SLS_NOTIFICATIONS_MODE: 'off' }
    // To a file, because a pipe that is read too slowly would block the consumer.
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

  /** All notes of the handler so far. */
  async notes(): Promise<readonly Note[]> {
    const file = await open(join(this.#folder, NOTES), 'a+')
    try {
      const { size } = await file.stat()
      const { buffer } = await file.read(Buffer.alloc(size - this.#read), 0, size - this.#read, this.#read)
      // The last line may be incomplete.
      const whole = buffer.subarray(0, buffer.lastIndexOf('\n') + 1)
      this.#read += whole.length
      for (const line of whole.toString().split('\n')) if (line) this.#notes.push(JSON.parse(line))
      return this.#notes
    } finally {
      await file.close()
    }
  }

  /** Waits until the handler has seen this many records. */
  async untilSeen(count: number, withinMs: number): Promise<readonly Note[]> {
    const endAtMs = Date.now() + withinMs
    for (;;) {
      const notes = await this.notes()
      const seen = notes.reduce((sum, note) => sum + note.count, 0)
      if (seen >= count) return notes
      if (this.#child.exitCode !== null) throw new Error(`the consumer ended:\n${await this.#output()}`)
      if (Date.now() > endAtMs)
        throw new Error(`only ${seen} of ${count} records arrived within ${withinMs} ms`)
      await delay(100)
    }
  }

  /** The resident memory of its process in MiB. */
  async residentMiB(): Promise<number> {
    const ps = spawn('ps', ['-o', 'rss=', '-p', `${this.#child.pid}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [text] = await Promise.all([ps.stdout.toArray(), once(ps, 'close')])
    return Math.round(Number(Buffer.concat(text).toString()) / 1024)
  }

  /** Stops it, by force if it does not stop on its own, and removes its folder. */
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
        throw new Error(`the consumer did not become ready:\n${output}`)
      }
      await delay(50)
    }
  }
}

function noteVariables({ ages }: ConsumerOptions, folder: string) {
  return { BENCH_NOTES: join(folder, NOTES), BENCH_AGES: ages ? 'all' : 'none' }
}

function bareArguments({ brokers, topic }: ConsumerOptions, folder: string): string[] {
  const file = join(HERE, 'bare-consumer.ts')
  return [file, brokers.join(','), topic, `bare-${randomUUID()}`, join(folder, 'handler.js')]
}

async function triggerArguments(options: ConsumerOptions, folder: string): Promise<string[]> {
  const { brokers, topic, window } = options
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
      environment: noteVariables(options, folder),
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
