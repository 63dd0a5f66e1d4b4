import type { Decision, Slot } from '../../pipeline/ports.ts'

interface Reached {
  /** When the latest wave was committed, or the invocation began. */
  committedMs: number
  /** Append time of the last tick that this invocation has decided. */
  tickMs: number | undefined
  /** How far behind the log it was then. */
  lagMs: number | undefined
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
   * Returns since when the partition was at work on these: since the wave before, or since the invocation began.
   *
   * How far behind the partition is, its last tick tells: `clock` appends one a minute, and the broker gives it its time, while
   * in some topics producers do. Where the invocation saw no tick, the last record does.
   */
  decided(slot: Slot, decisions: readonly Decision[], nowMs: number): number {
    const reached = this.#of(slot)
    const sinceMs = reached.committedMs
    reached.committedMs = nowMs
    const records = decisions.filter(({ outcome }) => outcome !== 'timer')
    const tick = records.findLast(({ outcome, reason }) => outcome === 'ignored' && reason === 'tick')
    reached.tickMs = tick?.appendMs ?? reached.tickMs
    const atMs = reached.tickMs ?? records.at(-1)?.appendMs
    if (atMs !== undefined) reached.lagMs = nowMs - atMs
    return sinceMs
  }

  /** A partition whose records stay in Kafka is as far behind as the first of them is old. */
  waits(slot: Slot, appendMs: number, nowMs: number): void {
    this.#of(slot).lagMs = nowMs - appendMs
  }

  /** Of the partition that is farthest behind; undefined where nothing is known of any. */
  get lagMs(): number | undefined {
    const known = [...this.#partitions.values()].flatMap(({ lagMs }) => (lagMs === undefined ? [] : [lagMs]))
    // A producer's clock may be ahead.
    return known.length === 0 ? undefined : Math.max(0, ...known)
  }

  #of({ topic, partition }: Slot): Reached {
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
