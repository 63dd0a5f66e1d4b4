/**
 * What of an operation is behind it for good: the next run begins there, and counts on from there. Groups of records are behind it once
 * Kafka has all that was taken of them and of the groups before. Pure.
 */
import type { LeftOutReason } from './decide.ts'

/** As it is kept between the runs of an operation. */
export interface Passed {
  /** How many it has redriven or dropped, in this run or before. */
  readonly taken: number
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>
  /** By partition of the dlq topic, the offset that is read next. */
  readonly next: Readonly<Record<number, number>>
  /** How many records were looked at. */
  readonly scanned: number
}

export const NOTHING_PASSED: Passed = { taken: 0, leftOut: {}, next: {}, scanned: 0 }

interface Group {
  taken: number
  /** Taken, and not acknowledged yet. */
  pending: number
  scanned: number
  next: ReadonlyMap<number, number>
  readonly leftOut: Map<LeftOutReason, number>
}

export class Passage {
  /** In their order, those that are not behind it. */
  readonly #groups: Group[] = []
  #reading = group()
  #passed: Passed

  /** @param before what is behind the runs before */
  constructor(before: Passed = NOTHING_PASSED) {
    this.#passed = before
  }

  get passed(): Passed {
    return this.#passed
  }

  /** How many are redriven or dropped so far, also of groups that are not behind it. */
  get taken(): number {
    return this.#groups.reduce((sum, { taken, pending }) => sum + taken - pending, this.#passed.taken)
  }

  /** One of the group that is being read is left out. What the operation itself has handled counts as taken. */
  leave(reason: LeftOutReason, isOwn = false): void {
    const { leftOut } = this.#reading
    if (isOwn) this.#reading.taken += 1
    else leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
  }

  /** A group has been read. @param taken how many of it will be acknowledged */
  read(taken: number, scanned: number, next: ReadonlyMap<number, number>): void {
    const read = this.#reading
    this.#groups.push({ ...read, taken: read.taken + taken, pending: taken, scanned, next })
    this.#reading = group()
    this.#advance()
  }

  /** Kafka has this many more, in the order in which they were read. */
  acknowledge(count: number): void {
    let left = count
    for (const one of this.#groups) {
      const now = Math.min(left, one.pending)
      one.pending -= now
      left -= now
      if (left === 0) break
    }
    this.#advance()
  }

  #advance(): void {
    while (this.#groups[0]?.pending === 0) this.#pass(this.#groups.shift() as Group)
  }

  #pass({ taken, scanned, next, leftOut }: Group): void {
    const before = this.#passed
    const counts: Partial<Record<LeftOutReason, number>> = { ...before.leftOut }
    for (const [reason, count] of leftOut) counts[reason] = (counts[reason] ?? 0) + count
    this.#passed = {
      taken: before.taken + taken,
      leftOut: counts,
      next: { ...before.next, ...Object.fromEntries(next) },
      scanned: before.scanned + scanned,
    }
  }
}

function group(): Group {
  return { taken: 0, pending: 0, scanned: 0, next: new Map(), leftOut: new Map() }
}
