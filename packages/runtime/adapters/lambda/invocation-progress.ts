import type { Decision, RecordOutcome } from '../../pipeline/model/decision.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'

interface Reached {
  /** Append time of the last tick that this invocation has processed. */
  tickMs: number | undefined
  /** Last known lag of the partition, in milliseconds. */
  lagMs: number | undefined
}

/** Returns true for the outcome of the first decision about a record; false for decisions about timers and about parked records. */
export function isOfRecord(outcome: Decision['outcome']): outcome is RecordOutcome {
  return outcome !== 'timer' && !outcome.startsWith('parked-')
}

/** Progress of one invocation in each of its partitions. */
export class InvocationProgress {
  readonly #beganMs: number
  readonly #partitions = new Map<string, Reached>()

  constructor(beganMs: number) {
    this.#beganMs = beganMs
  }

  elapsedMs(nowMs: number): number {
    return nowMs - this.#beganMs
  }

  /**
   * Records decisions.
   *
   * The lag is computed from the last tick, because the function `clock` appends one tick per minute and the broker sets the tick's
   * time. In some topics, producers set the times of other records. If the invocation saw no tick, the lag is computed from the
   * last record.
   */
  noteDecisions(stateKey: StateKey, decisions: readonly Decision[], nowMs: number): void {
    const reached = this.#getPartition(stateKey)
    const records = decisions.filter(({ outcome }) => isOfRecord(outcome))
    const tick = records.findLast(({ outcome, reason }) => outcome === 'ignored' && reason === 'tick')
    reached.tickMs = tick?.appendMs ?? reached.tickMs
    const atMs = reached.tickMs ?? records.at(-1)?.appendMs
    if (atMs !== undefined) reached.lagMs = nowMs - atMs
  }

  /** Notes that records stay in Kafka. The lag of the partition is then the age of the first of these records. */
  noteWaiting(stateKey: StateKey, appendMs: number, nowMs: number): void {
    this.#getPartition(stateKey).lagMs = nowMs - appendMs
  }

  /** Returns the largest lag of any partition; undefined if no lag is known. */
  get lagMs(): number | undefined {
    const lags = [...this.#partitions.values()].flatMap(({ lagMs }) => (lagMs === undefined ? [] : [lagMs]))
    // Avoid negative values, because a producer's clock may be ahead.
    return lags.length === 0 ? undefined : Math.max(0, ...lags)
  }

  #getPartition({ topic, partition }: StateKey): Reached {
    const name = `${topic}/${partition}`
    const reached = this.#partitions.get(name) ?? {
      committedMs: this.#beganMs,
      tickMs: undefined,
      lagMs: undefined,
    }
    this.#partitions.set(name, reached)
    return reached
  }
}

interface TopicValues {
  readonly consumer: string
  readonly topic: string
  /** Values by partition. */
  readonly values: Map<number, number>
}

/** Values that partitions report during an invocation, grouped by topic so that one log line covers all partitions of a topic. */
export class PerTopic {
  readonly #topics = new Map<string, TopicValues>()

  /** Stores a value for a partition, if it is the highest so far. */
  note({ consumer, topic, partition }: StateKey, value: number): void {
    const noted = this.#topics.get(topic) ?? { consumer, topic, values: new Map<number, number>() }
    noted.values.set(partition, Math.max(value, noted.values.get(partition) ?? value))
    this.#topics.set(topic, noted)
  }

  /** Returns all stored values and clears them. */
  take(): readonly TopicValues[] {
    const noted = [...this.#topics.values()]
    this.#topics.clear()
    return noted
  }
}
