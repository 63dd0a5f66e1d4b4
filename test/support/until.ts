import { setTimeout as pause } from 'node:timers/promises'

const ASK_EVERY_MS = 25

/**
 * Waits for a condition in another process.
 *
 * @param holds the condition; an error counts as "not yet"
 * @param describe describes the present situation, for the message if the condition never holds
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { withinMs = 60_000, describe = () => '' as unknown } = {},
): Promise<void> {
  const giveUpAtMs = Date.now() + withinMs
  let cause: unknown
  while (Date.now() < giveUpAtMs) {
    try {
      if (await holds()) return
    } catch (error) {
      cause = error
    }
    await pause(ASK_EVERY_MS)
  }
  throw new Error(`not within ${withinMs} ms: ${what} ${JSON.stringify(await describe())}`, { cause })
}
