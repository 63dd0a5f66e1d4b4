/** Promises that are made once, and waiting with a limit: for all of the application. */

/** Returns a function that calls `make` once and caches the result. If it fails, the next call tries again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let promise: Promise<T> | undefined
  return () => {
    promise ??= make().catch(error => {
      promise = undefined
      throw error
    })
    return promise
  }
}

/**
 * Waits for work, but at most `ms` milliseconds. The work itself continues: give it a signal if it must end.
 *
 * @param createError creates the error that is thrown if the time has run out
 * @param intervals number of intervals into which the time is divided. Time in which this process was frozen or starved counts as one
 * interval, so with several of them a result which arrived in the meantime is still received.
 */
export function within<T>(ms: number, work: Promise<T>, createError: () => Error, intervals = 1): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return work
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout
    const wait = (left: number) => {
      timer = setTimeout(() => (left > 1 ? wait(left - 1) : reject(createError())), ms / intervals)
    }
    wait(intervals)
    const end = <V>(take: (value: V) => void) => {
      return (value: V) => {
        clearTimeout(timer)
        take(value)
      }
    }
    work.then(end(resolve), end(reject))
  })
}
