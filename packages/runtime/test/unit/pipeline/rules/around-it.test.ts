/** The fine print, "Around it": see docs/guarantees.md. What needs servers is in test/integration/adapters. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unavailable } from '../../../../pipeline/errors.ts'
import type { StateKey } from '../../../../pipeline/model/partition-state.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

/** A stage on which what is asked of the partition state of partition 0 waits until it is let go. */
function withSlowPartition() {
  const stage = new Stage()
  const load = stage.store.load.bind(stage.store)
  const slow = Promise.withResolvers<void>()
  stage.store.load = async (stateKey: StateKey, wanted) => {
    if (stateKey.partition === 0) await slow.promise
    return load(stateKey, wanted)
  }
  return { stage, slow }
}

const batch = [0, 1].flatMap(partition =>
  [0, 1].map(offset => record(offset, reading(`${partition} ${offset}`), { partition })),
)

describe('rule 25: nothing runs after the response', () => {
  // Promise docs/guarantees.md#rule 25
  for (const partialResponses of [true, false])
    it(`rule 25: given a failing and a slow partition, ${partialResponses ? 'with' : 'without'} partial responses, then it waits for both`, async () => {
      const { stage, slow } = withSlowPartition()
      const publish = stage.publisher.publish.bind(stage.publisher)
      const failed = Promise.withResolvers<void>()
      stage.publisher.publish = records => {
        stage.publisher.publish = publish
        failed.resolve()
        return Promise.reject(new Unavailable('broker-unavailable', `${records.length} not taken`))
      }
      let isAnswered = false
      const answer = stage
        .batch(batch, { partialResponses })
        .catch(() => {})
        .finally(() => {
          isAnswered = true
        })
      await failed.promise
      await new Promise(setImmediate)
      assert.equal(isAnswered, false)
      slow.resolve()
      await answer
      assert.equal(stage.events.length, 1)
    })
})

describe('rule 26: a slow partition does not slow the others', () => {
  // Promise docs/guarantees.md#rule 26
  it('rule 26: given one that is slow, then the others are decided and published beside it', async () => {
    const { stage, slow } = withSlowPartition()
    const publish = stage.publisher.publish.bind(stage.publisher)
    const published = Promise.withResolvers<void>()
    stage.publisher.publish = async records => {
      await publish(records)
      published.resolve()
    }
    const answer = stage.batch(batch)
    await published.promise
    assert.deepEqual(await stage.state('/environment/test-site s-1', 1), { count: 2 })
    assert.equal(stage.events.length, 1)
    slow.resolve()
    assert.deepEqual(await answer, { batchItemFailures: [] })
    assert.equal(stage.events.length, 2)
  })
})
