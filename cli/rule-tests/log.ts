/**
 * A log in memory that the alerting function reads as it reads the real one: through the same pipeline, with the same clock and
 * timers. A minute never passes without a tick, as in a deployment. Tests of rules append to it one by one, at offsets from its
 * start; a recording is replayed as a whole.
 */
import { setImmediate } from 'node:timers/promises'
import { rulesActivated } from '../../lib/alerting/activation.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert } from '../../lib/alerting/alert.ts'
import type { AlertingState } from '../../lib/alerting/entity-state.ts'
import { alerting } from '../../lib/alerting/process.ts'
import type { Rule } from '../../lib/alerting/rule.ts'
import { ruleSetOf } from '../../lib/alerting/rule-set.ts'
import { APPLICATION } from '../../lib/app/application.ts'
import { topicName } from '../../lib/app/topics.ts'
import { isFailure } from '../../lib/runtime/cloudevents/event.ts'
import { readEvent } from '../../lib/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../lib/runtime/cloudevents/record.ts'
import { writeEvent } from '../../lib/runtime/cloudevents/writer.ts'
import type { Event } from '../../lib/runtime/consumer/event.ts'
import { consume } from '../../lib/runtime/pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer, type Process } from '../../lib/runtime/pipeline/consumer.ts'
import { partsOfState } from '../../lib/runtime/pipeline/deciding/stored-state.ts'
import { LatestDecisions } from '../../lib/runtime/pipeline/failures/failure-surge.ts'
import type { Invocation } from '../../lib/runtime/pipeline/invocation.ts'
import { LogChecks } from '../../lib/runtime/pipeline/log/log-identity.ts'
import type { Decision } from '../../lib/runtime/pipeline/model.ts'
import { MemoryCircuitBreaker } from '../../lib/runtime/testing/circuit-breaker.ts'
import { MemoryLogReader } from '../../lib/runtime/testing/log-reader.ts'
import { MemoryPublisher } from '../../lib/runtime/testing/publisher.ts'
import { kafkaEvent } from '../../lib/runtime/testing/records.ts'
import { MemoryStateStore } from '../../lib/runtime/testing/state-store.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import { reading } from '../../lib/telemetry/reading.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import { type Arrival, inBatches, TICK_MS } from './arrivals.ts'
import { decisionsOnly } from './observer.ts'
import { RefusedByAlerting } from './refused.ts'
import type { Notification, Observation } from './test-file.ts'

type Reading = Omit<Extract<Observation, { readonly kind: 'reading' }>, 'atMs' | 'kind'>

const ENV = 'test'
const TOPIC = topicName('readings', ENV)
const TESTS_START_MS = Date.UTC(2026, 0, 1)
/** Durations are whole seconds, so this much more of the clock makes nothing due that is not. */
const MOST_EXTRA_MS = 900

export class RuleLog {
  readonly #startMs: number
  readonly #store = new MemoryStateStore()
  readonly #publisher = new MemoryPublisher()
  readonly #records: LogRecord[] = []
  readonly #decisions: Decision[] = []
  readonly #consumer: Consumer
  readonly #latest = new LatestDecisions()
  readonly #logChecks = new LogChecks()
  readonly #entities = new Set<string>()
  readonly #readings = new Map<string, Event>()
  #offset = 0
  #nowMs: number
  #ticks = 0

