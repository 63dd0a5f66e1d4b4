/** Merges recordings by time, however long they are: of each, only what it has read ahead is in memory. Pure. */
import type { Recorded } from './recorded.ts'

type Groups = AsyncIterable<readonly Recorded[]>

/** Items that are passed on together, so that they can be published in large requests. */
const GROUP = 2_000

/**
 * Yields the items of all recordings by time. Items of one recording keep their order: one out of order, or without a time, stays
 * behind the item before it. Items of the same time come in the order of their recordings.
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
      // Waits only where the next piece has to be read.
      if (!first.advanceInGroup()) await first.advance()
    }
    if (group.length > 0) yield group
  } finally {
    for (const head of heads) await head.close()
  }
}

/** The next item of a recording. */
class Head {
  readonly #groups: AsyncIterator<readonly Recorded[]>
  #group: readonly Recorded[] = []
  #at = 0
  #latestMs = Number.NEGATIVE_INFINITY

  constructor(groups: Groups) {
    this.#groups = groups[Symbol.asyncIterator]()
  }

  /** Undefined at the end. */
  get item(): Recorded | undefined {
    return this.#group[this.#at]
  }

  /** The latest time up to this item; milliseconds since the epoch. */
  get timeMs(): number {
    return this.#latestMs
  }

  /** False if the next group has to be read for it. */
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
