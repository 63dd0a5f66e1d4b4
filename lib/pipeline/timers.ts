/** The timers of a slot while a wave changes them, in the order in which they fire. */
import type { Snapshot, StoredTimer, TimerPlace } from './ports.ts'

/** A timer, and whose it is. */
export interface EntityTimer {
  readonly entity: string
  readonly timer: StoredTimer
}

export class Agenda {
  readonly #upTo: TimerPlace | undefined
  /** Each entity's in their order. */
  readonly #byEntity: Map<string, readonly StoredTimer[]>
  readonly #changed = new Set<string>()
  /** No timer has a threshold below this: spares the search while the clock has not come so far. */
  #noneBelowMs = Number.NEGATIVE_INFINITY

  constructor({ timers, timersUpTo }: Pick<Snapshot, 'timers' | 'timersUpTo'>) {
    this.#byEntity = new Map([...timers].map(([entity, own]) => [entity, [...own].sort(byThreshold)]))
    this.#upTo = timersUpTo
  }

  /**
   * The first timer, by threshold, entity and name, that the clock has passed. `not-loaded` where an earlier one, or
   * the only one, is still in the store.
   */
  passed(nowMs: number): EntityTimer | 'not-loaded' | undefined {
    if (this.#noneBelowMs >= nowMs) return undefined
    const first = this.#first()
    const isPassed = first !== undefined && first.timer.thresholdMs < nowMs
    if (this.#upTo && this.#upTo.thresholdMs < nowMs && !(isPassed && byPlace(place(first), this.#upTo) <= 0))
      return 'not-loaded'
    return isPassed ? first : undefined
  }

  /** The entity's first timer, by threshold and name, that is due before this time of an event. */
  dueBefore(entity: string, timeMs: number): EntityTimer | undefined {
    const timer = this.#byEntity.get(entity)?.find(({ dueMs }) => dueMs < timeMs)
    return timer && { entity, timer }
  }

  /** Puts the timer in the place of the entity's other one of its name. */
  set(entity: string, timer: StoredTimer): void {
    this.#replace(entity, [...this.#others(entity, timer.name), timer].sort(byThreshold))
    this.#noneBelowMs = Math.min(this.#noneBelowMs, timer.thresholdMs)
  }

  cancel(entity: string, name: string): void {
    const others = this.#others(entity, name)
    if (others.length < (this.#byEntity.get(entity)?.length ?? 0)) this.#replace(entity, others)
  }

  cancelAll(entity: string): void {
    if (this.#byEntity.get(entity)?.length) this.#replace(entity, [])
  }

  /** All timers of each entity of which any has changed. */
  get changes(): ReadonlyMap<string, readonly StoredTimer[]> {
    return new Map([...this.#changed].map(entity => [entity, this.#byEntity.get(entity) ?? []]))
  }

  #others(entity: string, name: string): readonly StoredTimer[] {
    return (this.#byEntity.get(entity) ?? []).filter(timer => timer.name !== name)
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

/** The order of a store: equal thresholds by the bytes of the entity's name. */
export function byPlace(a: TimerPlace, b: TimerPlace): number {
  return a.thresholdMs - b.thresholdMs || byBytes(a.entity, b.entity)
}

function byThreshold(a: StoredTimer, b: StoredTimer): number {
  return a.thresholdMs - b.thresholdMs || byBytes(a.name, b.name)
}

/** Not `<`, which compares UTF-16: beyond the basic plane that is another order than the store's. */
function byBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
