/**
 * When the records of a log were written, by looks at its end: what lies between two ends was written between the two looks. To read
 * the first pending record of every partition every few seconds would cost far more.
 */

interface Look {
  readonly end: number
  readonly atMs: number
}

interface Known {
  readonly looks: Look[]
  /** Of each record that was read: what it would have been as the end of a look, and the first look at that time. */
  readonly reads: (readonly Look[])[]
}

/** Ten minutes of looks, at one every two seconds. */
const MOST_LOOKS = 300
/** More than consumers of one topic that stand still. */
const MOST_READS = 20

export class OffsetTimes {
  readonly #known = new Map<string, Known>()

  /** The partition ends here now. Each of several consumers of the topic may tell it of the same look. */
  ended(topic: string, partition: number, end: number, atMs: number): void {
    const { looks, reads } = this.#of(topic, partition)
    const last = looks.at(-1)
    if (last?.atMs === atMs && last.end === end) return
    if (last && end < last.end) {
      // Another log has its name.
      looks.length = 0
      reads.length = 0
    }
    looks.push({ end, atMs })
    if (looks.length > MOST_LOOKS) looks.shift()
  }

  /** A record that was read says when it was written. It stays known when the looks after it are forgotten. */
  written(topic: string, partition: number, offset: number, atMs: number): void {
    if (this.timeOf(topic, partition, offset) !== undefined) return
    const { looks, reads } = this.#of(topic, partition)
    const [first] = looks
    reads.push([{ end: offset + 1, atMs }, ...(first ? [first] : [])])
    if (reads.length > MOST_READS) reads.shift()
  }

  /** About when the record was written, in milliseconds since the epoch; undefined if it lies before all that is known. */
  timeOf(topic: string, partition: number, offset: number): number | undefined {
    const { looks, reads } = this.#of(topic, partition)
    const record = reads.find(([one]) => one?.end === offset + 1)?.[0]
    if (record) return record.atMs
    for (const between of [looks, ...reads]) {
      const atMs = timeBetween(between, offset)
      if (atMs !== undefined) return atMs
    }
    return undefined
  }

  #of(topic: string, partition: number): Known {
    const key = `${topic}/${partition}`
    const known = this.#known.get(key) ?? { looks: [], reads: [] }
    this.#known.set(key, known)
    return known
  }
}

function timeBetween(looks: readonly Look[], offset: number): number | undefined {
  const index = looks.findIndex(({ end }) => end > offset)
  const [before, after] = [looks[index - 1], looks[index]]
  if (!before || !after) return undefined
  const part = (offset + 1 - before.end) / (after.end - before.end)
  return before.atMs + part * (after.atMs - before.atMs)
}
