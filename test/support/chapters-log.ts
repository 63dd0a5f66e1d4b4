/**
 * Log of chapters that fail as planned, and are retried late or never. The in-memory runtime reads and writes the log, and the
 * counter of the ledger checks the results.
 */

import { tick } from '../../lib/telemetry/tick.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { FailureData } from '../../packages/runtime/consumer/failure-event.ts'
import type { KeyedProcess } from '../../packages/runtime/consumer/process.ts'
import { Chapters } from '../ledger/count/chapters.ts'
import { Emissions } from '../ledger/count/emissions.ts'
import { withoutHolds } from '../ledger/count/held.ts'
import { comparePartition } from '../ledger/count/holdings.ts'
import type { StateContents } from '../ledger/count/partition-states.ts'
import { Violations } from '../ledger/count/violations.ts'
import type { KafkaRecord } from '../ledger/kafka/records.ts'
import { parking } from '../ledger/service/chapters.ts'
import { erasing } from './erasures.ts'
import { failureEnded, nextAttempt } from './parking.ts'
import type { Random } from './random.ts'
import { logRecord } from './records.ts'
import { Stage } from './stage.ts'

const CLOSED = { open: async () => Number.NEGATIVE_INFINITY }
const RETRIES = 2

interface Coming {
  readonly make: () => LogRecord
  wait: number
}

export class ChaptersLog {
  readonly stage = new Stage(parking as KeyedProcess<never>)
  readonly #random: Random
  readonly #log: LogRecord[] = []
  readonly #sent: Event[] = []
  #coming: Coming[] = []
  #appendMs = Date.parse('2026-03-01T12:00:00Z')
  #told = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Plays a number of records, and then continues until all of them are completely processed. */
  async play(records: number): Promise<void> {
    while (this.#log.length < records) await this.#batch(() => this.#next())
    do await this.#batch(() => this.#tick())
    while (this.#coming.length > 0 || this.stored().holds.size > 0)
  }

  /** Returns the stored state in the form that the ledger reads from Redis. */
  stored(): StateContents {
    const { store } = this.stage
    const copy = store.copyOf(this.stage.stateKey()) as {
      readonly states: ReadonlyMap<string, string>
      readonly timers: ReadonlyMap<string, readonly object[]>
      readonly tally: ReadonlyMap<string, number>
    }
    return {
      appliedOffset: this.#log.length - 1,
      outbox: 0,
      tally: copy.tally,
      ...withoutHolds(copy.states),
      timers: new Map([...copy.timers].map(([entity, timers]) => [entity, JSON.stringify(timers)])),
    }
  }

  count(stored = this.stored()): Violations {
    const violations = new Violations()
    const emissions = new Emissions(violations)
    const expected = new Chapters(this.stage.topic, failure => emissions.failure(failure))
    for (const record of this.#log) expected.apply(record as KafkaRecord)
    const { consumer, topic, partition } = this.stage.stateKey()
    const end = this.#log.length
    comparePartition({ consumer, topic, partition }, stored, { end, expected }, violations)
    for (const [offset, { key, value, headers }] of this.stage.publisher.published.entries())
      emissions.published({
        partition,
        offset,
        timestampMs: this.#appendMs,
        key,
        value,
        headers: headers as KafkaRecord['headers'],
      })
    emissions.end()
    return violations
  }

  async #batch(next: () => LogRecord): Promise<void> {
    const { consumer } = this.stage
    const limits = {
      records: this.#random.between(1, 12),
      bytes: 4_000_000,
      timers: this.#random.between(1, 4),
    }
    this.stage.consumer = { ...consumer, limits }
    const records = Array.from({ length: this.#random.between(1, 10) }, () => {
      this.#appendMs += this.#random.pick([0, 50, 200, 1_000])
      const record = this.#comingBack() ?? next()
      this.#log.push(record)
      return record
    })
    const { batchItemFailures } = await this.stage.batch(records, { ports: { breaker: CLOSED } })
    if (batchItemFailures.length > 0) throw new Error('a record waits')
    this.#route()
  }

  #route(): void {
    const events = this.stage.eventsAfter(this.#told)
    this.#told += events.length
    for (const { data } of events) {
      const failure = data as FailureData
      const wait = this.#random.between(0, 25)
      if (failure.errorType !== 'unexpected-error') continue
      if (failure.attempt <= RETRIES) {
        const make = () => nextAttempt(failure, this.#log.length, this.#appendMs)
        this.#coming.push({ make, wait })
        // A redriver that is killed repeats the redrive.
        if (this.#random.chance(0.1)) this.#coming.push({ make, wait: wait + 3 })
      } else if (failure.parks) {
        const make = () => this.#at({ ...failureEnded(failure), source: '/consumers/parking' })
        this.#coming.push({ make, wait })
      }
    }
  }

  #comingBack(): LogRecord | undefined {
    for (const one of this.#coming) one.wait -= 1
    const back = this.#coming.find(({ wait }) => wait < 0)
    this.#coming = this.#coming.filter(one => one !== back)
    return back?.make()
  }

  #next(): LogRecord {
    const random = this.#random
    if (random.chance(0.03)) {
      const entity = { source: '/ledger', subject: this.#subject() }
      return this.#at(erasing(entity, { erasureId: `e${this.#log.length}` }))
    }
    if (random.chance(0.1) && this.#sent.length > 0) return this.#at(random.pick(this.#sent.slice(-20)))
    if (random.chance(0.02) && this.#sent.length > 0)
      return this.#at({ ...random.pick(this.#sent.slice(-20)), data: { number: -this.#log.length } })
    const chance = random.next()
    const event: Event = {
      id: `n${this.#log.length}`,
      source: '/ledger',
      subject: this.#subject(),
      type: 'ledger.chapter.v1',
      time: new Date(this.#appendMs).toISOString(),
      datacontenttype: 'application/json',
      data: { number: this.#log.length, fails: chance < 0.8 ? 0 : chance < 0.9 ? 1 : chance < 0.96 ? 2 : 99 },
    }
    this.#sent.push(event)
    return this.#at(event)
  }

  #subject(): string {
    return this.#random.chance(0.7) ? 'story-1' : `story-${this.#random.between(2, 4)}`
  }

  #tick(): LogRecord {
    return this.#at(tick(0, new Date(this.#appendMs).toISOString()))
  }

  #at(event: Event): LogRecord {
    const { topic } = this.stage
    const record = logRecord(this.#log.length, event, { timestampMs: this.#appendMs, topic })
    const isOwn = event.source === '/ledger' || event.type.includes('erased')
    return isOwn ? { ...record, headers: [...record.headers, ['ledger', Buffer.from('1')]] } : record
  }
}
