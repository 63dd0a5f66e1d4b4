/**
 * A checkpoint as a file: JSON lines, a header first, a trailer last. The trailer counts what is between them and has the
 * SHA-256 of every line before it, so that a file that was cut off or touched is not taken for a whole one. Pure.
 */
import { createHash, type Hash } from 'node:crypto'
import type { Checkpoint } from '../../lib/adapters/redis/checkpoint.ts'
import type {
  LogClock,
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  Slot,
  StoredTimer,
} from '../../lib/pipeline/ports.ts'
import { CliFailure } from '../failure.ts'
import { linesByPiece, UnreadableText } from '../lines.ts'

const FORMAT = 1

export interface CheckpointFile {
  readonly slot: Slot
  /** RFC 3339. */
  readonly takenAt: string
  readonly checkpoint: Checkpoint
}

interface Header extends Slot {
  readonly checkpoint: number
  readonly mark: number
  readonly epoch: number
  readonly takenAt: string
}

type Line =
  | { readonly meta: Pick<Checkpoint, 'version' | 'clock' | 'emitted' | 'tally'> }
  | { readonly entity: string; readonly state: unknown }
  | { readonly entity: string; readonly timers: readonly StoredTimer[] }
  | { readonly outbox: OutboxEntry }
  /** Bytes as hexadecimal digits. */
  | { readonly id: string; readonly digest: string; readonly appliedAtMs: number }
  | { readonly failure: RememberedFailure }

interface Counts {
  states: number
  timers: number
  outbox: number
  ids: number
  failures: number
}

interface Trailer {
  readonly end: Counts
  readonly sha256: string
}

/** The lines of the file, each with its end. */
export function* linesOf({ slot, takenAt, checkpoint }: CheckpointFile): Generator<string> {
  const { version, states, timers, outbox, ids, failures } = checkpoint
  const { mark, epoch } = version
  const hash = createHash('sha256')
  for (const content of [
    [{ checkpoint: FORMAT, ...slot, mark, epoch, takenAt } satisfies Header],
    contents(checkpoint),
  ])
    for (const one of content) {
      const line = `${JSON.stringify(one)}\n`
      hash.update(line)
      yield line
    }
  const end: Counts = {
    states: states.size,
    timers: timers.size,
    outbox: outbox.length,
    ids: ids.length,
    failures: failures.length,
  }
  yield `${JSON.stringify({ end, sha256: hash.digest('hex') } satisfies Trailer)}\n`
}

/** In an order that follows from the contents: the same slot gives the same lines. */
function* contents(checkpoint: Checkpoint): Generator<Line> {
  const { version, clock, emitted, tally, states, timers, outbox, ids, failures } = checkpoint
  yield { meta: { version, clock, emitted, tally: Object.fromEntries(Object.entries(tally).sort(byName)) } }
  for (const [entity, json] of [...states].sort(byName)) yield { entity, state: JSON.parse(json) }
  for (const [entity, own] of [...timers].sort(byName)) yield { entity, timers: own }
  for (const entry of outbox) yield { outbox: entry }
  for (const { id, digest, appliedAtMs } of [...ids].sort(byClock))
    yield { id: hex(id), digest: hex(digest), appliedAtMs }
  for (const failure of [...failures].sort((a, b) => byName([a.id], [b.id]))) yield { failure }
}

/**
 * @param name of the file, for messages
 * @throws CliFailure where it is no checkpoint, one of another version, or not the whole of one
 */
