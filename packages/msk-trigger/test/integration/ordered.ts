import assert from 'node:assert/strict'
import type { Invocation } from './project.ts'

/**
 * Checks that a function received every record of a topic, and those of each partition in order. A batch may be repeated
 * after a failure or a restart, from a record on that was already delivered; nothing may be skipped.
 *
 * @param ends the offset after the last record of each partition
 * @returns how many deliveries were repetitions
 */
export function assertAllInOrder(
  invocations: readonly Pick<Invocation, 'event'>[],
  topic: string,
  ends: readonly number[],
): number {
  assert.ok(
    ends.some(end => end > 0),
    `${topic} has records`,
  )
  let repeated = 0
  for (const [partition, end] of ends.entries()) {
    const name = `${topic}-${partition}`
    let next = 0
    for (const { event } of invocations) {
      const offsets = event.records[name]?.map(({ offset }) => offset) ?? []
      const [first] = offsets
      if (first === undefined) continue
      assert.deepEqual(
        offsets,
        offsets.map((_, n) => first + n),
        `a batch of ${name} has no gap`,
      )
      assert.ok(first <= next, `${name} continues with ${first}, and ${next} was not delivered`)
      const after = first + offsets.length
      repeated += Math.min(after, next) - first
      next = Math.max(next, after)
    }
    assert.equal(next, end, `${name} was delivered up to its end`)
  }
  return repeated
}
