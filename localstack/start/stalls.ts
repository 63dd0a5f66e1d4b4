import { Repeats } from '../../lib/adapters/lambda/repeats.ts'
import { durationOf, listOf } from './words.ts'

/** Why a function does not go on, and what the person at the terminal can do. */
export interface Cause {
  /** The same for everything that one fault stops. */
  readonly id: string
  /** Without a full stop; further lines behind line breaks. */
  readonly reason: string
  /** Whole sentences. */
  readonly advice: string
  /** A server that is away stops whatever needs it, a little sooner or later: one line tells of all. */
  readonly server?: 'Kafka' | 'Redis'
}

/** What does not go on: a function as a whole, or one partition of what it reads. */
export interface Place {
  /** Undefined where it is `npm start` itself that cannot ask a server. */
  readonly function: string | undefined
  readonly topic?: string
  readonly partition?: number
  /** The offset that it does not get past. */
  readonly offset?: number
  /** What it cannot do. Of one partition, one cause at a time counts for each of these. */
  readonly obstacle: string
}

/** An outage as others see it. */
interface Told {
  readonly cause: Cause
  readonly sinceMs: number
}

/** All that one cause has stopped. */
interface Outage {
  cause: Cause
  readonly sinceMs: number
  readonly places: Map<string, Place>
  /** Whatever it has stopped since it began. */
  readonly functions: Set<string>
  /** Those of them that a line has named. */
  readonly told: Set<string>
  /** Whether a line has told of it. */
  isTold: boolean
  /** Since when some are in it that no line has named. */
  untoldSinceMs: number
  /** When the last place went on; undefined while any stands still. */
  overAtMs: number | undefined
}

/** What is over sooner is told in one line, when it is over; and what one cause stops within it, together. */
const SETTLE_MS = 1_000
/** What begins again within this time was not over. */
const QUIET_MS = 2_000

/** Keeps track of what stands still, and tells of each outage once when it begins and once when it is over. */
export class Stalls {
  readonly #outages = new Map<string, Outage>()
  /** By place: the id of its cause. */
  readonly #causes = new Map<string, string>()
  #nowMs = 0
  readonly #hiccups = new Repeats(undefined, () => this.#nowMs)

  begin(place: Place, cause: Cause, nowMs: number): void {
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

  /** Whatever stood still and fits has gone on. Returns the functions that it belongs to. */
  endAll(fits: (place: Place, cause: Cause) => boolean, nowMs: number): ReadonlySet<string> {
    const functions = new Set<string>()
    for (const { cause, places } of [...this.#outages.values()])
      for (const [key, place] of [...places]) {
        if (!fits(place, cause)) continue
        this.#end(key, nowMs)
        if (place.function !== undefined) functions.add(place.function)
      }
    return functions
  }

  /** Forgets places without a word: they stand still for a reason that is told of elsewhere. */
  drop(fits: (place: Place) => boolean): void {
    for (const { cause, places } of [...this.#outages.values()])
      for (const [key, place] of [...places]) {
        if (!fits(place)) continue
        this.#causes.delete(key)
        this.#leave(key, cause.id)
      }
  }

  /** Puts places under another cause: more is known of why they stand still. */
  explain(fits: (place: Place, outage: Told) => boolean, cause: Cause, nowMs: number): void {
    for (const outage of [...this.#outages.values()])
      for (const place of [...outage.places.values()])
        if (fits(place, outage)) this.begin(place, cause, nowMs)
  }

  causeOf(place: Place): Cause | undefined {
    const id = this.#causes.get(keyOf(place))
    return id === undefined ? undefined : this.#outages.get(id)?.cause
  }

  /** What stands still now, with the functions that it has stopped. */
  get open(): { readonly cause: Cause; readonly sinceMs: number; readonly functions: ReadonlySet<string> }[] {
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

  /** The lines that are due by now. */
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
    const took = durationOf(overAtMs - sinceMs)
    const goOn = functions.size === 1 ? 'goes on' : 'go on'
    const isOver = functions.size > 0 ? `${listOf(functions)} ${goOn}` : `${cause.server} answers again`
    if (isTold) return [`✓ ${isOver} (after ${took})`]
    const unsaid = functions.size === 0 ? undefined : this.#hiccups.due(id)
    if (unsaid === undefined) return []
    const more = unsaid > 0 ? ` (and ${unsaid} times more in between)` : ''
    return [`! ${listOf(functions)} stood still for ${took}${more}: ${firstLine(cause.reason)}`]
  }

  #end(key: string, nowMs: number): void {
    const id = this.#causes.get(key)
    const outage = id === undefined ? undefined : this.#outages.get(id)
    this.#causes.delete(key)
    if (outage?.places.delete(key) && outage.places.size === 0) outage.overAtMs = nowMs
  }

  /** It still stands still, but for another cause, so nothing is told as going on. */
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

function keyOf({ function: name = '', topic = '', partition, obstacle }: Place): string {
  return [name, topic, partition ?? '', obstacle].join('|')
}

function stallLine(names: readonly string[], { reason, advice }: Cause): string {
  const [first = '', ...further] = reason.split('\n')
  const stand = names.length === 1 ? 'stands still' : 'stand still'
  const what = names.length === 0 ? `✗ ${first}` : `✗ ${listOf(names)} ${stand}: ${first}`
  if (further.length === 0) return `${what}. ${advice}`
  return [what, ...[...further, advice].map(line => `    ${line.trim()}`)].join('\n')
}

/** Of a reason, what fits into a summary. */
export function firstLine(reason: string): string {
  return (reason.split('\n')[0] ?? '').replace(/:$/, '')
}
