/** Explains why a topic has no record at a position. */
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'

/** Explains in a sentence why a position is outside the topic's bounds; undefined if it is within them. Pure. */
export function outOfBounds(
  {
    topic,
    partition,
    offset,
  }: { readonly topic: string; readonly partition: number; readonly offset: number },
  bounds: readonly Bounds[],
): string | undefined {
  const bound = bounds[partition]
  const where = `${topic}/${partition}`
  if (!bound) return `${topic} has no partition ${partition}; the last is ${bounds.length - 1}.`
  if (offset < bound.start)
    return `The message at offset ${offset} has expired: ${where} begins at offset ${bound.start} now.`
  if (offset >= bound.end)
    return `There is no offset ${offset} yet: ${where} ends before offset ${bound.end}.`
  return undefined
}