export async function readCheckpoint(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<CheckpointFile> {
  const reading = new Reading(name)
  try {
    for await (const lines of linesByPiece(pieces)) for (const line of lines) reading.line(line)
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error
    throw new CliFailure(`${name}: ${error.message}: it is no checkpoint, or was cut off. Take another copy.`)
  }
  return reading.end()
}

class Reading {
  readonly #name: string
  readonly #hash: Hash = createHash('sha256')
  #number = 0
  #header: Header | undefined
  #trailer: Trailer | undefined
  #meta: Pick<Checkpoint, 'version' | 'clock' | 'emitted' | 'tally'> | undefined
  readonly #states = new Map<string, string>()
  readonly #timers = new Map<string, readonly StoredTimer[]>()
  readonly #outbox: OutboxEntry[] = []
  readonly #ids: RememberedId[] = []
  readonly #failures: RememberedFailure[] = []

  constructor(name: string) {
    this.#name = name
  }

  line(line: string): void {
    this.#number += 1
    if (this.#trailer) throw this.#failure('something follows its last line')
    const content = this.#parsed(line)
    if (!this.#header) this.#header = this.#headerOf(content)
    else if ('sha256' in content) this.#trailer = content as unknown as Trailer
    else this.#take(content as unknown as Line)
    if (!this.#trailer) this.#hash.update(`${line}\n`)
  }

  end(): CheckpointFile {
    if (!this.#header) throw this.#failure('it is empty')
    if (!this.#trailer || !this.#meta)
      throw this.#failure('it is cut off: its last line is missing. Export it again, or take another copy')
    if (this.#hash.digest('hex') !== this.#trailer.sha256)
      throw this.#failure('its content does not have its checksum: it was changed. Take another copy')
    const { consumer, topic, partition, takenAt } = this.#header
    const checkpoint: Checkpoint = {
      ...this.#meta,
      states: this.#states,
      timers: this.#timers,
      outbox: this.#outbox,
      ids: this.#ids,
      failures: this.#failures,
    }
    const { states, timers, outbox, ids, failures } = this.#trailer.end
    const counted = [this.#states.size, this.#timers.size, this.#outbox.length, this.#ids.length]
    if (String([...counted, this.#failures.length]) !== String([states, timers, outbox, ids, failures]))
      throw this.#failure('it does not hold as much as its last line says. Export it again')
    return { slot: { consumer, topic, partition }, takenAt, checkpoint }
  }

  #parsed(line: string): object {
    try {
      const content: unknown = JSON.parse(line)
      if (typeof content === 'object' && content !== null) return content
    } catch {
      // Said below, without a word of the content.
    }
    if (!this.#header) throw this.#noCheckpoint()
    throw this.#failure(`line ${this.#number} is no JSON document: it is cut off, or was changed`)
  }

  #headerOf(content: object): Header {
    const header = content as Partial<Header>
    if (typeof header.checkpoint !== 'number' || typeof header.consumer !== 'string')
      throw this.#noCheckpoint()
    if (header.checkpoint !== FORMAT)
      throw this.#failure(
        `its format is ${header.checkpoint}, and this version of sluice knows ${FORMAT}: use the version that wrote it`,
      )
    return header as Header
  }

  #take(line: Line): void {
    if ('meta' in line)
      this.#meta = { ...line.meta, clock: clockOf(line.meta.clock), version: line.meta.version }
    else if ('state' in line) this.#states.set(line.entity, JSON.stringify(line.state))
    else if ('timers' in line) this.#timers.set(line.entity, line.timers)
    else if ('outbox' in line) this.#outbox.push(line.outbox)
    else if ('failure' in line) this.#failures.push(line.failure)
    else if ('digest' in line)
      this.#ids.push({ id: latin1(line.id), digest: latin1(line.digest), appliedAtMs: line.appliedAtMs })
    else throw this.#failure(`line ${this.#number} holds nothing that a checkpoint can hold`)
  }

  #noCheckpoint(): CliFailure {
    return this.#failure('it is no checkpoint: `sluice state export` writes them')
  }

  #failure(what: string): CliFailure {
    return new CliFailure(`${this.#name}: ${what}.`)
  }
}

/** JSON has no undefined: before the first record these are not there. */
function clockOf({ nowMs, lastAppendMs, highestAppendMs }: LogClock): LogClock {
  return { nowMs, lastAppendMs, highestAppendMs }
}

function hex(latin1Text: string): string {
  return Buffer.from(latin1Text, 'latin1').toString('hex')
}

function latin1(hexText: string): string {
  return Buffer.from(hexText, 'hex').toString('latin1')
}

function byName([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function byClock(a: RememberedId, b: RememberedId): number {
  return a.appliedAtMs - b.appliedAtMs || byName([a.id], [b.id])
}
