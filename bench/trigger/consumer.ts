import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { type ManagedProcess, startReady } from '#local-servers/managed-process.ts'
import { Notes } from '../kit/notes.ts'
import { residentBytes } from '../kit/processes.ts'
import type { Side, SideOptions } from './sides.ts'

const READY_WITHIN_MS = 120_000
const NOTES = 'notes.ndjson'

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
  readonly #process: ManagedProcess
  readonly #folder: string
  readonly #notes: Notes<Note>
  #hasEnded = false

  private constructor(started: ManagedProcess, folder: string) {
    this.#process = started
    this.#folder = folder
    this.#notes = new Notes(join(folder, NOTES))
    void started.exited.then(() => {
      this.#hasEnded = true
    })
  }

  /** Starts a consumer and waits until it says that it reads. */
  static async start(side: Side, { ages, ...options }: ConsumerOptions): Promise<Consumer> {
    const folder = await mkdtemp(join(tmpdir(), 'bench-trigger-'))
    await copyFile(join(import.meta.dirname, 'handler.js'), join(folder, 'handler.js'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const variables = { BENCH_NOTES: join(folder, NOTES), BENCH_AGES: ages ? 'all' : 'none' }
    const args = await side.prepare({ ...options, variables }, folder)
    const env = { ...process.env, ...variables, SLS_NOTIFICATIONS_MODE: 'off' }
    const logFile = join(folder, 'output.txt')
    const untilReady = async (signal: AbortSignal) => {
      while (!side.ready.test(await readFile(logFile, 'utf8'))) await delay(50, undefined, { signal })
      return undefined
    }
    const launch = { command: process.execPath, args: [...process.execArgv, ...args], cwd: folder, env }
    const program = { title: side.name, launch, logFile, untilReady }
    try {
      return new Consumer(await startReady(program, AbortSignal.timeout(READY_WITHIN_MS)), folder)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
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
      if (this.#hasEnded || Date.now() > endAtMs)
        throw new Error(`only ${seen} of ${count} records arrived within ${withinMs} ms`)
      await delay(100)
    }
  }

  /** The resident memory of its process in MiB. */
  async residentMiB(): Promise<number> {
    return Math.round(((await residentBytes([this.#process.pid])) ?? Number.NaN) / 1024 ** 2)
  }

  /** Stops it, by force if it does not stop on its own, and removes its folder. */
  async stop(): Promise<void> {
    await this.#process.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
