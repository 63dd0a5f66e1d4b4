import { Repeats } from '../../../packages/runtime/adapters/lambda/repeats.ts'
import { durationText } from '../../duration.ts'
import { listOf } from './words.ts'

/** The reason of a stall, and the advice for the user. */
export interface Cause {
  /** The same for everything that has one common cause. */
  readonly id: string
  /** Without a full stop. Further lines follow line breaks. */
  readonly reason: string
  /** Whole sentences. */
  readonly advice: string
  /** An unavailable server stalls everything that needs it, at slightly different times: one line covers all. */
  readonly server?: 'Kafka' | 'Redis'
}

/** The stalled part: a whole function, or one partition of its topic. */
export interface StalledPart {
  /** Undefined if `npm start` itself cannot reach a server. */
  readonly function: string | undefined
  readonly topic?: string
  readonly partition?: number
  /** The offset that it does not pass. */
  readonly offset?: number
  /** The step that fails. A partition has one cause at a time for each obstacle. */
  readonly obstacle: string
}

/** A present stall and the functions that have stalled with it. */
export interface OpenStall {
  readonly cause: Cause
  /** Milliseconds since the epoch. */
  readonly sinceMs: number
  /** Empty if `npm start` itself cannot reach a server. */
  readonly functions: ReadonlySet<string>
}

/** The public part of an outage. */
interface OutageSummary {
  readonly cause: Cause
  readonly sinceMs: number
}

/** Everything that one cause has stalled. */
interface Outage {
  cause: Cause
  readonly sinceMs: number
  readonly places: Map<string, StalledPart>
  /** All functions that it has stalled since it began. */
  readonly functions: Set<string>
  /** The functions that were already named in a line. */
  readonly told: Set<string>
  isTold: boolean
  /** Begin of the oldest stall whose function was not named yet. */
  untoldSinceMs: number
  /** When the last stall ended; undefined while any remains. */
  overAtMs: number | undefined
}

/**
 * Shorter outages are reported in one line when they are over. Functions that stall within this time are named
 * together.
 */
const SETTLE_MS = 1_000
/** An outage that begins again within this time has not ended. */
const QUIET_MS = 2_000

/** Tracks stalls, and reports each outage once when it begins and once when it is over. */
export class Stalls {
  readonly #outages = new Map<string, Outage>()
  /** The id of the cause of each stall. */
  readonly #causes = new Map<string, string>()
  #nowMs = 0
  readonly #hiccups = new Repeats(undefined, () => this.#nowMs)

  begin(place: StalledPart, cause: Cause, nowMs: number): void {
    const key = keyOf(place)
    const before = this.#causes.get(key)
    if (before !== undefined && before !== cause.id) this.#leave(key, before)
    this.#causes.set(key, cause.id)
    const outage = this.#outages.get(cause.id) ?? newOutage(cause, nowMs)
    this.#outages.set(cause.id, outage)
    outage.cause = cause
    outage.places.set(key, place)
    outage.overAtMs = undefined
    const name = place.function
    if (name === undefined || outage.functions.has(name)) return
    if (outage.functions.size === outage.told.size) outage.untoldSinceMs = nowMs
    outage.functions.add(name)
  }

