/** What was acknowledged must lie where the broker said. */
import type { KafkaRecord } from '../kafka/records.ts'
import type { Violations } from './violations.ts'

/** Where the broker said that a numbered record lies. */
export interface Acknowledged {
  placeOf(number: number): { readonly partition: number; readonly offset: number } | undefined
  readonly count: number
}

export class Input {
  readonly #acknowledged: Acknowledged
  #records = 0
  #ticks = 0
  #found = 0

  constructor(acknowledged: Acknowledged) {
    this.#acknowledged = acknowledged
  }

  record({ partition, offset, headers }: KafkaRecord): void {
    this.#records += 1
    const number = headers.find(([name]) => name === 'ledger')?.[1]
    if (number === undefined) {
      this.#ticks += 1
      return
    }
    const place = this.#acknowledged.placeOf(Number(number))
    if (place?.partition === partition && place.offset === offset) this.#found += 1
  }

  /** After the last. */
  end(violations: Violations): void {
    const missing = this.#acknowledged.count - this.#found
    if (missing > 0) violations.add('acknowledged by Kafka, and not in it', String(missing), missing)
  }

  get figures() {
    const unacknowledged = this.#records - this.#ticks - this.#found
    return { records: this.#records, ticks: this.#ticks, unacknowledged }
  }
}
