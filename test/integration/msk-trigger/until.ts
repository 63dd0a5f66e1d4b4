import { setTimeout as delay } from 'node:timers/promises'

/** Waits for a condition that lies in another process; an error while asking counts as "not yet". */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const endAtMs = Date.now() + timeoutMs
  let lastError: unknown
  while (Date.now() < endAtMs) {
    try {
      if (await holds()) return
    } catch (error) {
      lastError = error
    }
    await delay(25)
  }
  throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: lastError })
}
