import { setTimeout as pause } from 'node:timers/promises'

/** Ends a wait that is hopeless: several times what the slowest wait takes on a quarter of a core. */
export const HOPELESS_MS = 5 * 60_000

/** Soon at first, as most conditions hold soon; then less often, as each question takes time from what is waited for. */
const FIRST_PAUSE_MS = 20
const MAX_PAUSE_MS = 150
const GROWTH = 1.25

/**
 * Waits for a condition in another process.
 *
 * @param holds the condition; an error counts as "not yet"
 * @param describe describes the present situation: the wait continues while that changes, and the message has it if it does not
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { describe = () => '' as unknown } = {},
): Promise<void> {
  let giveUpAtMs = Date.now() + HOPELESS_MS
  let cause: unknown
  let before: string | undefined
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= GROWTH) {
    try {
      if (await holds()) return
      before ??= JSON.stringify(await describe())
    } catch (error) {
      cause = error
    }
    if (Date.now() > giveUpAtMs) {
      const now = JSON.stringify(await describe())
      if (now === before) throw new Error(`not within ${HOPELESS_MS / 1000} s: ${what} ${now}`, { cause })
      before = now
      giveUpAtMs = Date.now() + HOPELESS_MS
    }
    await pause(Math.min(pauseMs, MAX_PAUSE_MS))
  }
}
