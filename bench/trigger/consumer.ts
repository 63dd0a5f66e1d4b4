import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { Notes } from '../kit/notes.ts'
import type { Side, SideOptions } from './sides.ts'

const READY_WITHIN_MS = 120_000
const NOTES = 'notes.ndjson'
const OUTPUT = 'output.txt'

interface ConsumerOptions extends Omit<SideOptions, 'variables'> {
  /** Log the age of every record, which slows all sides down a little. */
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
  readonly #ready: RegExp
  readonly #notes: Notes<Note>

  private constructor(child: ChildProcess, folder: string, ready: RegExp) {
    this.#child = child
    this.#folder = folder
    this.#ready = ready
    this.#notes = new Notes(join(folder, NOTES))
  }

  /** Starts a consumer and waits until it says that it reads. */
  static async start(side: Side, { ages, ...options }: ConsumerOptions): Promise<Consumer> {
    const folder = await mkdtemp(join(tmpdir(), 'bench-trigger-'))
    await copyFile(join(import.meta.dirname, 'handler.js'), join(folder, 'handler.js'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const variables = { BENCH_NOTES: join(folder, NOTES), BENCH_AGES: ages ? 'all' : 'none' }
    const args = await side.prepare({ ...options, variables }, folder)
    const env = { ...process.env, ...variables, SLS_NOTIFICATIONS_MODE: 'off' }
    // Output goes to a file, because a pipe that is read too slowly would block the consumer.
    const output = await open(join(folder, OUTPUT), 'a')
    const stdio = ['ignore', output.fd, output.fd] as const
    const child = spawn(process.execPath, [...process.execArgv, ...args], {
      cwd: folder,
      env,
      stdio: [...stdio],
    })
    await output.close()
    const consumer = new Consumer(child, folder, side.ready)
    try {
      await consumer.#untilReady()
      return consumer
    } catch (error) {
      await consumer.stop()
      throw error
    }
  }

  /** All notes of the handler so far. */
  notes(): Promise<readonly Note[]> {
    return this.#notes.read()
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
      if (this.#ready.test(output)) return
      if (this.#child.exitCode !== null || Date.now() > endAtMs) {
        throw new Error(`the consumer did not become ready:\n${output}`)
      }
      await delay(50)
    }
  }
}
