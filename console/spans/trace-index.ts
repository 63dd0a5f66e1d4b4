/** In which traces events appear. */
import type { EventName } from '../../lib/queries/journey/model.ts'

type Name = Pick<EventName, 'id' | 'source'>

export class TraceIndex {
  /** Several sources may give the same id. */
  readonly #byId = new Map<string, Set<string>>()
  readonly #byName = new Map<string, Set<string>>()

  add(event: Name, traceId: string): void {
    addTo(this.#byId, event.id, traceId)
    addTo(this.#byName, keyOf(event), traceId)
  }

  delete(event: Name, traceId: string): void {
    deleteFrom(this.#byId, event.id, traceId)
    deleteFrom(this.#byName, keyOf(event), traceId)
  }

  /** The traces of an event, in the order in which it was first told in them. */
  of(event: Name): Iterable<string> {
    return this.#byName.get(keyOf(event)) ?? []
  }

  /** As `of`, of all events with an id. */
  withId(id: string): readonly string[] {
    return [...(this.#byId.get(id) ?? [])]
  }

  /** How many different ids there are. */
  get ids(): number {
    return this.#byId.size
  }
}

function keyOf({ id, source }: Name): string {
  return `${source} ${id}`
}

function addTo(index: Map<string, Set<string>>, key: string, traceId: string): void {
  const traces = index.get(key)
  if (traces) traces.add(traceId)
  else index.set(key, new Set([traceId]))
}

function deleteFrom(index: Map<string, Set<string>>, key: string, traceId: string): void {
  const traces = index.get(key)
  if (traces?.delete(traceId) && traces.size === 0) index.delete(key)
}
