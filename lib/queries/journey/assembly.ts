/** Builds the steps of an event's path from their drafts. Pure. */
import { type DecisionDraft, type EventDraft, placeText } from './draft.ts'
import type { DecisionStep, EventStep, ReadingFunction } from './model.ts'

/** Converts drafts to steps. Each event is included only once. */
export class Assembly {
  readonly #order: ReadonlyMap<string, number>

  constructor(functions: readonly ReadingFunction[]) {
    this.#order = new Map(functions.map(({ name }, index) => [name, index]))
  }

  event(draft: EventDraft): EventStep {
    const { places, decisions, parent, sequence, ...known } = draft
    return {
      ...known,
      places: [...places.values()].sort((a, b) => (placeText(a) < placeText(b) ? -1 : 1)),
      decisions: [...decisions.values()].sort((a, b) => this.#compared(a, b)).map(one => this.decision(one)),
    }
  }

  decision({ of, emitted, timers, ...known }: DecisionDraft): DecisionStep {
    return {
      ...known,
      emitted: [...emitted].sort(byTime).map(one => this.event(one)),
      timers: [...timers].sort((a, b) => (a.toMs ?? 0) - (b.toMs ?? 0)).map(one => this.decision(one)),
    }
  }

  #compared(a: DecisionDraft, b: DecisionDraft): number {
    const offsets = (a.place?.offset ?? 0) - (b.place?.offset ?? 0)
    return offsets || (this.#order.get(a.consumer) ?? 0) - (this.#order.get(b.consumer) ?? 0)
  }
}

/**
 * Returns the time at which an event was written to the log. If it is unknown, returns the time of emission; undefined if both are
 * unknown.
 */
export function timeOf({ places, emittedAtMs }: EventDraft): number | undefined {
  const written = [...places.values()].flatMap(({ writtenAtMs }) => writtenAtMs ?? [])
  return written.length > 0 ? Math.min(...written) : emittedAtMs
}

/** Compares two events by time, earliest first. */
export function byTime(a: EventDraft, b: EventDraft): number {
  return (timeOf(a) ?? 0) - (timeOf(b) ?? 0)
}
