/** Number of records per minute by topic. */
import { type Signal, topicsOf } from '../../../lib/app/topics.ts'
import { instantsUntil, type KnownOffsets, recordsIfThere } from '../../../lib/queries/volumes.ts'
import { TopicOffsets } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import { once } from '../../../packages/runtime/lambda/once.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { PATIENCE_OF_A_PAGE } from '../../kafka-answers.ts'

/** Topics that are counted. */
const COUNTED_SIGNALS = [
  'readings',
  'analytics',
  'events',
  'alerts',
  'failures',
  'dlq',
] as const satisfies readonly Signal[]
export type CountedSignal = (typeof COUNTED_SIGNALS)[number]

export interface VolumesOfTopics {
  /** Start of each step, in epoch milliseconds. `stepMs` is the length of a step. */
  readonly steps: readonly number[]
  readonly stepMs: number
  readonly topics: readonly Volume[]
}

export interface Volume {
  readonly signal: CountedSignal
  readonly topic: string
  /** Records per minute in each step; null if unknown, or if the topic does not exist. */
  readonly perMinute: readonly (number | null)[]
  /** Number of records in all known steps. */
  readonly records: number
}

const MINUTE_MS = 60_000
/** Time limit for one response. Later responses add the remaining steps. */
const WITHIN_MS = 500
/** Length and number of steps for each selectable number of hours. The number of steps is limited by the width of a chart. */
const STEPS: Readonly<Record<number, { stepMs: number; count: number }>> = {
  1: { stepMs: MINUTE_MS, count: 60 },
  6: { stepMs: 5 * MINUTE_MS, count: 72 },
  24: { stepMs: 20 * MINUTE_MS, count: 72 },
}

export class Volumes {
  readonly #environment: ConsoleEnvironment
  /** Separate connection, because the many requests for volumes would delay other pages. */
  readonly #offsets: () => Promise<TopicOffsets>
  readonly #known = new Map<string, KnownOffsets>()

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
    this.#offsets = once(async () =>
      environment.connections.kept(new TopicOffsets(await environment.kafka(), PATIENCE_OF_A_PAGE)),
    )
  }

  /** Returns the volumes of the last hours. @throws RefusedByKafka or Unavailable */
  async of(hours: number): Promise<VolumesOfTopics> {
    const { stepMs, count } = STEPS[hours] ?? { stepMs: MINUTE_MS, count: 60 }
    const nowMs = Date.now()
    const instants = instantsUntil(nowMs, stepMs, count)
    const limits = { nowMs, signal: AbortSignal.timeout(WITHIN_MS) }
    const topics = COUNTED_SIGNALS.map(signal => this.#ofSignal(signal, instants, stepMs, limits))
    return { steps: instants.slice(0, -1), stepMs, topics: await Promise.all(topics) }
  }

  async #ofSignal(
    signal: CountedSignal,
    instants: readonly number[],
    stepMs: number,
    limits: { readonly nowMs: number; readonly signal: AbortSignal },
  ): Promise<Volume> {
    const offsets = await this.#offsets()
    const ofTopics = topicsOf([signal]).map(async part => {
      const name = `${part} ${stepMs}`
      const known = this.#known.get(name) ?? new Map()
      this.#known.set(name, known)
      return recordsIfThere(offsets, this.#environment.topic(part), instants, known, limits)
    })
    const [first = [], ...others] = await Promise.all(ofTopics)
    const counts = first.map((records, step) =>
      others.reduce(
        (sum, other) => (sum === null ? (other[step] ?? null) : sum + (other[step] ?? 0)),
        records,
      ),
    )
    return {
      signal,
      topic: this.#environment.topic(signal),
      perMinute: counts.map(records => (records === null ? null : (records * MINUTE_MS) / stepMs)),
      records: counts.reduce<number>((sum, records) => sum + (records ?? 0), 0),
    }
  }
}