  /** Ends the matching stalls. Returns their functions. */
  endAll(fits: (place: StalledPart, cause: Cause) => boolean, nowMs: number): ReadonlySet<string> {
    const functions = new Set<string>()
    for (const { cause, places } of [...this.#outages.values()])
      for (const [key, place] of [...places]) {
        if (!fits(place, cause)) continue
        this.#end(key, nowMs)
        if (place.function !== undefined) functions.add(place.function)
      }
    return functions
  }

  /** Removes stalls without reporting an end, because another cause covers them. */
  drop(fits: (place: StalledPart) => boolean): void {
    for (const { cause, places } of [...this.#outages.values()])
      for (const [key, place] of [...places]) {
        if (!fits(place)) continue
        this.#causes.delete(key)
        this.#leave(key, cause.id)
      }
  }

  /** Moves stalls to another cause, because more is known about them. */
  explain(fits: (place: StalledPart, outage: OutageSummary) => boolean, cause: Cause, nowMs: number): void {
    for (const outage of [...this.#outages.values()])
      for (const place of [...outage.places.values()])
        if (fits(place, outage)) this.begin(place, cause, nowMs)
  }

  causeOf(place: StalledPart): Cause | undefined {
    const id = this.#causes.get(keyOf(place))
    return id === undefined ? undefined : this.#outages.get(id)?.cause
  }

  /** The current outages, with the functions that are stalled. */
  get open(): OpenStall[] {
    return [...this.#outages.values()]
      .filter(({ places }) => places.size > 0)
      .map(({ cause, sinceMs, places }) => ({
        cause,
        sinceMs,
        functions: new Set([...places.values()].flatMap(place => place.function ?? [])),
      }))
  }

  isOpen(name: string): boolean {
    return this.open.some(({ functions }) => functions.has(name))
  }

  /** Returns the lines that are due. */
  due(nowMs: number): string[] {
    this.#nowMs = nowMs
    return [...this.#outages].flatMap(([id, outage]) =>
      outage.overAtMs === undefined
        ? this.#begun(outage, nowMs)
        : this.#over(id, outage, outage.overAtMs, nowMs),
    )
  }

  #begun(outage: Outage, nowMs: number): string[] {
    const { cause, functions, told, isTold, untoldSinceMs } = outage
    const untold = [...functions].filter(name => !told.has(name))
    if (isTold && untold.length === 0) return []
    if (nowMs - untoldSinceMs < SETTLE_MS) return []
    outage.isTold = true
    for (const name of untold) told.add(name)
    return isTold && cause.server !== undefined ? [] : [stallLine(untold, cause)]
  }

  #over(
    id: string,
    { cause, sinceMs, functions, isTold }: Outage,
    overAtMs: number,
    nowMs: number,
  ): string[] {
    if (nowMs - overAtMs < QUIET_MS) return []
    this.#outages.delete(id)
    const took = durationText(overAtMs - sinceMs)
    const goOn = functions.size === 1 ? 'continues' : 'continue'
    const isOver = functions.size > 0 ? `${listOf(functions)} ${goOn}` : `${cause.server} answers again`
    if (isTold) return [`✓ ${isOver} (after ${took})`]
    const unsaid = functions.size === 0 ? undefined : this.#hiccups.due(id)
    if (unsaid === undefined) return []
    const more = unsaid > 0 ? ` (and ${unsaid} more times since the last message)` : ''
    return [`! ${listOf(functions)} stalled for ${took}${more}: ${firstLine(cause.reason)}`]
  }

  #end(key: string, nowMs: number): void {
    const id = this.#causes.get(key)
    const outage = id === undefined ? undefined : this.#outages.get(id)
    this.#causes.delete(key)
    if (outage?.places.delete(key) && outage.places.size === 0) outage.overAtMs = nowMs
  }

  /** The stall continues for another cause, so no end is reported. */
  #leave(key: string, id: string): void {
    const outage = this.#outages.get(id)
    outage?.places.delete(key)
    if (outage?.places.size === 0) this.#outages.delete(id)
  }
}

function newOutage(cause: Cause, nowMs: number): Outage {
  return {
    cause,
    sinceMs: nowMs,
    places: new Map(),
    functions: new Set(),
    told: new Set(),
    isTold: false,
    untoldSinceMs: nowMs,
    overAtMs: undefined,
  }
}

function keyOf({ function: name = '', topic = '', partition, obstacle }: StalledPart): string {
  return [name, topic, partition ?? '', obstacle].join('|')
}

function stallLine(names: readonly string[], { reason, advice }: Cause): string {
  const [first = '', ...further] = reason.split('\n')
  const stand = names.length === 1 ? 'is stalled' : 'are stalled'
  const what = names.length === 0 ? `✗ ${first}` : `✗ ${listOf(names)} ${stand}: ${first}`
  if (further.length === 0) return `${what}. ${advice}`
  return [what, ...[...further, advice].map(line => `    ${line.trim()}`)].join('\n')
}

/** Returns the first line of a reason, for a summary. */
export function firstLine(reason: string): string {
  return (reason.split('\n')[0] ?? '').replace(/:$/, '')
}
