/**
 * When the records of a log were written, by looks at its end: what lies between two ends was written between the two looks. To read
 * the first pending record of every partition every few seconds would cost far more.
 */

interface Look {
  readonly end: number
  readonly atMs: number
}

/** Ten minutes of looks, at one every two seconds. */
const MOST_LOOKS = 300

export class OffsetTimes {
  readonly #looks = new Map<string, Look[]>()

  /** The partition ends here now. */
  ended(topic: string, partition: number, end: number, atMs: number): void {
    const looks = this.#of(topic, partition)
    const last = looks.at(-1)
    // Another log has its name.
    if (last && end < last.end) looks.length = 0
    looks.push({ end, atMs })
    if (looks.length > MOST_LOOKS) looks.shift()
  }

  /** A record that was read says when it was written. */
  written(topic: string, partition: number, offset: number, atMs: number): void {
    const looks = this.#of(topic, partition)
    const first = looks[0]
    if (!first || offset < first.end) looks.unshift({ end: offset + 1, atMs })
  }

  /** About when the record was written, in milliseconds since the epoch; undefined if it lies before all that is known. */
  timeOf(topic: string, partition: number, offset: number): number | undefined {
    const looks = this.#of(topic, partition)
    const index = looks.findIndex(({ end }) => end > offset)
    const [before, after] = [looks[index - 1], looks[index]]
    if (!after) return undefined
    if (!before) return after.end === offset + 1 ? after.atMs : undefined
    const part = (offset + 1 - before.end) / (after.end - before.end)
    return before.atMs + part * (after.atMs - before.atMs)
  }

  #of(topic: string, partition: number): Look[] {
    const key = `${topic}/${partition}`
    const looks = this.#looks.get(key) ?? []
    this.#looks.set(key, looks)
    return looks
  }
}
