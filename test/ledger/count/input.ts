/** Checks the input: each acknowledged record must be at the offset that the broker reported, and there must be no others. */
import type { KafkaRecord } from '../kafka/records.ts'
import { isMapped } from './event.ts'
import type { Violations } from './violations.ts'

/** The partition and offset that the broker reported for each numbered record. */
export interface Acknowledged {
  getPlace(number: number): { readonly partition: number; readonly offset: number } | undefined
  readonly count: number
}

/** The acknowledged records of another producer, which the ledger cannot read, as `partition/offset`. */
export type Foreign = ReadonlySet<string>

const TICK = 'io.sluice.clock.tick.v1'

/** Whether a record is neither a tick nor from `intake` or the ledger's producer: it must have one outcome, but any outcome. */
export function isForeign(record: KafkaRecord): boolean {
  const { headers, isCompressed } = record
  if (isCompressed) return true
  const values = new Map(headers.map(([name, value]) => [name, String(value)]))
  const isTick = values.get('ce_type') === TICK && values.get('ce_source') === '/clock'
  return !values.has('ledger') && !isTick && !isMapped(record)
}

export class Input {
  readonly #acknowledged: Acknowledged
  #records = 0
  #ticks = 0
  #found = 0
  #foreign = 0
  #foreignFound = 0
  readonly #others: Foreign | undefined

  /** @param others undefined if there is no other producer */
  constructor(acknowledged: Acknowledged, others?: Foreign) {
    this.#acknowledged = acknowledged
    this.#others = others
  }

  record(record: KafkaRecord): void {
    this.#records += 1
    if (isForeign(record)) {
      this.#foreign += 1
      if (this.#others?.has(`${record.partition}/${record.offset}`)) this.#foreignFound += 1
      return
    }
    this.#numbered(record)
  }

  /** A record of the other application's topic. */
  inputRecord(record: KafkaRecord): void {
    this.#records += 1
    this.#numbered(record)
  }

  #numbered({ partition, offset, headers }: KafkaRecord): void {
    const number = headers.find(([name]) => name === 'ledger')?.[1]
    if (number === undefined) {
      this.#ticks += 1
      return
    }
    const place = this.#acknowledged.getPlace(Number(number))
    if (place?.partition === partition && place.offset === offset) this.#found += 1
  }

  /** Reports missing and unexpected records after the last one. */
  end(violations: Violations): void {
    const missing = this.#acknowledged.count - this.#found
    const unseen = (this.#others?.size ?? 0) - this.#foreignFound
    if (this.#others === undefined && this.#foreign > 0)
      violations.add('records of another producer', String(this.#foreign), this.#foreign)
    if (unseen > 0)
      violations.add('acknowledged but not in the log', `${unseen} of the other producer`, unseen)
    if (missing > 0) violations.add('acknowledged but not in the log', String(missing), missing)
  }

  get figures() {
    const unacknowledged = this.#records - this.#found - this.#ticks - this.#foreign
    return { records: this.#records, ticks: this.#ticks, foreign: this.#foreign, unacknowledged }
  }
}
