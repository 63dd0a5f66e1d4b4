/** The reference of the downstream consumer: each emission is received once. */
import type { KafkaRecord } from '../kafka/records.ts'
import type { LedgerEvent } from './event.ts'
import { Intake } from './intake.ts'
import { chained } from './reference.ts'

interface Receipts {
  readonly count: number
  readonly chain: number
  readonly sequence: string
}

/** The reference for one partition of the events. */
export class Receiving {
  readonly states = new Map<string, Receipts>()
  readonly timers = new Map<string, []>()
  readonly #intake = new Intake(type => type.startsWith('ledger.'))

  get tally(): ReadonlyMap<string, number> {
    return this.#intake.tally
  }

  apply(record: KafkaRecord): void {
    this.#intake.advance(record)
    const event = this.#intake.take(record)
    this.#intake.ended(typeof event === 'string' ? event : this.#receive(event))
  }

  #receive(event: LedgerEvent): string {
    this.#intake.applied(event)
    const { entity, data, sequence } = event
    const before = this.states.get(entity)
    const isBehind = before !== undefined && sequence <= before.sequence
    this.states.set(entity, {
      count: (before?.count ?? 0) + 1,
      chain: chained(before?.chain ?? 0, data.chain ?? 0),
      sequence: isBehind ? before.sequence : sequence,
    })
    return isBehind ? 'applied/behind' : 'applied/received'
  }
}
