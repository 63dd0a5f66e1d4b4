import type { Decision, RecordOutcome, StateKey } from '../../pipeline/model.ts'

interface Reached {
  /** When the latest chunk was committed, or the invocation began. */
  committedMs: number
  /** Append time of the last tick that this invocation decided. */
  tickMs: number | undefined
  /** How far behind the log it was then. */
  lagMs: number | undefined
}

/** Whether a decision is the first about its record: not about a timer, nor about a record that was parked before. */
export function isOfRecord(outcome: Decision['outcome']): outcome is RecordOutcome {
  return outcome !== 'timer' && !outcome.startsWith('parked-')
}

/** How far one invocation has come with each of its partitions, and when. */
export class Progress {
  readonly #beganMs: number
  readonly #partitions = new Map<string, Reached>()

  constructor(beganMs: number) {
    this.#beganMs = beganMs
  }

  elapsedMs(nowMs: number): number {
    return nowMs - this.#beganMs
  }

  /**
   * Returns since when the partition was at work on these: since the chunk before, or since the invocation began.
   *
   * The lag comes from the last tick: `clock` appends one a minute, and the broker sets its time. In some topics, producers set
   * the times of other records. If the invocation saw no tick, the lag comes from the last record.
   */
  decided(stateKey: StateKey, decisions: readonly Decision[], nowMs: number): number {
    const reached = this.#of(stateKey)
    const sinceMs = reached.committedMs
    reached.committedMs = nowMs
    const records = decisions.filter(({ outcome }) => isOfRecord(outcome))
    const tick = records.findLast(({ outcome, reason }) => outcome === 'ignored' && reason === 'tick')
    reached.tickMs = tick?.appendMs ?? reached.tickMs
    const atMs = reached.tickMs ?? records.at(-1)?.appendMs
    if (atMs !== undefined) reached.lagMs = nowMs - atMs
    return sinceMs
  }

  /** If records stay in Kafka, the lag of the partition is the age of the first of them. */
  waits(stateKey: StateKey, appendMs: number, nowMs: number): void {
    this.#of(stateKey).lagMs = nowMs - appendMs
  }

  /** Returns the largest lag of any partition; undefined if all are unknown. */
  get lagMs(): number | undefined {
    const known = [...this.#partitions.values()].flatMap(({ lagMs }) => (lagMs === undefined ? [] : [lagMs]))
    // A producer's clock may be ahead.
    return known.length === 0 ? undefined : Math.max(0, ...known)
  }

  #of({ topic, partition }: StateKey): Reached {
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

/** One value for each partition with an event of an invocation, by topic: one line reports all of them. */
export class PerTopic {
  readonly #topics = new Map<string, TopicValues>()

  /** Keeps the highest value of a partition. */
  note({ consumer, topic, partition }: StateKey, value: number): void {
    const noted = this.#topics.get(topic) ?? { consumer, topic, values: new Map<number, number>() }
    noted.values.set(partition, Math.max(value, noted.values.get(partition) ?? value))
    this.#topics.set(topic, noted)
  }

  /** All that was noted; forgets it. */
  take(): readonly TopicValues[] {
    const noted = [...this.#topics.values()]
    this.#topics.clear()
    return noted
  }
}
