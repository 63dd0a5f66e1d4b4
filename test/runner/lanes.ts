/** What runs at once, and what runs next. */

interface Work {
  /** Busy for long: others that are slow down with it. */
  readonly isLong: boolean
  /** For most of its time: others can run beside it. */
  readonly waits: boolean
}

/**
 * Does all works: `width` of them at once, and beside these one that mostly waits, as long as there is one. Of those at once, one is
 * long as long as there are such, and the others are short, so that what is busy for long does not run beside its like. Of each kind,
 * the first comes first.
 *
 * After an error no other work is begun, and it is thrown once those that run have ended: nothing needs the servers any more then.
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
  const errors: unknown[] = []
  const take = (wanted: (work: W) => boolean) => {
    const at = left.findIndex(wanted)
    return at < 0 ? undefined : left.splice(at, 1)[0]
  }
  const lane = async (next: () => W | undefined) => {
    while (!signal.aborted && errors.length === 0) {
      const work = next()
      if (work === undefined) return
      try {
        results.set(work, await run(work))
      } catch (error) {
        errors.push(error)
      }
    }
  }
  const long = () => take(({ isLong }) => isLong)
  const short = () => take(({ isLong, waits }) => !isLong && !waits)
  const waiting = () => take(({ waits }) => waits)
  const longFirst = () => long() ?? short() ?? waiting()
  const shortFirst = () => short() ?? long() ?? waiting()
  const lanes = [longFirst, ...Array.from({ length: width - 1 }, () => shortFirst), waiting]
  await Promise.all(lanes.map(lane))
  if (errors.length > 0) throw errors[0]
  return works.flatMap(work => (results.has(work) ? [results.get(work) as R] : []))
}
