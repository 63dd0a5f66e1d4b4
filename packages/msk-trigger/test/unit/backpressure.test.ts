import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Backpressure, PARTITIONS_PER_FETCH } from '../../poll/backpressure.ts'
import { PartitionQueue } from '../../poll/partition-queue.ts'
import { createMapping, fill, messages } from './support.ts'

/** `count` queues, of which the first `full` are full. */
function given(count: number, full: number) {
  const seen: string[] = []
  const queues = new Map(
    Array.from({ length: count }, (_, partition) => [
      partition,
      new PartitionQueue(createMapping(), partition, 0),
    ]),
  )
  const queue = (partition: number) => queues.get(partition) ?? assert.fail()
  for (let partition = 0; partition < full; partition += 1) fill(queue(partition), messages(0, 1_000))
  const backpressure = new Backpressure({
    pause: partition => seen.push(`pause ${partition}`),
    resume: partition => seen.push(`resume ${partition}`),
  })
  return { backpressure, queues, queue, seen }
}

describe('backpressure', () => {
  it('waits for a full queue to drain, and pauses its partition if that takes too long', async () => {
    const { backpressure, queues, queue, seen } = given(2, 2)
    const waits = [backpressure.pauseIfFull(queue(0), queues), backpressure.pauseIfFull(queue(1), queues)]
    queue(0).take(10)
    await Promise.all(waits)
    assert.deepEqual(seen, ['pause 1'])
    await backpressure.pauseIfFull(queue(1), queues)
    assert.deepEqual(seen, ['pause 1'], 'once is enough')
  })

  it('pauses at once if full queues would keep others from being fetched', async () => {
    const { backpressure, queues, queue, seen } = given(PARTITIONS_PER_FETCH + 1, PARTITIONS_PER_FETCH)
    await backpressure.pauseIfFull(queue(0), queues)
    assert.deepEqual(seen, ['pause 0'])
  })
})
