/** Types of `lock-file.mjs`, which is plain JavaScript because the bootstrap uses it too. */
export function withLockFile<T>(
  file: string,
  work: () => Promise<T>,
  options?: { signal?: AbortSignal | undefined; onWait?: ((holder: number) => void) | undefined },
): Promise<T>

/** Returns true if a process with this id is running, even if it belongs to another user. */
export function alive(pid: number): boolean
