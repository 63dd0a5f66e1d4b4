import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import { PartitionCounts } from '../../../console/kafka-outage.ts'

/** Kafka as `answer` says, and a clock. */
function given(answer: () => Promise<number>) {
  const seen = { asked: 0, nowMs: 0 }
  const bounds = async () => {
    seen.asked += 1
    return Array.from({ length: await answer() })
  }
  return { counts: new PartitionCounts(bounds, () => seen.nowMs), seen }
}

const away = () => Promise.reject(new Unavailable('broker-unavailable', 'no broker'))

describe('how many partitions a topic has', () => {
  it('given a topic that has grown, then Kafka is asked, and not again for a while', async () => {
    const { counts, seen } = given(async () => 20)
    assert.deepEqual(await Promise.all([counts.get('t', 12), counts.get('t', 12)]), [20, 20])
    assert.equal(await counts.get('t', 12), 20)
    assert.equal(seen.asked, 1)
    seen.nowMs += 60_000
    await counts.get('t', 12)
    assert.equal(seen.asked, 2)
  })

  it("given that Kafka is away, then the table counts, or Kafka's earlier answer", async () => {
    let answer = away
    const { counts, seen } = given(() => answer())
    assert.equal(await counts.get('t', 12), 12)
    answer = async () => 20 as never
    seen.nowMs += 60_000
    assert.equal(await counts.get('t', 12), 20)
    answer = away
    seen.nowMs += 60_000
    assert.equal(await counts.get('t', 12), 20)
  })

  it('given that Kafka is silent, then the answer does not wait for it', async () => {
    const { counts } = given(() => new Promise(() => {}))
    const waiting = setTimeout(() => {}, 5_000)
    assert.equal(await counts.get('t', 12), 12)
    clearTimeout(waiting)
  })

  it('given a bug, then it is thrown, and not kept', async () => {
    let isBroken = true
    const { counts } = given(async () => {
      if (isBroken) throw new TypeError('a bug')
      return 20
    })
    await assert.rejects(counts.get('t', 12), /a bug/)
    isBroken = false
    assert.equal(await counts.get('t', 12), 20)
  })
})
