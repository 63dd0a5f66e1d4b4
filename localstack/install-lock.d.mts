/** Types of `install-lock.mjs`, which is plain JavaScript because the bootstrap uses it too. */
export function withInstallLock<T>(
  file: string,
  work: () => Promise<T>,
  options?: { signal?: AbortSignal | undefined; onWait?: ((holder: number) => void) | undefined },
): Promise<T>
