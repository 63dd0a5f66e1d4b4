/**
 * Waits for the credentials of a registry, at most `ms`. The limit is needed because the SDK may wait for a secret longer than an
 * invocation lasts.
 */
export async function within<T>(answer: Promise<T>, ms: number): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return answer
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Error(`its credentials are not available within ${Math.round(ms)} ms`)),
    ms,
  )
  return Promise.race([answer, promise]).finally(() => clearTimeout(timer))
}
