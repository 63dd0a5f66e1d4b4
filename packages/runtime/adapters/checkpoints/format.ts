/**
 * Text format of a checkpoint: JSON lines that begin with a header and end with a trailer. The trailer contains the number of parts
 * and the SHA-256 of all lines before it, so that truncation and changes are detected.
 */
import { createHash, type Hash } from 'node:crypto'
import { heldParts, partsOfState, storedState } from '../../pipeline/deciding/stored-state.ts'
import type { OutboxEntry, RememberedFailure, StateKey, StoredTimer } from '../../pipeline/model.ts'
import {
  type CheckpointMeta,
  type CheckpointPart,
  DamagedCheckpoint,
  type RemovedParts,
} from '../../pipeline/recovery/checkpoints.ts'
import { ID_BYTES } from '../../pipeline/recovery/id-bytes.ts'

/** Version numbers of the checkpoint format. The first version stored each id as an object and had no incremental checkpoints. */
const FORMAT = 2
const FIRST_FORMAT = 1

export interface Header extends StateKey {
  /** Applied offset; absent if the state is written to the checkpoint while it is still being read. */
  readonly appliedOffset?: number
  readonly epoch?: number
  /** Time of the checkpoint, RFC 3339. */
  readonly takenAt: string
  /**
   * Time of the previous checkpoint, RFC 3339, if this checkpoint contains only the changes since then; absent for a complete
   * checkpoint.
   */
  readonly after?: string
}

type Line =
  | { readonly meta: CheckpointMeta }
  /** State of an entity. `version` is the version of the state's format; absent for version 1. */
  | { readonly entity: string; readonly version?: number; readonly state: unknown }
  /** State of a held entity as stored, including its hold. */
  | { readonly entity: string; readonly stored: string }
  | { readonly entity: string; readonly timers: readonly StoredTimer[] }
  | { readonly outbox: OutboxEntry }
  /** A single id. `id` and `digest` are hexadecimal. */
  | { readonly id: string; readonly digest: string; readonly appliedAtMs: number }
  /** Several ids in the binary form of `id-bytes.ts`, encoded as base64. */
  | { readonly ids: string }
  | { readonly gone: RemovedParts }
  | { readonly failure: RememberedFailure }
  | { readonly context: { readonly hash: string; readonly content: unknown } }

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

/** Writes the header, the parts and the trailer. Each call returns complete lines with line ends. */
export class CheckpointWriter {
  readonly #hash = createHash('sha256')
  readonly #end: Counts = noCounts()

  header({ consumer, topic, partition, appliedOffset, epoch, takenAt, after }: Header): string {
    const header = { checkpoint: FORMAT, consumer, topic, partition, appliedOffset, epoch, takenAt, after }
    return this.#hashed(`${JSON.stringify(header)}\n`)
  }

  lines(parts: readonly CheckpointPart[]): string {
    let text = ''
    for (const part of parts) {
      text += `${lineOf(part)}\n`
      count(this.#end, part)
    }
    return this.#hashed(text)
  }

  trailer(): string {
    const trailer: Trailer = { end: this.#end, sha256: this.#hash.digest('hex') }
    return `${JSON.stringify(trailer)}\n`
  }

  #hashed(text: string): string {
    this.#hash.update(text)
    return text
  }
}

/** Parses a checkpoint line by line. Do not use any of its parts before `end` has returned without an error. */
export class CheckpointParser {
  readonly #hash: Hash = createHash('sha256')
  readonly #counted: Counts = noCounts()
  #number = 0
  #header: Header | undefined
  #hasMeta = false
  #trailer: Trailer | undefined

