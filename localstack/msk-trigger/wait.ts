import { setTimeout as delay } from 'node:timers/promises'

/** Waits, or stops waiting when the signal is aborted. Never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { ...(signal && { signal }) }).catch(() => {})
}

/** Waits for the work, but not longer than so many milliseconds. Never rejects; says whether it was done. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const tooLate = new AbortController()
  const done = work.then(
    () => true,
    () => true,
  )
  const late = pause(ms, tooLate.signal).then(() => false)
  return Promise.race([done, late]).finally(() => tooLate.abort())
}
