import type { KafkaRecord } from '../kafka/records.ts'
import { formatContent, type LedgerEvent, readEvent } from './event.ts'

const ID_WINDOW_MS = 60 * 60_000
/** Two tick intervals: the most by which the clock advances in a pause. */
const MAX_STEP_MS = 120_000

interface KnownEvent {
  readonly content: string
  readonly atMs: number
}

/** Steps of every consumer before its process: the log's clock, and deduplication. */
export class Intake {
  /** How many records and timers had each outcome. */
  readonly tally = new Map<string, number>()
  nowMs = 0
  #lastAppendMs: number | undefined
  readonly #known = new Map<string, KnownEvent>()
  readonly #accepts: (type: string) => boolean
  readonly #origins: string | undefined
  /** Highest sequence of each origin. */
  readonly #sequences = new Map<string, string>()

  /** @param origins begin of the origins of the emitters that are declared to the consumer; undefined for none */
  constructor(accepts: (type: string) => boolean, origins?: string) {
    this.#accepts = accepts
    this.#origins = origins
  }

  /** Advances the log's clock to the record. */
  advance({ timestampMs }: KafkaRecord): void {
    const passed = timestampMs - (this.#lastAppendMs ?? timestampMs)
    this.nowMs += Math.min(Math.max(passed, 0), MAX_STEP_MS)
    this.#lastAppendMs = timestampMs
  }

  /** The event to process, or the outcome of the record. */
  take(record: KafkaRecord): LedgerEvent | string {
    if (!this.#isHigher(record)) return 'duplicate/not-higher'
    const event = readEvent(record, this.#accepts)
    return typeof event === 'string' ? event : this.admit(event)
  }

  /** The event, or its outcome if one of its id is known. */
  admit(event: LedgerEvent): LedgerEvent | string {
    const known = this.#known.get(formatName(event))
    if (known === undefined || this.nowMs - known.atMs > ID_WINDOW_MS) return event
    return known.content === formatContent(event) ? 'duplicate/id-known' : 'failed/id-conflict'
  }

  /** Compares the sequence of an emission with the highest of its origin. Other records have no declared origin. */
  #isHigher({ headers }: KafkaRecord): boolean {
    const getValue = (wanted: string) => headers.find(([name]) => name === wanted)?.[1]
    const [origin, sequence] = ['ce_origin', 'ce_sequence'].map(name => getValue(name)?.toString())
    if (this.#origins === undefined || sequence === undefined || !origin?.startsWith(this.#origins))
      return true
    if (sequence <= (this.#sequences.get(origin) ?? '')) return false
    this.#sequences.set(origin, sequence)
    return true
  }

  applied(event: LedgerEvent): void {
    this.#known.set(formatName(event), { content: formatContent(event), atMs: this.nowMs })
  }

  ended(how: string): void {
    this.tally.set(how, (this.tally.get(how) ?? 0) + 1)
  }
}

function formatName({ source, id }: LedgerEvent): string {
  return `${source} ${id}`
}
