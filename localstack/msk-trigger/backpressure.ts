import type { Batch } from 'kafkajs'
import type { Lane } from './lane.ts'
import { within } from './wait.ts'

/**
 * So long a full lane holds up fetching before its partition is paused. A paused one that is resumed takes up to the wait
 * of a fetch to be read again, which is longer than a quick handler takes for all that waits.
 */
const ROOM_MS = 100

/** A fetch has room for so many partitions with much to read: not for more, because it is decoded at a stretch. */
export const FETCHED_TOGETHER = 4

/**
 * How long the next fetch waits after it brought this of a partition. A fetch costs as much as some hundred records, and the
 * library begins the next one at once: where there were few records, and no more of them, it waits a moment for others. What
 * comes first after a silence does not wait: then a fetch is under way.
 */
export function restMs(fetched: Pick<Batch, 'messages' | 'offsetLag'>): number {
  return fetched.messages.length < FEW_RECORDS && fetched.offsetLag() === '0' ? REST_MS : 0
}

const FEW_RECORDS = 100
const REST_MS = 4

/** Stops and starts the fetching of a partition. */
export interface Fetching {
  pause(partition: number): void
  resume(partition: number): void
}

/** What is fetched faster than it is delivered waits in the broker: here it would only take memory. */
export class Backpressure {
  readonly #fetching: Fetching
  readonly #paused = new Map<Lane, number>()
  /** Lanes that took too long to make room, and would hold up the others again. */
  readonly #slow = new WeakSet<Lane>()

  constructor(fetching: Fetching) {
    this.#fetching = fetching
  }

  /** After a lane was filled. Resolves when more may be fetched: soon, whether it has room or is paused. */
  async filled(lane: Lane, all: ReadonlyMap<number, Lane>): Promise<void> {
    if (!lane.isFull || this.#paused.has(lane)) return
    if (!this.#slow.has(lane) && !this.#areCrowded(all)) await within(ROOM_MS, lane.room)
    if (!lane.isFull || this.#paused.has(lane) || lane.lost) return
    if (!this.#areCrowded(all)) this.#slow.add(lane)
    this.#paused.set(lane, performance.now())
    this.#fetching.pause(lane.partition)
  }

  /** Those that are full already would fill the next fetch as well, and keep others from it. */
  #areCrowded(all: ReadonlyMap<number, Lane>): boolean {
    const full = [...all.values()].filter(lane => lane.isFull && !this.#paused.has(lane))
    return all.size > FETCHED_TOGETHER && full.length >= FETCHED_TOGETHER
  }

  /** After records were taken out of a lane. */
  taken(lane: Lane): void {
    const pausedAtMs = this.#paused.get(lane)
    if (pausedAtMs === undefined || !lane.isHungry) return
    if (performance.now() - pausedAtMs < ROOM_MS) this.#slow.delete(lane)
    this.#paused.delete(lane)
    this.#fetching.resume(lane.partition)
  }

  /** A rejoin has resumed everything, and these lanes are those that stay. */
  reopened(lanes: Iterable<Lane>): void {
    for (const lane of this.#paused.keys()) if (lane.lost) this.#paused.delete(lane)
    for (const lane of lanes) if (this.#paused.has(lane)) this.#fetching.pause(lane.partition)
  }
}
