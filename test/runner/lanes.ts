/** What runs at once, and what runs next. */

interface Work {
  /** For most of its time: others can run beside it. */
  readonly waits: boolean
}

/**
 * Does all works in their order: `width` of them at once, and beside these one that mostly waits, as long as there is one. The
 * others come first, so that those that wait are left for the lane beside them.
 *
 * @param signal after it, no other work is begun
 * @returns the results of those that have begun, in the order of the works
 */
export async function inLanes<W extends Work, R>(
  works: readonly W[],
  width: number,
  run: (work: W) => Promise<R>,
  signal: AbortSignal,
): Promise<R[]> {
  const left = [...works]
  const results = new Map<W, R>()
  const take = (wanted: (work: W) => boolean) => {
    const at = left.findIndex(wanted)
    return at < 0 ? undefined : left.splice(at, 1)[0]
  }
  const lane = async (next: () => W | undefined) => {
    while (!signal.aborted) {
      const work = next()
      if (work === undefined) return
      results.set(work, await run(work))
    }
  }
  const any = () => take(({ waits }) => !waits) ?? take(() => true)
  const waiting = () => take(({ waits }) => waits)
  await Promise.all([...Array.from({ length: width }, () => lane(any)), lane(waiting)])
  return works.flatMap(work => (results.has(work) ? [results.get(work) as R] : []))
}
