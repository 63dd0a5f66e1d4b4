import type { KafkaRecord } from '../kafka/records.ts'
import { contentOf, eventOf, type LedgerEvent } from './event.ts'
import { redriveOf } from './redrive.ts'

const ID_WINDOW_MS = 60 * 60_000
/** Two tick intervals: the most by which the clock advances in a pause. */
const LONGEST_STEP_MS = 120_000

/** What every consumer does before it calls its process: the log's clock, and deduplication. */
export class Intake {
  /** How many records and timers had each outcome. */
  readonly tally = new Map<string, number>()
  nowMs = 0
  #lastAppendMs: number | undefined
  readonly #known = new Map<string, { readonly content: string; readonly atMs: number }>()
  readonly #accepts: (type: string) => boolean

  constructor(accepts: (type: string) => boolean) {
    this.#accepts = accepts
  }

  /** Advances the log's clock to the record. */
  advance({ timestampMs }: KafkaRecord): void {
    const passed = timestampMs - (this.#lastAppendMs ?? timestampMs)
    this.nowMs += Math.min(Math.max(passed, 0), LONGEST_STEP_MS)
    this.#lastAppendMs = timestampMs
  }

  /**
   * The event to process, or the outcome of the record. Redriven records are for one consumer, which takes the original.
   *
   * @param awaited name of an event that is no repeat although it is known: an entity waits for its next attempt
   */
  take(record: KafkaRecord, awaited?: string): LedgerEvent | string {
    if (redriveOf(record)) return 'ignored/redriven-for-another'
    const event = eventOf(record, this.#accepts)
    if (typeof event === 'string') return event
    if (nameOf(event) === awaited) return event
    const known = this.#known.get(nameOf(event))
    if (known === undefined || this.nowMs - known.atMs > ID_WINDOW_MS) return event
    return known.content === contentOf(event) ? 'duplicate/id-known' : 'failed/id-conflict'
  }

  applied(event: LedgerEvent): void {
    this.#known.set(nameOf(event), { content: contentOf(event), atMs: this.nowMs })
  }

  /** From now on, the same event is a new one. */
  forget(event: LedgerEvent): void {
    this.#known.delete(nameOf(event))
  }

  ended(how: string): void {
    this.tally.set(how, (this.tally.get(how) ?? 0) + 1)
  }
}

export function nameOf({ source, id }: LedgerEvent): string {
  return `${source} ${id}`
}
