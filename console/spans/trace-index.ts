/** In which traces events appear. */
import type { EventName } from '../../lib/queries/journey/model.ts'

type Name = Pick<EventName, 'id' | 'source'>

/** Most events appear in one trace: a set for each of them would take more memory than all else here. */
type Traces = string | Set<string>

export class TraceIndex {
  /** Several sources may give the same id. */
  readonly #byId = new Map<string, Traces>()
  readonly #byName = new Map<string, Traces>()

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
    return all(this.#byName.get(keyOf(event)))
  }

  /** As `of`, of all events with an id. */
  withId(id: string): readonly string[] {
    return [...all(this.#byId.get(id))]
  }

  /** How many different ids there are. */
  get ids(): number {
    return this.#byId.size
  }
}

function keyOf({ id, source }: Name): string {
  return `${source} ${id}`
}

function all(traces: Traces | undefined): Iterable<string> {
  if (traces === undefined) return []
  return typeof traces === 'string' ? [traces] : traces
}

function addTo(index: Map<string, Traces>, key: string, traceId: string): void {
  const traces = index.get(key)
  if (traces === undefined) index.set(key, traceId)
  else if (typeof traces !== 'string') traces.add(traceId)
  else if (traces !== traceId) index.set(key, new Set([traces, traceId]))
}

function deleteFrom(index: Map<string, Traces>, key: string, traceId: string): void {
  const traces = index.get(key)
  const isOver =
    typeof traces === 'string' ? traces === traceId : traces?.delete(traceId) && traces.size === 0
  if (isOver) index.delete(key)
}
