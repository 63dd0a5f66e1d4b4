/** The context of a partition: data that an event, or a step of any entity, sets for all entities of the partition. */
import { toJsonText } from '../../cloudevents/json-text.ts'
import { derivedId } from '../../consumer/derived-id.ts'
import { type Failure, unexpectedFailure } from '../../consumer/failure-codes.ts'
import type { PartitionContext } from '../../consumer/process.ts'
import type { StoredContext } from './partition-state.ts'
import type { Snapshot } from './snapshot.ts'

type Definition = PartitionContext<unknown>
type ContextEvent = Parameters<NonNullable<Definition['fold']>>[1]

/**
 * Maximum number of cached contexts. Cached contexts need not be loaded. A context that events set is usually the same in all
 * partitions; one that steps set is different in each.
 */
const MAX_CACHED = 16

interface StoredJson {
  readonly json: string
  read?: ContextRead
}

/** Result of a definition's `read`. */
interface ContextRead {
  readonly kind: 'context'
  readonly context: unknown
}

const REASONS = { changed: 'context-changed', unchanged: 'context-unchanged' }

/** Cached contexts by hash, the most recently used one last. */
const cachedContexts = new WeakMap<Definition, Map<string, StoredJson>>()

export function getCachedContexts(definition: Definition): ReadonlyMap<string, string> {
  return new Map([...(cachedContexts.get(definition) ?? [])].map(([hash, { json }]) => [hash, json]))
}

/**
 * Adds the content of the context to the snapshot, taken from the load or from the cache.
 *
 * @param atHand contexts that were cached before the load
 */
export function withContext(
  snapshot: Snapshot,
  definition: Definition,
  atHand: ReadonlyMap<string, string>,
): Snapshot {
  if (!snapshot.context) return snapshot
  const { hash, json = atHand.get(hash) } = snapshot.context
  if (json === undefined) throw new Error(`a load left out the context ${hash}, which was not at hand`)
  cacheContext(definition, { hash, json })
  return { ...snapshot, context: { hash, json } }
}

/** The partition's context while a chunk is applied. Each step receives the context set by the records before its own record. */
export class CurrentContext {
  readonly #definition: Definition | undefined
  readonly #before: StoredContext | undefined
  #now: StoredContext | undefined
  /** Context that a step has set since, without its hash: the next step may set another. */
  #replaced: StoredJson | undefined
  /** Reason why the process cannot read the stored context; undefined if it can, or if no step has needed it. */
  unreadable: string | undefined

  constructor(
    definition: Definition | undefined,
    { context, contextAhead }: Pick<Snapshot, 'context' | 'contextAhead'>,
  ) {
    this.#definition = definition
    this.#before = context?.json === undefined ? undefined : { ...context, json: context.json }
    this.#now = this.#before ?? contextAhead
  }

  /**
   * Context for the next step. If this code cannot read the stored context, it is the initial context. Waiting for other code
   * instead would also block the event that sets the next context.
   */
  get value(): unknown {
    const definition = this.#definition
    if (!definition) return undefined
    const cached = this.#replaced ?? (this.#now && cacheContext(definition, this.#now))
    if (!cached) return definition.initial
    const read = readContext(definition, cached)
    if (read.kind === 'context') return read.context
    this.unreadable = read.message
    return definition.initial
  }

  /** Sets the context from an event. Returns the reason of the decision. After a failure, the previous context remains in use. */
  set(event: ContextEvent): string | Failure {
    const definition = this.#definition as Definition
    const before = this.#hashed()
    const json = fold(definition, before, event)
    if (typeof json !== 'string') return json
    const next = { hash: derivedId('context', json), json }
    const read = readContext(definition, cacheContext(definition, next))
    if (read.kind === 'failure') return read
    const { changed, unchanged } = definition.reasons ?? REASONS
    const reason = next.hash === before?.hash ? unchanged : changed
    this.#now = next
    return reason
  }

  /** Sets the context to the JSON of data that a step has returned. */
  replace(json: string): void {
    this.#replaced = { json }
  }

  /** Sets the context to data that its definition's `read` returns unchanged. It is serialised when it is stored, and not before. */
  replaceBy(data: unknown): void {
    const read = { kind: 'context', context: data } as const
    this.#replaced = {
      get json() {
        return toJsonText(data, 'context')
      },
      read,
    }
  }

  /** Context to store; undefined if it has not changed. */
  get change(): StoredContext | undefined {
    const now = this.#hashed()
    return now?.hash === this.#before?.hash ? undefined : now
  }

  /** Returns the context with its hash, and caches it. */
  #hashed(): StoredContext | undefined {
    const replaced = this.#replaced
    if (!replaced) return this.#now
    const { json, read } = replaced
    this.#now = { hash: derivedId('context', json), json }
    this.#replaced = undefined
    if (this.#definition) {
      const cached = cacheContext(this.#definition, this.#now)
      if (read) cached.read ??= read
    }
    return this.#now
  }
}

function fold(
  definition: Definition,
  before: StoredContext | undefined,
  event: ContextEvent,
): string | Failure {
  if (!definition.fold) return JSON.stringify(event.data ?? null)
  try {
    const previous = before && JSON.parse(before.json)
    return toJsonText(definition.fold(previous, event) ?? null, 'context')
  } catch (error) {
    return unexpectedFailure(error)
  }
}

function readContext(definition: Definition, cached: StoredJson): ContextRead | Failure {
  try {
    cached.read ??= { kind: 'context', context: definition.read(JSON.parse(cached.json)) }
    return cached.read
  } catch (error) {
    return unexpectedFailure(error)
  }
}

function cacheContext(definition: Definition, { hash, json }: StoredContext): StoredJson {
  const all = cachedContexts.get(definition) ?? new Map<string, StoredJson>()
  cachedContexts.set(definition, all)
  const cached = all.get(hash) ?? { json }
  all.delete(hash)
  all.set(hash, cached)
  const [oldest] = all.keys()
  if (all.size > MAX_CACHED && oldest !== undefined) all.delete(oldest)
  return cached
}
