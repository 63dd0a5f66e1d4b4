/** In-memory partition that a single consumer reads. Pipeline, clock and timers are the same as in a deployment. */

import { MemoryStateStore } from '../../../packages/runtime/adapters/memory/state-store.ts'
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { consume } from '../../../packages/runtime/pipeline/consume.ts'
import {
  CONSUMER_DEFAULTS,
  type Consumer,
  type Process,
} from '../../../packages/runtime/pipeline/consumer.ts'
import { stateJson } from '../../../packages/runtime/pipeline/deciding/stored-state.ts'
import { LatestDecisions } from '../../../packages/runtime/pipeline/failures/failure-surge.ts'
import type { Invocation } from '../../../packages/runtime/pipeline/invocation.ts'
import { LogChecks } from '../../../packages/runtime/pipeline/log/log-identity.ts'
import type { Decision } from '../../../packages/runtime/pipeline/model.ts'
import type { Observer } from '../../../packages/runtime/pipeline/ports.ts'
import { QUIET } from '../../../packages/runtime/pipeline/reprocessing/log-again.ts'
import { MemoryCircuitBreaker } from '../../../packages/runtime/testing/circuit-breaker.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { MemoryPublisher } from '../../../packages/runtime/testing/publisher.ts'
import { kafkaEvent } from '../../../packages/runtime/testing/records.ts'
import { APPLICATION } from '../../app/application.ts'
import { type Signal, topicName } from '../../app/topics.ts'
import { RefusedByAlerting } from './refused.ts'

const ENV = 'test'
/** Id of the topics, so that emissions have an origin. */
const TOPIC_ID = 'log'
/** Only the tables read what they emit. */
const EMITTERS = new Map([[topicName('view-rows', ENV), new Set(['views'])]])
/** Maximum number of records in a batch of the pipeline. */
export const MAX_BATCH = CONSUMER_DEFAULTS.limits.records

/** Event to append, with its append time. */
export type Appended = readonly [timeMs: number, event: Event]

/** Results of processing the appended events. */
interface Consumed {
  /** Events that the consumer has published. */
  readonly published: readonly Event[]
  readonly duplicates: number
  /** Errors for events that the consumer has rejected. */
  readonly refused: readonly RefusedByAlerting[]
}

/** In-memory log of one consumer. Only the consumer's state is stored, not the appended events. */
export class ConsumerLog {
  readonly #store = new MemoryStateStore()
  readonly #publisher = new MemoryPublisher()
  readonly #records: LogRecord[] = []
  readonly #decisions: Decision[] = []
  readonly #consumer: Consumer
  readonly #latest = new LatestDecisions()
  readonly #logChecks = new LogChecks()
  readonly #topic: string
  readonly #observer: Observer = {
    ...QUIET,
    decided: (_, decisions) => {
      this.#decisions.push(...decisions)
    },
    waiting: (_, { reason }) => {
      throw new Error(`the function ${this.#consumer.process.name} waits: ${reason}`)
    },
  }
  #length = 0

  constructor(signal: Signal, process: unknown) {
    this.#topic = topicName(signal, ENV)
    this.#consumer = {
      ...CONSUMER_DEFAULTS,
      application: APPLICATION,
      failuresTo: APPLICATION.failuresTopic,
      process: process as Process,
      env: ENV,
      emitters: EMITTERS,
      // In tests, late events are intended, regardless of how late they are.
      futureToleranceMs: Number.MAX_SAFE_INTEGER,
    }
  }

  /** Number of appended records. */
  get length(): number {
    return this.#length
  }

  async append(...events: readonly Appended[]): Promise<Consumed> {
    for (const [timestampMs, event] of events) {
      const place = { topic: this.#topic, partition: 0, offset: this.#length, timestampMs, key: null }
      this.#records.push({ ...place, ...writeEvent(event, 'structured') })
      this.#length += 1
    }
    await consume(this.#consumer, this.#ports, kafkaEvent(this.#records), this.#invocation)
    const decisions = this.#decisions.splice(0)
    this.#records.length = 0
    const duplicates = decisions.filter(({ outcome }) => outcome === 'duplicate').length
    return { published: this.#published(), duplicates, refused: decisions.flatMap(refusalIn) }
  }

  #published(): readonly Event[] {
    return this.#publisher.published.splice(0).flatMap(record => {
      const event = readEvent(record)
      return isFailure(event) ? [] : [event]
    })
  }

  /**
   * Returns the states of entities. Entities without a state are omitted.
   *
   * @param names full names of the entities: source and subject, separated by a space
   */
  async states<State>(names: readonly string[]): Promise<readonly State[]> {
    const stateKey = { consumer: this.#consumer.process.name, topic: this.#topic, partition: 0 }
    const { states } = await this.#store.load(stateKey, {
      entities: names,
      ids: [],
      failures: [],
      idWindowMs: this.#consumer.idWindowMs,
      span: { firstAppendMs: 0, advanceMs: 0 },
      timerLimit: 0,
      byteLimit: Number.MAX_SAFE_INTEGER,
    })
    return names.flatMap(name => {
      const json = stateJson(states.get(name))
      return json === undefined ? [] : [JSON.parse(json) as State]
    })
  }

  get #ports() {
    return {
      store: this.#store,
      publisher: this.#publisher,
      log: new MemoryLogReader(this.#records, Number.POSITIVE_INFINITY, TOPIC_ID),
      breaker: new MemoryCircuitBreaker(),
      observer: this.#observer,
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

function refusalIn({ failure }: Decision): RefusedByAlerting[] {
  if (!failure) return []
  const { code, message } = failure
  return [new RefusedByAlerting([code, message].filter(Boolean).join(': '))]
}