  /** @param startMs when the log begins, in milliseconds since the epoch */
  constructor(startMs = TESTS_START_MS) {
    this.#startMs = startMs
    this.#nowMs = startMs
    this.#consumer = {
      ...CONSUMER_DEFAULTS,
      application: APPLICATION,
      failuresTo: APPLICATION.failuresTopic,
      process: alerting([]) as unknown as Process,
      env: ENV,
      // What is late in a test is meant to be, however late.
      futureToleranceMs: Number.MAX_SAFE_INTEGER,
    }
  }

  /** From here on these rules are in force. @throws RefusedByAlerting */
  async activate(atMs: number, rules: readonly Rule[]): Promise<void> {
    await this.#passTo(atMs)
    await this.#append(rulesActivated(ruleSetOf(rules), 0, instant(this.#nowMs)))
  }

  /**
   * A reading arrives, at its time or, if that has passed, now. One with an id that has come before is the same event once more.
   *
   * @throws RefusedByAlerting
   */
  async read(atMs: number, { family, data, id }: Reading): Promise<void> {
    await this.#passTo(atMs)
    const named = id === undefined ? `reading ${this.#offset}` : `id ${id}`
    const event =
      this.#readings.get(named) ?? reading(FAMILIES[family], named, instant(this.#startMs + atMs), data)
    this.#readings.set(named, event)
    this.#entities.add(`${event.source} ${event.subject}`)
    await this.#append(event)
  }

  /**
   * The events arrive one after another, and nothing of them stays in the log, however many there are.
   *
   * @param stop ends it, with an AbortError
   * @returns how many were duplicates
   * @throws RefusedByAlerting
   */
  async replay(arrivals: Iterable<Arrival>, stop: AbortSignal): Promise<number> {
    let duplicates = 0
    for (const batch of inBatches(arrivals, this.#nowMs, CONSUMER_DEFAULTS.limits.records)) {
      // Nothing else waits for anything, so no signal would be noticed.
      await setImmediate(undefined, { signal: stop })
      await this.#deliver(
        batch.map(({ arrivedMs, event }) => {
          this.#nowMs = arrivedMs
          return this.#next(event)
        }),
      )
      duplicates += this.#decisions.filter(({ outcome }) => outcome === 'duplicate').length
      this.#decisions.length = 0
      this.#records.length = 0
    }
    return duplicates
  }

  /** Nothing has arrived until then: whatever is due by this time happens. */
  async tick(atMs: number): Promise<void> {
    await this.#passTo(atMs)
    // A timer fires once the clock is past it. Each tick goes a little further than the one before, so that it is past whatever
    // a reading has set after that one.
    this.#ticks = Math.min(this.#ticks + 1, MOST_EXTRA_MS)
    this.#nowMs = Math.max(this.#nowMs, this.#startMs + atMs + this.#ticks)
    await this.#append(tick(0, instant(this.#nowMs)))
  }

  /** The states of the entities with this id: those that differ only in their source are told apart by nothing else. */
  async states(entity: string): Promise<readonly AlertingState[]> {
    // A source has no space.
    const names = [...this.#entities].filter(name => name.slice(name.indexOf(' ') + 1) === entity)
    const { states } = await this.#store.load(this.#stateKey, {
      entities: names,
      ids: [],
      failures: [],
      idWindowMs: this.#consumer.idWindowMs,
      span: { firstAppendMs: 0, advanceMs: 0 },
      timerLimit: 0,
      byteLimit: Number.MAX_SAFE_INTEGER,
    })
    return names.flatMap(name => {
      const stored = states.get(name)
      return stored === undefined ? [] : [JSON.parse(partsOfState(stored).json) as AlertingState]
    })
  }

  /** All alerts so far that fired or resolved, in order. */
  get notifications(): readonly Notification[] {
    return this.#publisher.published.flatMap(record => {
      const event = readEvent(record)
      if (isFailure(event) || ![ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE].includes(event.type)) return []
      const alert = event.data as Alert
      const at = alert.status === 'firing' ? alert.startedAt : alert.endedAt
      return [{ atMs: Date.parse(at) - this.#startMs, alert }]
    })
  }

  get #stateKey() {
    return { consumer: this.#consumer.process.name, topic: TOPIC, partition: 0 }
  }

  async #passTo(atMs: number): Promise<void> {
    const endMs = this.#startMs + atMs
    while (this.#nowMs < endMs) {
      const batch: LogRecord[] = []
      while (this.#nowMs < endMs && batch.length < CONSUMER_DEFAULTS.limits.records) {
        this.#nowMs = Math.min(endMs, this.#nowMs + TICK_MS)
        batch.push(this.#next(tick(0, instant(this.#nowMs))))
      }
      await this.#deliver(batch)
    }
  }

  #append(event: Event): Promise<void> {
    return this.#deliver([this.#next(event)])
  }

  #next(event: Event): LogRecord {
    const place = { topic: TOPIC, partition: 0, offset: this.#offset }
    this.#offset += 1
    const record = { ...place, timestampMs: this.#nowMs, key: null, ...writeEvent(event, 'structured') }
    this.#records.push(record)
    return record
  }

  async #deliver(batch: readonly LogRecord[]): Promise<void> {
    const before = this.#decisions.length
    await consume(this.#consumer, this.#ports, kafkaEvent(batch), this.#invocation)
    const failed = this.#decisions.slice(before).find(({ failure }) => failure)
    if (failed?.failure) {
      const { code, message } = failed.failure
      throw new RefusedByAlerting([code, message].filter(Boolean).join(': '), failed.event)
    }
  }

  get #ports() {
    return {
      store: this.#store,
      publisher: this.#publisher,
      log: new MemoryLogReader(this.#records),
      breaker: new MemoryCircuitBreaker(),
      observer: decisionsOnly(this.#decisions),
    }
  }

  get #invocation(): Invocation {
    return {
      remainingMs: () => 60_000,
      partialResponses: true,
      nowMs: () => 0,
      pause: async () => {},
      codeVersion: () => '1',
      latest: this.#latest,
      logChecks: this.#logChecks,
    }
  }
}

function instant(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
