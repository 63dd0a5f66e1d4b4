/**
 * Resolves to the credentials of a registry if they are available in time. The SDK that reads secrets waits
 * longer than an invocation may.
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
