import { setTimeout as pause } from 'node:timers/promises'

/** Ends a wait that is hopeless: several times what the slowest wait takes on a quarter of a core. */
export const HOPELESS_MS = 5 * 60_000

/** Soon at first, as most conditions hold soon; then less often, as each question takes time from what is waited for. */
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 150
const GROWTH = 1.25

/**
 * Waits for a condition in another process.
 *
 * @param holds the condition; an error counts as "not yet"
 * @param describe describes the present situation, for the message if the condition never holds
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { describe = () => '' as unknown } = {},
): Promise<void> {
  const giveUpAtMs = Date.now() + HOPELESS_MS
  let cause: unknown
  for (let pauseMs = FIRST_PAUSE_MS; Date.now() < giveUpAtMs; pauseMs *= GROWTH) {
    try {
      if (await holds()) return
    } catch (error) {
      cause = error
    }
    await pause(Math.min(pauseMs, LONGEST_PAUSE_MS))
  }
  throw new Error(`not within ${HOPELESS_MS / 1000} s: ${what} ${JSON.stringify(await describe())}`, {
    cause,
  })
}
