/**
 * Merges recordings in order of time. Memory usage does not depend on their length, because each recording is read in parts. Pure.
 */
import type { Recorded } from './recorded.ts'

type Groups = AsyncIterable<readonly Recorded[]>

/** Number of items in a group. Groups are large, so that they can be published in large requests. */
const GROUP = 2_000

/**
 * Yields the items of all recordings in order of time. The items of a recording keep their order: an item that is out of order, or
 * has no time, directly follows its predecessor. Items with the same time are in the order of the recordings.
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
      // This waits only if the next group must be read.
      if (!first.advanceInGroup()) await first.advance()
    }
    if (group.length > 0) yield group
  } finally {
    for (const head of heads) await head.close()
  }
}

/** Current position in a recording. */
class Head {
  readonly #groups: AsyncIterator<readonly Recorded[]>
  #group: readonly Recorded[] = []
  #at = 0
  #latestMs = Number.NEGATIVE_INFINITY

  constructor(groups: Groups) {
    this.#groups = groups[Symbol.asyncIterator]()
  }

  /** Next item of the recording; undefined at its end. */
  get item(): Recorded | undefined {
    return this.#group[this.#at]
  }

  /** Latest time of all items so far, in milliseconds since the epoch. */
  get timeMs(): number {
    return this.#latestMs
  }

  /** Advances to the next item in memory. Returns false if the next group must be read first. */
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
