/**
 * A sink under test, without Kafka and Redis: given what was delivered before, when events come, then what becomes of each.
 * What runs is the pipeline itself, on a store in memory; its waits between attempts take no time.
 */
import type { Event } from '../../lib/domain/event.ts'
import type { Sink } from '../../lib/domain/sink.ts'
import type { Process } from '../../lib/pipeline/consumer.ts'
import { logRecord } from './records.ts'
import { Stage } from './stage.ts'

export class SinkKit {
  readonly #stage: Stage
  #waiting: Event[] = []
  #offset = 0
  #nowMs = 0

  constructor(sink: Sink<never>) {
    this.#stage = new Stage(sink as Process)
  }

  /** Events that come as they happen, in one batch, behind those that wait. Returns what became of each, as `whenLate`. */
  when(...events: readonly Event[]): Promise<readonly string[]> {
    return this.whenLate(0, ...events)
  }

  /**
   * Events that come so long after the latest of them happened. Returns `outcome/reason` of each: `applied/` with the word
   * of the sink, `failed/rejected`, `failed/not-accepted`; and at last, where the others wait in Kafka, `waits/` and why.
   *
   * @throws where an event does not reach the sink, as one that its schema refuses; and where the sink throws
   */
  async whenLate(ms: number, ...events: readonly Event[]): Promise<readonly string[]> {
    const { decisions, waits } = this.#stage.observer
    const [decided, waited] = [decisions.length, waits.length]
    const times = events.map(({ time }) => Date.parse(time ?? '')).filter(time => !Number.isNaN(time))
    this.#nowMs = Math.max(this.#nowMs, ...times.map(time => time + ms))
    const batch = [...this.#waiting, ...events]
    const records = batch.map((event, index) =>
      logRecord(this.#offset + index, event, { timestampMs: this.#nowMs }),
    )
    await this.#stage.batch(records, { nowMs: () => this.#nowMs })
    const done = decisions.slice(decided)
    this.#offset += done.length
    this.#waiting = batch.slice(done.length)
    for (const { fault, event } of done)
      if (fault && fault.code !== 'rejected' && fault.code !== 'not-accepted' && fault.code !== 'id-conflict')
        throw new Error(`${event?.id}: ${fault.code}: ${fault.message} ${fault.place ?? ''}`.trim())
    return [
      ...done.map(({ outcome, reason }) => `${outcome}/${reason}`),
      ...waits.slice(waited).map(({ reason }) => `waits/${reason}`),
    ]
  }

  /** What the dead letters say, in order: why the sink did not take an event. */
  get refusals(): readonly string[] {
    return this.#stage.observer.decisions.flatMap(({ fault }) => fault?.message ?? [])
  }
}
