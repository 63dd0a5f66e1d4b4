/** The reference of the segment sink: which objects the log makes, and what must be in each. */
import type { KafkaRecord } from '../kafka/records.ts'
import { createId, type LedgerEvent, MAPPED } from './event.ts'
import { isForeign } from './input.ts'
import { Intake } from './intake.ts'
import type { FailureRecord } from './reference.ts'
import { SEGMENT, type Violations } from './violations.ts'

/** Offsets of a segment, as `archiving` declares: its segments end at multiples of this. */
export const ARCHIVED_OFFSETS = 50

/** The reference for one partition. Records are given once their segment is complete. */
export class Archiving {
  readonly states = new Map<string, object>()
  readonly timers = new Map<string, []>()
  /** The contents of each complete segment by the name of its file. */
  readonly segments = new Map<string, string>()
  readonly #intake = new Intake(type => type === 'ledger.signal.v1', MAPPED)
  readonly #topic: string
  readonly #send: (failure: FailureRecord) => void
  #open: KafkaRecord[] = []
  foreign = 0
  #appliedOffset = -1

  constructor(topic: string, send: (failure: FailureRecord) => void) {
    this.#topic = topic
    this.#send = send
  }

  get tally(): ReadonlyMap<string, number> {
    return this.#intake.tally
  }

  /** Last record of the last complete segment; -1 before the first. */
  get appliedOffset(): number {
    return this.#appliedOffset
  }

  apply(record: KafkaRecord): void {
    const block = ({ offset }: KafkaRecord) => Math.floor(offset / ARCHIVED_OFFSETS)
    const [first] = this.#open
    if (first && block(first) !== block(record)) this.#close()
    this.#open.push(record)
    if (record.offset % ARCHIVED_OFFSETS === ARCHIVED_OFFSETS - 1) this.#close()
  }

  #close(): void {
    const [first, last] = [this.#open[0], this.#open.at(-1)]
    if (!first || !last) return
    const events = this.#open.flatMap(record => {
      const event = this.#decide(record)
      return event ? [[record.offset, event.id, event.data.number]] : []
    })
    const padded = ({ offset }: KafkaRecord) => String(offset).padStart(16, '0')
    this.segments.set(`${first.partition}_${padded(first)}-${padded(last)}`, JSON.stringify(events))
    this.#appliedOffset = last.offset
    this.#open = []
  }

  /** The event, if it is archived. */
  #decide(record: KafkaRecord): LedgerEvent | undefined {
    this.#intake.advance(record)
    if (isForeign(record)) {
      this.foreign += 1
      this.#fail(record, undefined)
      return undefined
    }
    const event = this.#intake.take(record)
    const isTaken = typeof event !== 'string' && !event.data.refuse
    const ending = isTaken ? 'applied/archived' : typeof event === 'string' ? event : 'failed/rejected'
    this.#intake.ended(ending)
    if (isTaken) this.#intake.applied(event)
    const [outcome, reason] = ending.split('/')
    if (outcome === 'failed') this.#fail(record, reason)
    return isTaken ? event : undefined
  }

  #fail(record: KafkaRecord, code: string | undefined): void {
    const { partition, offset } = record
    const sequence = ['0', String(offset).padStart(16, '0'), '00000000'].join('.')
    this.#send({
      id: createId('failure', 'archiving', this.#topic, partition, offset),
      code,
      sequence,
      record,
    })
  }
}

/** Compares the files that were written with the segments of all partitions, contents by name. */
export function compareSegments(
  files: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
  violations: Violations,
): void {
  for (const [name, contents] of files) {
    const should = wanted.get(name)
    if (should === undefined) violations.add(SEGMENT, `${name} is not a segment of the log, or was changed`)
    else if (contents !== should) violations.add(SEGMENT, `${name} has other contents than the log`)
  }
  for (const name of wanted.keys()) if (!files.has(name)) violations.add(SEGMENT, `${name} was never written`)
}
