import type { Application } from '../consumer/application.ts'
import type { AuthoredSink } from '../consumer/authored-application.ts'
import type { Event } from '../consumer/event.ts'
import type { Sink } from '../consumer/sink.ts'
import { assertFits } from '../pipeline/check-definition.ts'
import type { Process } from '../pipeline/consumer.ts'
import { Stage } from './consumer-kit.ts'
import { FIRST_APPEND_MS, logRecord } from './records.ts'

/**
 * Test kit for a sink that needs no servers: deliver events and check the outcome of each. It runs the real
 * pipeline with an in-memory store. Delays between attempts take no time.
 */
export class SinkKit {
  readonly #stage: Stage
  #waiting: Event[] = []
  #offset = 0
  #nowMs = 0

  /** Creates a kit for a sink that was created by `application().sink()`. */
  constructor(sink: AuthoredSink<Sink<never>>)
  /** Creates a kit for any sink. */
  constructor(application: Application, sink: Sink<never>)
  constructor(...[first, second]: [AuthoredSink<Sink<never>>] | [Application, Sink<never>]) {
    const [application, sink] = 'application' in first ? [first.application, first] : [first, second]
    assertFits(application, sink as Process)
    this.#stage = new Stage(application, sink as Process)
  }

  /** Delivers events without a delay, in one batch, after events that are still waiting. Returns their outcomes like `whenLate`. */
  when(...events: readonly Event[]): Promise<readonly string[]> {
    return this.whenLate(0, ...events)
  }

  /**
   * Delivers events with a delay, in milliseconds, after the time of the latest event. Returns `outcome/reason` of each event:
   * `applied/` and the reason of the sink, `failed/rejected`, or `failed/not-accepted`. If the remaining events wait in Kafka, the
   * last entry is `waits/` and the reason.
   *
   * @throws Error if an event does not reach the sink, for example because it violates its schema; or if the sink throws
   */
  async whenLate(ms: number, ...events: readonly Event[]): Promise<readonly string[]> {
    const { decisions, waits } = this.#stage.observer
    const [decisionsBefore, waited] = [decisions.length, waits.length]
    const times = events.map(({ time }) => Date.parse(time ?? '')).filter(time => !Number.isNaN(time))
    this.#nowMs = Math.max(this.#nowMs, ...times.map(time => time + ms)) || FIRST_APPEND_MS
    const batch = [...this.#waiting, ...events]
    const records = batch.map((event, index) =>
      logRecord(this.#offset + index, event, { topic: this.#stage.topic, timestampMs: this.#nowMs }),
    )
    await this.#stage.batch(records, { nowMs: () => this.#nowMs })
    const newDecisions = decisions.slice(decisionsBefore)
    this.#offset += newDecisions.length
    this.#waiting = batch.slice(newDecisions.length)
    for (const { failure, event } of newDecisions)
      if (
        failure &&
        failure.code !== 'rejected' &&
        failure.code !== 'not-accepted' &&
        failure.code !== 'id-conflict'
      )
        throw new Error(`${event?.id}: ${failure.code}: ${failure.message} ${failure.place ?? ''}`.trim())
    return [
      ...newDecisions.map(({ outcome, reason }) => `${outcome}/${reason}`),
      ...waits.slice(waited).map(({ reason }) => `waits/${reason}`),
    ]
  }

  /** Messages of the dead letters in order: the reasons why the sink rejected events. */
  get refusals(): readonly string[] {
    return this.#stage.observer.decisions.flatMap(({ failure }) => failure?.message ?? [])
  }

  /** Receivers that have not accepted the event, for each failure of which the sink has named them. */
  get receiversLeft(): readonly (readonly string[])[] {
    return this.#stage.observer.decisions.flatMap(({ failure }) =>
      failure?.receivers ? [failure.receivers] : [],
    )
  }
}
