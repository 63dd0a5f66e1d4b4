/** Calls `make` once and keeps its result. If it fails, the next call tries again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch(error => {
      made = undefined
      throw error
    })
    return made
  }
}

/**
 * Reads a value, and keeps it up to date for callers that cannot wait: a call that finds it older than `ageMs` still gets it, and it
 * is read again in the background. If that fails, the old one stays.
 *
 * @throws whatever `read` throws the first time
 */
export async function refreshing<T>(
  read: () => Promise<T>,
  ageMs: number,
  now: () => number = Date.now,
): Promise<() => T> {
  let value: T = await read()
  let readAtMs = now()
  return () => {
    if (now() - readAtMs > ageMs) {
      readAtMs = now()
      read().then(
        newer => {
          value = newer
        },
        // A later call tries again, and the server reports a wrong password.
        () => {},
      )
    }
    return value
  }
}
