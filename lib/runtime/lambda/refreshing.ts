/**
 * Reads a value, and keeps it up to date for those who cannot wait: whoever takes one that is older than `ageMs` gets it, and it is
 * read again meanwhile. If that fails, the old one stays.
 *
 * @throws whatever `read` throws the first time
 */
export async function refreshing<T extends object>(
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
        // The next one who takes a value tries again; a wrong password is reported by the server.
        () => {},
      )
    }
    return value
  }
}
