/** Runs the parts of a scheduled function, each separately. */
import { within } from '#runtime/waiting'

/**
 * Time that a part has before the next part starts beside it, in milliseconds. A part that waits for a server must not delay the
 * others by much: ticks that are late make timers late.
 */
const PATIENCE_MS = 10_000

type Results<Parts> = {
  readonly [Name in keyof Parts]: Parts[Name] extends () => Promise<infer Result> ? Result : never
}

/**
 * Runs parts in order. A part that fails, or takes long, does not keep the others from running.
 *
 * @returns the result of each part, by its name
 * @throws Error if parts failed, whose message names them all
 */
export async function runParts<Parts extends Readonly<Record<string, () => Promise<unknown>>>>(
  parts: Parts,
  patienceMs = PATIENCE_MS,
): Promise<Results<Parts>> {
  const running: Promise<unknown>[] = []
  for (const part of Object.values(parts)) {
    const one = part()
    running.push(one)
    await within(patienceMs, one, () => new Error('late')).catch(() => {})
  }
  const names = Object.keys(parts)
  const results = await Promise.allSettled(running)
  const failures = results.flatMap((result, at) =>
    result.status === 'rejected' ? [{ name: names[at], error: result.reason as Error }] : [],
  )
  if (failures.length > 0) {
    // Parts that need the same server fail for the same reason.
    const reasons = [...Map.groupBy(failures, ({ error }) => error.message)]
    const message = reasons.map(
      ([reason, failed]) => `${failed.map(({ name }) => name).join(', ')}: ${reason}`,
    )
    throw new Error(message.join('; '), { cause: failures.map(({ error }) => error) })
  }
  return Object.fromEntries(
    results.map((result, at) => [names[at], (result as PromiseFulfilledResult<unknown>).value]),
  ) as Results<Parts>
}
