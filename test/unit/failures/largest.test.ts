import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Event, FailureData } from '#runtime/consumer'
import { logRecord } from '#runtime/test/support/records'
import { dlqRouter } from '../../../lib/failures/dlq-router.ts'
import { DEFAULT_POLICY } from '../../../lib/failures/policy.ts'
import { NAMES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'

const MiB = 1024 * 1024

it('given failures that just fit into their topic, then what they become fits into the next one', async () => {
  const omitted = new Set<number>()
  // Base64 makes four bytes of three.
  for (let bytes = 1.5 * MiB - 3_000; bytes < 1.5 * MiB; bytes += 150) {
    const source = new Stage()
    await source.batch([logRecord(0, { value: Buffer.alloc(bytes, 46), headers: [] })])
    const [failure] = source.publisher.publishedRecords
    assert.ok(failure)
    const router = new Stage(dlqRouter({ policy: DEFAULT_POLICY, findTopicName: () => undefined }))
    await router.batch([
      {
        ...failure,
        topic: NAMES.topicName('failures', 'test'),
        partition: 0,
        offset: 0,
        timestampMs: Date.UTC(2027, 0),
      },
    ])
    assert.deepEqual(router.outcomes, ['applied/not-retried'], `${bytes} bytes`)
    const [letter] = router.events as Event<FailureData>[]
    omitted.add(letter?.data?.omitted.length ?? Number.NaN)
  }
  assert.deepEqual([...omitted], [0, 1])
})
