/** In-memory partition that a single consumer reads. Decisions, clock and timers are the same as in a deployment. */

import { type LogRecord, writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { GIVEN_RECORDS, MemoryStateStore, Replay } from '#runtime/operating/replay'
import { type AnyKeyedProcess, CONSUMER_DEFAULTS, type Consumer, readState } from '#runtime/pipeline'
import { createApplication } from '../../../lib/app/application.ts'
import type { Vocabulary } from '../../../lib/app/naming/names.ts'
import type { Signal } from '../../../lib/app/naming/topic-table.ts'

const ENV = 'test'

/** Event to append, with its append time. */
export type Appended = readonly [timeMs: number, event: Event]

/** Results of processing the appended events. */
interface Consumed {
  /** Events that the consumer has emitted. */
  readonly emitted: readonly Event[]
  /** Reasons for which the consumer has rejected events. */
  readonly refused: readonly string[]
}

/** In-memory log of one consumer. Only the consumer's state is stored, not the appended events. */
export class ConsumerLog {
  readonly #process: AnyKeyedProcess
  readonly #replay: Replay
  readonly #topic: string
  #length = 0

  constructor(vocabulary: Vocabulary, signal: Signal, process: unknown) {
    const application = createApplication(vocabulary)
    this.#topic = application.kafkaTopic(signal, ENV)
    this.#process = process as AnyKeyedProcess
    const consumer: Consumer = {
      ...CONSUMER_DEFAULTS,
      application,
      failuresTo: application.failuresTopic,
      process: this.#process,
      env: ENV,
      // In tests, late events are intended, regardless of how late they are.
      futureToleranceMs: Number.MAX_SAFE_INTEGER,
    }
    const log = { ...GIVEN_RECORDS, identity: async () => ({ cluster: '', topicId: 'log' }) }
    this.#replay = new Replay({ log, consumer }, { topic: this.#topic, partition: 0 }, new MemoryStateStore())
  }

  /** Number of appended records. */
  get length(): number {
    return this.#length
  }

  async append(...events: readonly Appended[]): Promise<Consumed> {
    const records = events.map(([timestampMs, event]): LogRecord => {
      const place = { topic: this.#topic, partition: 0, offset: this.#length++, timestampMs, key: null }
      return { ...place, ...writeEvent(event, 'structured') }
    })
    const decisions = await this.#replay.decide(records)
    return {
      emitted: decisions.flatMap(({ emitted = [] }) => emitted.map(({ event }) => event)),
      refused: decisions.flatMap(({ failure }) =>
        failure ? [[failure.code, failure.message].filter(Boolean).join(': ')] : [],
      ),
    }
  }

  /**
   * Returns the states of entities. Entities without a state are omitted.
   *
   * @param names full names of the entities: source and subject, separated by a space
   */
  async states<State>(names: readonly string[]): Promise<readonly State[]> {
    const { states } = await this.#replay.load({ entities: names, byteLimit: Number.MAX_SAFE_INTEGER })
    return [...states.values()].map(stored => readState(this.#process, stored) as State)
  }
}
