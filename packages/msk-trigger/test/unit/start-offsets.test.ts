import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StartingPosition } from '../../config/mappings.ts'
import { startOffsets } from '../../poll/start-offsets.ts'

const TRIM_HORIZON: StartingPosition = { at: 'TRIM_HORIZON' }
const LATEST: StartingPosition = { at: 'LATEST' }
const AT_TIMESTAMP: StartingPosition = { at: 'AT_TIMESTAMP', timestampMs: 5 }

/** A topic of two partitions with the offsets 3 to 9 and 0 to 20, and a timestamp in the middle. */
function start(
  startingPosition: StartingPosition,
  committed: [number, number][],
  partitions = [0, 1],
  isRecreated = false,
) {
  const offsets = { TRIM_HORIZON: [3, 0], AT_TIMESTAMP: [6, 10], LATEST: [9, 20] }
  const cluster = {
    fetchCommittedOffsets: async () => new Map(committed),
    fetchOffsetsAt: async (_topic: string, { at }: StartingPosition) => new Map(offsets[at].entries()),
  }
  const mapping = { groupId: 'g', topic: 't', startingPosition }
  return startOffsets(cluster, mapping, partitions, isRecreated)
}
const from = (...offsets: number[]) => new Map(offsets.entries())

describe('where a partition is read from', () => {
  // Promise packages/msk-trigger/RULES.md#rule 34
  it('a new group starts at the starting position (rule 34)', async () => {
    const begun = async (position: StartingPosition) => {
      const { from: offsets, fresh } = await start(position, [])
      return [offsets, fresh]
    }
    assert.deepEqual(await begun(TRIM_HORIZON), [from(3, 0), { before: 0, after: 26 }])
    assert.deepEqual(await begun(LATEST), [from(9, 20), { before: 26, after: 0 }])
    assert.deepEqual(await begun(AT_TIMESTAMP), [from(6, 10), { before: 13, after: 13 }])
    assert.deepEqual((await start(LATEST, [], [1])).fresh, { before: 20, after: 0 }, 'of its partitions')
    assert.deepEqual((await start(TRIM_HORIZON, [])).pin, [])
  })

  it('a starting position that moves with time is committed at once', async () => {
    const pin = [
      { partition: 0, offset: 9 },
      { partition: 1, offset: 20 },
    ]
    assert.deepEqual((await start(LATEST, [])).pin, pin)
  })

  // Promise packages/msk-trigger/RULES.md#rule 36
  it('committed offsets take precedence over the starting position (rule 36)', async () => {
    const committed: [number, number][] = [
      [0, 4],
      [1, 0],
    ]
    assert.deepEqual(await start(LATEST, committed), { from: from(4, 0), pin: [] })
  })

  it('a partition that was added later is read from its beginning', async () => {
    assert.deepEqual(await start(LATEST, [[0, 4]]), { from: from(4, 0), pin: [] })
  })

  it('a topic that was created again is read from its beginning, whatever is committed', async () => {
    const pin = [
      { partition: 0, offset: 3 },
      { partition: 1, offset: 0 },
    ]
    for (const position of [LATEST, TRIM_HORIZON])
      assert.deepEqual(await start(position, [[0, 8]], [0, 1], true), { from: from(3, 0), pin })
  })

  it('no partitions need no requests', async () => {
    assert.deepEqual(await start(LATEST, [], []), { from: new Map(), pin: [] })
  })
})
