/** What must come of the consumers behind: each emission taken once, each failure made one dead letter. */
import type { KafkaRecord } from '../kafka/records.ts'
import { idOf, type LedgerEvent } from './event.ts'
import { Intake } from './intake.ts'
import { chained } from './reference.ts'
import type { Violations } from './violations.ts'

interface Receipts {
  readonly count: number
  readonly chain: number
  readonly sequence: string
}

/** One partition of the events, through the process `receiving`. */
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

/** One partition of the failures, through the router. */
export class Routing {
  readonly states = new Map<string, object>()
  readonly timers = new Map<string, []>()
  readonly #intake = new Intake(type => type === 'io.sluice.failure.v1')
  readonly #letters: DeadLetters

  constructor(letters: DeadLetters) {
    this.#letters = letters
  }

  get tally(): ReadonlyMap<string, number> {
    return this.#intake.tally
  }

  apply(record: KafkaRecord): void {
    this.#intake.advance(record)
    const event = this.#intake.take(record)
    this.#intake.ended(typeof event === 'string' ? event : this.#route(event))
  }

  #route(event: LedgerEvent): string {
    this.#intake.applied(event)
    this.#letters.want(idOf('emission', 'dlq-router', event.source, event.id, 'dead-letter'), event.data)
    return 'applied/dead-letter'
  }
}

/** The dead letters: as many as failures, each with the bytes of its record. */
export class DeadLetters {
  readonly #wanted = new Map<string, string>()
  readonly #seen = new Set<string>()
  readonly #violations: Violations

  constructor(violations: Violations) {
    this.#violations = violations
  }

  get count(): number {
    return this.#seen.size
  }

  want(id: string, failure: object): void {
    this.#wanted.set(id, JSON.stringify(failure))
  }

  published({ headers, value }: KafkaRecord): void {
    const id = String(headers.find(([name]) => name === 'ce_id')?.[1])
    if (this.#seen.has(id)) return
    this.#seen.add(id)
    const { class: _, routedBecause: __, ...failure } = JSON.parse(String(value))
    const wanted = this.#wanted.get(id)
    this.#wanted.delete(id)
    if (wanted === undefined) this.#violations.add('dead letters of no failure', id)
    else if (wanted !== JSON.stringify(failure)) this.#violations.add('dead letters with other contents', id)
  }

  end(): void {
    for (const [id, failure] of this.#wanted)
      this.#violations.add('failures without a dead letter', `${id} ${failure.slice(0, 200)}`)
  }
}
