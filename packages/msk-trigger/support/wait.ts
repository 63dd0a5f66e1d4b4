import process from 'node:process'
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

const LOOK_EVERY_MS = 500
/** Processor time between two looks below which a process does nothing, in milliseconds. On a busy machine, one that works gets more. */
const IDLE_MS = 10

/**
 * Waits until this process does nothing any more, but at least `leastMs` and at most `mostMs` milliseconds. Looks are counted, so that
 * time in which the process is starved counts less. Does not keep the process alive.
 *
 * @param usedMs returns the processor time of the process, in milliseconds
 * @param wait waits until the next look
 */
export async function untilIdle(
  leastMs: number,
  mostMs: number,
  usedMs = processorMs,
  wait: (ms: number) => Promise<unknown> = ms => delay(ms, undefined, { ref: false }),
): Promise<void> {
  let before = usedMs()
  for (let waitedMs = LOOK_EVERY_MS; ; waitedMs += LOOK_EVERY_MS) {
    await wait(LOOK_EVERY_MS)
    const used = usedMs()
    if (waitedMs >= mostMs || (waitedMs >= leastMs && used - before < IDLE_MS)) return
    before = used
  }
}

function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
