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
