/** Merges recordings by time. Only the part of each recording that was read ahead is in memory, regardless of its length. Pure. */
import type { Recorded } from './recorded.ts'

type Groups = AsyncIterable<readonly Recorded[]>

/** Number of items that are passed on together, so that they can be published in large requests. */
const GROUP = 2_000

/**
 * Yields the items of all recordings, ordered by time. Items of one recording keep their order: an item that is out of order, or
 * has no time, follows its predecessor. Items with the same time are in the order of their recordings.
 */
export async function* merged(recordings: readonly Groups[]): AsyncGenerator<readonly Recorded[]> {
  const [only, ...others] = recordings
  if (only !== undefined && others.length === 0) {
    yield* only
    return
  }
  const heads = recordings.map(groups => new Head(groups))
  try {
    for (const head of heads) await head.advance()
    let group: Recorded[] = []
    for (let first = earliest(heads); first?.item; first = earliest(heads)) {
      group.push(first.item)
      if (group.length >= GROUP) {
        yield group
        group = []
      }
      // Waits only if the next piece must be read.
      if (!first.advanceInGroup()) await first.advance()
    }
    if (group.length > 0) yield group
  } finally {
    for (const head of heads) await head.close()
  }
}

/** Next item of a recording. */
class Head {
  readonly #groups: AsyncIterator<readonly Recorded[]>
  #group: readonly Recorded[] = []
  #at = 0
  #latestMs = Number.NEGATIVE_INFINITY

  constructor(groups: Groups) {
    this.#groups = groups[Symbol.asyncIterator]()
  }

  /** Next item; undefined at the end. */
  get item(): Recorded | undefined {
    return this.#group[this.#at]
  }

  /** Latest time up to this item, in milliseconds since the epoch. */
  get timeMs(): number {
    return this.#latestMs
  }

  /** Advances within the current group. Returns false if the next group must be read. */
  advanceInGroup(): boolean {
    if (this.#at + 1 >= this.#group.length) return false
    this.#at++
    this.#include()
    return true
  }

  async advance(): Promise<void> {
    this.#at = 0
    do {
      const { done, value } = await this.#groups.next()
      this.#group = done ? [] : value
      if (done) return
    } while (this.#group.length === 0)
    this.#include()
  }

  async close(): Promise<void> {
    await this.#groups.return?.()
  }

  #include(): void {
    this.#latestMs = Math.max(this.#latestMs, this.item?.paceMs ?? Number.NEGATIVE_INFINITY)
  }
}

function earliest(heads: readonly Head[]): Head | undefined {
  let first: Head | undefined
  for (const head of heads) if (head.item && (first === undefined || head.timeMs < first.timeMs)) first = head
  return first
}
