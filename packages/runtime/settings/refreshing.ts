/**
 * Returns a function that provides a cached value to callers that cannot wait. If the value is older than `ageMs`, a call returns
 * it and reads a new value in the background. If reading fails, the old value remains.
 *
 * @throws errors of the first `read`
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
        // Ignore the error: a later call tries again, and the server reports a wrong password.
        () => {},
      )
    }
    return value
  }
}