  /** Parses a line. Returns undefined for the header and the trailer. @throws DamagedCheckpoint if the line is invalid */
  line(line: string): CheckpointPart | undefined {
    this.#number += 1
    if (this.#trailer) throw new DamagedCheckpoint('it has content after its last line')
    const content = this.#parsed(line)
    if (this.#header && 'sha256' in content) {
      this.#trailer = content as unknown as Trailer
      return undefined
    }
    this.#hash.update(line).update('\n')
    if (!this.#header) {
      this.#header = headerOf(content)
      return undefined
    }
    const part = partOf(content as unknown as Line, line)
    if (!part) throw new DamagedCheckpoint(`line ${this.#number} is not a valid part of a checkpoint`)
    if (part.kind === 'meta') this.#hasMeta = true
    count(this.#counted, part)
    return part
  }

  /** Completes the parsing, and returns the header. @throws DamagedCheckpoint if the checkpoint is incomplete or was changed */
  end(): Header {
    if (!this.#header) throw new DamagedCheckpoint('it is empty')
    if (!this.#trailer || !this.#hasMeta)
      throw new DamagedCheckpoint(
        'it is truncated: its last line is missing. Export it again, or use another copy',
      )
    if (this.#hash.digest('hex') !== this.#trailer.sha256)
      throw new DamagedCheckpoint('its checksum does not match: it was changed. Use another copy')
    const { states, timers, outbox, ids, failures } = this.#trailer.end
    if (String(Object.values(this.#counted)) !== String([states, timers, outbox, ids, failures]))
      throw new DamagedCheckpoint('it does not contain as many parts as its last line says. Export it again')
    return this.#header
  }

  #parsed(line: string): object {
    try {
      const content: unknown = JSON.parse(line)
      if (typeof content === 'object' && content !== null) return content
    } catch {
      // The error below omits the content of the line.
    }
    if (!this.#header) throw noCheckpoint()
    throw new DamagedCheckpoint(`line ${this.#number} is not a JSON document: it was truncated or changed`)
  }
}

function lineOf(part: CheckpointPart): string {
  if (part.kind === 'state') {
    // The stored text of a held entity is written, because it may contain a hold but no state.
    if (heldParts(part.state).hold !== undefined)
      return JSON.stringify({ entity: part.entity, stored: part.state })
    const { version, json } = partsOfState(part.state)
    return `${beforeState(part.entity, version)}${json}}`
  }
  if (part.kind === 'context') return `${beforeContext(part.context.hash)}${part.context.json}}}`
  if (part.kind === 'ids') return `{"ids":"${part.bytes.toString('base64')}"}`
  if (part.kind !== 'id') {
    const { kind: _, ...content } = part
    return JSON.stringify(content)
  }
  const { id, digest, appliedAtMs } = part.id
  return `{"id":"${hex(id)}","digest":"${hex(digest)}","appliedAtMs":${appliedAtMs}}`
}

/**
 * Returns the beginning of a state's line. The stored text of the state is appended unchanged, because parsing and serializing it
 * could change its numbers.
 */
function beforeState(entity: string, version: number): string {
  return `{"entity":${JSON.stringify(entity)},${version > 1 ? `"version":${version},` : ''}"state":`
}

function beforeContext(hash: string): string {
  return `{"context":{"hash":${JSON.stringify(hash)},"content":`
}

/**
 * Returns the stored text in a line, byte for byte. If another program has formatted the line differently, the parsed content is
 * serialized instead.
 */
function verbatim(line: string, before: string, end: string, content: unknown): string {
  return line.startsWith(before) ? line.slice(before.length, -end.length) : JSON.stringify(content)
}

/** Converts a line to a part. Lines have no type tag; the names of their fields distinguish them. */
function partOf(content: Line, line: string): CheckpointPart | undefined {
  if ('stored' in content) return { kind: 'state', entity: content.entity, state: content.stored }
  if ('state' in content) {
    const { entity, version = 1, state } = content
    const stored = storedState(verbatim(line, beforeState(entity, version), '}', state), version)
    return { kind: 'state', entity, state: stored }
  }
  if ('context' in content) {
    const { hash, content: value } = content.context
    return { kind: 'context', context: { hash, json: verbatim(line, beforeContext(hash), '}}', value) } }
  }
  if ('digest' in content) {
    const { id, digest, appliedAtMs } = content
    return { kind: 'id', id: { id: latin1(id), digest: latin1(digest), appliedAtMs } }
  }
  if ('ids' in content) return { kind: 'ids', bytes: Buffer.from(content.ids, 'base64') }
  if ('gone' in content) return { kind: 'gone', gone: content.gone }
  if ('meta' in content) return { kind: 'meta', meta: metaOf(content.meta) }
  if ('timers' in content) return { kind: 'timers', entity: content.entity, timers: content.timers }
  if ('outbox' in content) return { kind: 'outbox', outbox: content.outbox }
  if ('failure' in content) return { kind: 'failure', failure: content.failure }
  return undefined
}

function headerOf(content: object): Header {
  const { checkpoint, ...header } = content as Partial<Header> & { readonly checkpoint?: unknown }
  if (typeof checkpoint !== 'number' || typeof header.consumer !== 'string') throw noCheckpoint()
  if (checkpoint !== FORMAT && checkpoint !== FIRST_FORMAT)
    throw new DamagedCheckpoint(
      `its format is ${checkpoint}, but this version of the engine supports only ${FORMAT}: use the version that wrote it`,
    )
  return header as Header
}

function noCheckpoint(): DamagedCheckpoint {
  return new DamagedCheckpoint('it is not a checkpoint of a partition state')
}

function noCounts(): Counts {
  return { states: 0, timers: 0, outbox: 0, ids: 0, failures: 0 }
}

function count(counts: Counts, part: CheckpointPart): void {
  if (part.kind === 'state') counts.states += 1
  else if (part.kind === 'timers') counts.timers += 1
  else if (part.kind === 'outbox') counts.outbox += 1
  else if (part.kind === 'id') counts.ids += 1
  else if (part.kind === 'ids') counts.ids += part.bytes.length / ID_BYTES
  else if (part.kind === 'failure') counts.failures += 1
}

/** Restores fields that are absent in JSON, which does not support undefined. */
function metaOf({ clock, appliedDigest, failuresFromMs, ...others }: CheckpointMeta): CheckpointMeta {
  const { nowMs, lastAppendMs, highestAppendMs } = clock
  return { ...others, clock: { nowMs, lastAppendMs, highestAppendMs }, appliedDigest, failuresFromMs }
}

function hex(latin1Text: string): string {
  return Buffer.from(latin1Text, 'latin1').toString('hex')
}

function latin1(hexText: string): string {
  return Buffer.from(hexText, 'hex').toString('latin1')
}
