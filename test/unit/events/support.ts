/** Runs recordings through consumers on a stage without servers. */
import { type OutgoingRecord, toBuffer } from '#runtime/cloudevents'
import type { KafkaEvent } from '#runtime/pipeline'
import type { KafkaEventRecord, KeyedProcess } from '#runtime/test/support/inside'
import { TOPIC } from '#runtime/test/support/records'
import { Stage } from '../../support/stage.ts'

export type Counts = Record<string, number>

const PARTITIONS = 12

/** One consumer on an empty store, and what has come of all that it was given. */
export class Bench {
  readonly #stage: Stage

  constructor(process: KeyedProcess<never> | KeyedProcess<unknown, unknown, unknown>) {
    this.#stage = new Stage(process)
  }

  consume(batch: KafkaEvent) {
    return this.#stage.consume(batch)
  }

  /** How many records ended how, by `outcome/reason`. */
  outcomes(): Counts {
    return counted(this.#stage.outcomes)
  }

  /** How many records ended so, whatever the reason. */
  ended(outcome: 'applied' | 'duplicate' | 'ignored' | 'failed'): number {
    return this.#stage.outcomes.filter(name => name.startsWith(`${outcome}/`)).length
  }

  get decided(): number {
    return this.#stage.observer.decisions.length
  }

  get redelivered(): number {
    return this.#stage.observer.list('redelivered').reduce((sum, { records }) => sum + records, 0)
  }

  get published(): number {
    return this.#stage.publisher.publishedRecords.length
  }

  /** How many entities the decided events were about; a record without one is about none. */
  entities(): number {
    const { decisions } = this.#stage.observer
    const events = decisions.flatMap(({ event }) => event ?? [])
    return new Set(events.map(({ source, subject }) => `${source} ${subject}`)).size
  }

  /** How many alerts of each rule fired and resolved. */
  alerts(): { fired: Counts; resolved: Counts } {
    const listRules = (type: string) => counted(this.#emitted(type, 'rule'))
    return {
      fired: listRules('io.sluice.alert.fired.v1'),
      resolved: listRules('io.sluice.alert.resolved.v1'),
    }
  }

  /** How many failures of each code were published. */
  failures(): Counts {
    return counted(this.#emitted('io.sluice.failure.v1', 'errorType'))
  }

  #emitted(type: string, field: string): string[] {
    const own = this.#stage.events.filter(event => event.type === type)
    return own.map(({ data }) => String((data as Record<string, unknown>)[field]))
  }
}

/** A topic that takes records as a broker does: it gives each its partition, offset and time of append. */
export class MemoryTopic {
  readonly #next = new Map<number, number>()
  #appendedAtMs: number

  /** @param startMs append time of the first record, milliseconds since the epoch */
  constructor(startMs: number) {
    this.#appendedAtMs = startMs
  }

  /** The batch that Lambda would make of the records. */
  append(records: readonly OutgoingRecord[]): KafkaEvent {
    const batch: Record<string, KafkaEventRecord[]> = {}
    for (const { key, value, headers } of records) {
      const partition = [...(key ?? [])].reduce((sum, byte) => sum + byte, 0) % PARTITIONS
      const offset = this.#next.get(partition) ?? 0
      this.#next.set(partition, offset + 1)
      batch[`${TOPIC}-${partition}`] ??= []
      batch[`${TOPIC}-${partition}`]?.push({
        topic: TOPIC,
        partition,
        offset,
        timestamp: this.#appendedAtMs++,
        key: key?.toString('base64') ?? null,
        value: value?.toString('base64') ?? null,
        headers: headers.map(([name, bytes]) => ({ [name]: [...toBuffer(bytes)] })),
      })
    }
    return { records: batch }
  }
}

function counted(names: readonly string[]): Counts {
  const counts: Counts = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
