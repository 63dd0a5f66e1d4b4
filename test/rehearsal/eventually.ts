import { setTimeout as pause } from 'node:timers/promises'

/** Interval of the questions, which read whole topics. */
const ASK_EVERY_MS = 300
/** Maximum wait, for a busy machine. */
const WITHIN_MS = 180_000

/**
 * Waits for a condition in other processes.
 *
 * @param answer undefined while it does not hold; an error counts as "not yet", because a busy broker may have no leader for a moment
 * @param situation says what is missing, for the message if it never holds
 */
export async function eventually<T>(
  what: string,
  answer: () => Promise<T | undefined>,
  situation: () => Promise<string> = async () => '',
): Promise<T> {
  const giveUpAtMs = Date.now() + WITHIN_MS
  let cause: unknown
  for (;;) {
    try {
      const found = await answer()
      if (found !== undefined) return found
    } catch (error) {
      cause = error
    }
    if (Date.now() > giveUpAtMs)
      throw new Error(`not within ${WITHIN_MS / 1000} s: ${what} ${await situation()}`, { cause })
    await pause(ASK_EVERY_MS)
  }
}
