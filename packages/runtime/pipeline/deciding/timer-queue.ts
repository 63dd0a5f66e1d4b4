/** The timer queue of a partition state while a chunk is applied, in the order in which timers fire. */
import {
  byPlace,
  byThreshold,
  type EntityTimer,
  type StoredTimer,
  type TimerPlace,
} from '../model/partition-state.ts'
import type { Snapshot } from '../model/snapshot.ts'

export class TimerQueue {
  readonly #upTo: TimerPlace | undefined
  /** Timers of each entity, in the order in which they fire. */
  readonly #byEntity: Map<string, readonly StoredTimer[]>
  readonly #changed = new Set<string>()
  /** No timer has a threshold below this value, so no search is needed until the clock has passed it. */
  #noneBelowMs = Number.NEGATIVE_INFINITY

  constructor({ timers, timersUpTo }: Pick<Snapshot, 'timers' | 'timersUpTo'>) {
    this.#byEntity = new Map(timers)
    for (const [entity, own] of timers)
      if (own.length > 1) this.#byEntity.set(entity, own.toSorted(byThreshold))
    this.#upTo = timersUpTo
  }

  /** Returns the first timer that the clock has passed. Returns `not-loaded` if a timer that is not loaded may precede it. */
  findPassed(nowMs: number): EntityTimer | 'not-loaded' | undefined {
    if (this.#noneBelowMs >= nowMs) return undefined
    const first = this.#first()
    const isPassed = first !== undefined && first.timer.thresholdMs < nowMs
    if (this.#upTo && this.#upTo.thresholdMs < nowMs && !(isPassed && byPlace(place(first), this.#upTo) <= 0))
      return 'not-loaded'
    return isPassed ? first : undefined
  }

  /**
   * Returns the entity's first timer that is due before this event time.
   *
   * @param awaitsLog returns true for the name of a timer that fires only by the log's clock, not before an event
   */
  findDueBefore(
    entity: string,
    timeMs: number,
    awaitsLog: (name: string) => boolean,
  ): EntityTimer | undefined {
    const timer = this.get(entity).find(({ dueMs, name }) => dueMs < timeMs && !awaitsLog(name))
    return timer && { entity, timer }
  }

  /** Sets a timer. It replaces the entity's timer of the same name, if there is one. */
  set(entity: string, timer: StoredTimer): void {
    this.#replace(entity, [...this.#others(entity, timer.name), timer].sort(byThreshold))
    this.#noneBelowMs = Math.min(this.#noneBelowMs, timer.thresholdMs)
  }

  cancel(entity: string, name: string): void {
    const others = this.#others(entity, name)
    if (others.length < this.get(entity).length) this.#replace(entity, others)
  }

  setAll(entity: string, timers: readonly StoredTimer[]): void {
    this.cancelAll(entity)
    for (const timer of timers) this.set(entity, timer)
  }

  cancelAll(entity: string): void {
    if (this.get(entity).length > 0) this.#replace(entity, [])
  }

  get(entity: string): readonly StoredTimer[] {
    return this.#byEntity.get(entity) ?? []
  }

  get changes(): ReadonlyMap<string, readonly StoredTimer[]> {
    return new Map([...this.#changed].map(entity => [entity, this.get(entity)]))
  }

  #others(entity: string, name: string): readonly StoredTimer[] {
    return this.get(entity).filter(timer => timer.name !== name)
  }

  #replace(entity: string, timers: readonly StoredTimer[]): void {
    this.#byEntity.set(entity, timers)
    this.#changed.add(entity)
  }

  #first(): EntityTimer | undefined {
    let first: EntityTimer | undefined
    for (const [entity, [timer]] of this.#byEntity) {
      if (timer === undefined) continue
      const candidate = { entity, timer }
      if (first === undefined || byPlace(place(candidate), place(first)) < 0) first = candidate
    }
    this.#noneBelowMs = first?.timer.thresholdMs ?? Number.POSITIVE_INFINITY
    if (this.#upTo) this.#noneBelowMs = Math.min(this.#noneBelowMs, this.#upTo.thresholdMs)
    return first
  }
}

function place({ entity, timer: { thresholdMs } }: EntityTimer): TimerPlace {
  return { thresholdMs, entity }
}
