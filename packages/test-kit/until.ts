import { setTimeout as pause } from 'node:timers/promises'

/** Time limit of waits, in milliseconds: several times the duration of the slowest wait on a quarter of a CPU core. */
export const HOPELESS_MS = 5 * 60_000

/**
 * First pause between checks, in milliseconds. It is short, because most conditions are soon fulfilled. Later pauses are longer,
 * because checks slow down the process that is awaited.
 */
const FIRST_PAUSE_MS = 20
const MAX_PAUSE_MS = 150
const GROWTH = 1.25

/**
 * Waits for a condition in another process.
 *
 * @param holds checks the condition. An error means that the condition is not fulfilled yet.
 * @param describe describes the current situation. The wait continues as long as the situation changes; the error message contains
 * it.
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
