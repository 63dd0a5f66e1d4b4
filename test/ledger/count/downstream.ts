/** References for the downstream consumers: each emission is received once, each failure becomes one dead letter. */
import type { KafkaRecord } from '../kafka/records.ts'
import { createId, type LedgerEvent } from './event.ts'
import { Intake } from './intake.ts'
import { chained } from './reference.ts'
import { getRetryTopic } from './retries.ts'
import type { Violations } from './violations.ts'

interface Receipts {
  readonly count: number
  readonly chain: number
  readonly sequence: string
}

/** The reference of the process `receiving` for one partition of the events. */
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

/** The reference of the router for one partition of the failures. */
export class Routing {
  readonly states = new Map<string, object>()
  readonly timers = new Map<string, []>()
  readonly #intake = new Intake(type => type === 'io.sluice.failure.v1', '')
  readonly #routes: Routes

  constructor(routes: Routes) {
    this.#routes = routes
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
    const { source, id, data } = event
    const emission = (name: string) => createId('emission', 'dlq-router', source, id, name)
    const isTask = data.consumer === 'failing' && data.errorType === 'rejected'
    const retry = isTask ? getRetryTopic(data) : undefined
    if (retry !== undefined) {
      this.#routes.get(retry)?.want(emission('retry'), data)
      return `applied/${retry}`
    }
    this.#routes.get('dlq')?.want(emission('dead-letter'), data)
    return isTask ? 'applied/retries-exhausted' : 'applied/not-retried'
  }
}

/** Failures that the router sends to each signal. */
export type Routes = ReadonlyMap<string, RoutedFailures>

/** Checks the contents of a topic that the router writes: one record for each failure, with the bytes of its record. */
export class RoutedFailures {
  readonly #wanted = new Map<string, string>()
  readonly #seen = new Set<string>()
  readonly #signal: string
  readonly #violations: Violations

  constructor(signal: string, violations: Violations) {
    this.#signal = signal
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
    const { class: _, routedBecause: __, quarantined: ___, ...failure } = JSON.parse(String(value))
    const wanted = this.#wanted.get(id)
    this.#wanted.delete(id)
    if (wanted === undefined) this.#violations.add(`in ${this.#signal} without a failure`, id)
    else if (wanted !== JSON.stringify(failure))
      this.#violations.add(`in ${this.#signal} with wrong content`, id)
  }

  end(): void {
    for (const [id, failure] of this.#wanted)
      this.#violations.add(`failures that are not in ${this.#signal}`, `${id} ${failure.slice(0, 200)}`)
  }
}
