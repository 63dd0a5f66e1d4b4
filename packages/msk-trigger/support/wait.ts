import { setTimeout as delay } from 'node:timers/promises'

/** Waits until the time has elapsed or the signal is aborted. Never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { ...(signal && { signal }) }).catch(() => {})
}

/** Waits for `work`, but at most `ms` milliseconds. Never rejects. Returns true if the work was settled in time. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const tooLate = new AbortController()
  const completion = work.then(
    () => true,
    () => true,
  )
  const late = pause(ms, tooLate.signal).then(() => false)
  return Promise.race([completion, late]).finally(() => tooLate.abort())
}
