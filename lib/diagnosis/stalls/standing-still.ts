/** Stalls of any environment, by the answers of Kafka and Redis. Pure. */
import { away, deferredCause, noProgress, noReaders } from './causes.ts'
import { ProgressWatch, type WatchedLag } from './progress-watch.ts'
import { type Cause, type OpenStall, type StalledPart, Stalls } from './stalls.ts'

/** Functions that have stalled for one common cause. */
export interface StalledFunctions {
  readonly functions: readonly string[]
  /** Without a full stop. */
  readonly reason: string
  /** Whole sentences. */
  readonly advice: string
  /** Milliseconds since the epoch. */
  readonly sinceMs: number
}

/** Facts of one look. */
export interface StallFacts {
  /** The reason of a server that did not answer; null where it did. */
  readonly servers: { readonly kafka: string | null; readonly redis: string | null }
  /** Undefined if Kafka did not answer. */
  readonly lags: readonly WatchedLag[] | undefined
  /** Members of each group. */
  readonly members: ReadonlyMap<string, number>
  /** The consumers whose circuit breaker is open; undefined if Redis did not answer. */
  readonly broken: readonly string[] | undefined
  /**
   * Stalls reported by the program that runs the functions, more and earlier than seen from outside; undefined without such a
   * program.
   */
  readonly known: readonly OpenStall[] | undefined
}

/** A group is without members for a moment whenever its consumer is started again. */
const DEAD_AFTER_MS = 10_000
/** Running invocations cannot be seen here. Those of nearly all functions end at a timeout of one minute. */
const QUIET_MS = 90_000

export class StandingStill {
  readonly #stalls = new Stalls()
  readonly #progress: ProgressWatch
  /** Begin of the time without readers, and the progress at that time. */
  readonly #unread = new Map<string, { readonly sinceMs: number; readonly reached: number }>()

  /** @param lookEveryMs the time between two looks */
  constructor(lookEveryMs: number) {
    this.#progress = new ProgressWatch({ lookEveryMs, quietMs: QUIET_MS })
  }

  /** Takes a look into account. Returns the stalls, the longest first. */
  next(seen: StallFacts, nowMs: number): StalledFunctions[] {
    this.#server('Kafka', seen.servers.kafka, nowMs)
    this.#server('Redis', seen.servers.redis, nowMs)
    if (seen.broken) this.#breakers(seen.broken, nowMs)
    if (seen.lags) for (const lag of seen.lags) this.#consumer(lag, seen, nowMs)
    // Progress cannot be observed meanwhile.
    else this.#progress.forget()
    // Forgets what is over; its lines are for a terminal.
    this.#stalls.due(nowMs)
    const { known = [] } = seen
    const own = this.#stalls.open.filter(stall => !known.some(one => explains(one, stall)))
    return [...known, ...own]
      .map(({ cause: { reason, advice }, sinceMs, functions }) => {
        return { functions: [...functions].sort(), reason, advice, sinceMs }
      })
      .sort((a, b) => a.sinceMs - b.sinceMs)
  }

  #server(server: 'Kafka' | 'Redis', problem: string | null, nowMs: number): void {
    this.#set(
      { function: undefined, obstacle: server },
      problem === null ? undefined : away(server, problem),
      nowMs,
    )
  }

  #breakers(broken: readonly string[], nowMs: number): void {
    const isClosed = ({ function: name = '', obstacle }: StalledPart) =>
      obstacle === BREAKER && !broken.includes(name)
    this.#stalls.endAll(isClosed, nowMs)
    for (const name of broken)
      this.#stalls.begin(
        { function: name, obstacle: BREAKER },
        deferredCause(name, { reason: 'breaker-open' }),
        nowMs,
      )
  }

  #consumer(lag: WatchedLag, { members, known }: StallFacts, nowMs: number): void {
    const { function: name, topic, pending, group } = lag
    const place = { function: name, topic, obstacle: PROGRESS }
    const condition = this.#progress.look(lag, nowMs)
    const forMs = condition.is === 'stalled' && known === undefined ? condition.forMs : 0
    const unreadMs = pending > 0 && members.get(group) === 0 ? this.#unreadFor(lag, nowMs) : this.#read(lag)
    const isBroken = this.#stalls.causeOf({ function: name, obstacle: BREAKER }) !== undefined
    if (isBroken) this.#set(place, undefined, nowMs)
    else if (unreadMs >= DEAD_AFTER_MS) this.#set(place, noReaders(name, group, pending), nowMs)
    else this.#set(place, forMs > 0 ? noProgress(name, pending, forMs) : undefined, nowMs)
  }

  /** Time without readers. A group can continue without members: some readers assign partitions themselves. */
  #unreadFor({ function: name, topic, partitions }: WatchedLag, nowMs: number): number {
    const key = `${name}|${topic}`
    const reached = partitions.reduce((sum, { next }) => sum + next, 0)
    const before = this.#unread.get(key)
    if (before?.reached === reached) return nowMs - before.sinceMs
    this.#unread.set(key, { sinceMs: nowMs, reached })
    return 0
  }

  #read({ function: name, topic }: WatchedLag): 0 {
    this.#unread.delete(`${name}|${topic}`)
    return 0
  }

  /** Begins a stall, or ends it without a cause. */
  #set(place: StalledPart, cause: Cause | undefined, nowMs: number): void {
    if (cause) this.#stalls.begin(place, cause, nowMs)
    else
      this.#stalls.endAll(
        one =>
          one.function === place.function && one.topic === place.topic && one.obstacle === place.obstacle,
        nowMs,
      )
  }
}

/** Returns true for the same cause, or for one whose functions are all stalled already. */
function explains(known: OpenStall, { cause, functions }: OpenStall): boolean {
  if (known.cause.id === cause.id) return true
  return functions.size > 0 && [...functions].every(name => known.functions.has(name))
}

const PROGRESS = 'progress'
const BREAKER = 'breaker'
