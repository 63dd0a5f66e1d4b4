/** The fine print, rule 24: a topic that has grown. `../growing.property.test.ts` is about the states that move. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { partitionOf } from '../../../../../lib/runtime/consumer/murmur2.ts'
import { LAST_GENERATION, placeOf } from '../../../../../lib/runtime/pipeline/deciding/emission.ts'
import { EMPTY_META } from '../../../../../lib/runtime/pipeline/recovery/checkpoints.ts'
import { inPages } from '../../../../support/parts.ts'
import { environmentReading as reading, logRecord as record } from '../../../../support/records.ts'
import { Stage } from '../../../../support/stage.ts'

const KEY = 'foobar'

/** A stage whose topic has grown. */
async function grownStage(generation: number, partitions: number, partition: number): Promise<Stage> {
  const stage = new Stage()
  const meta = { ...EMPTY_META, partitioning: { generation, partitions } }
  const state = stage.stateKey(partition)
  await stage.store.replace(state, EMPTY_META.version, inPages([{ kind: 'meta', meta }]))
  return stage
}

describe('rule 24: a topic that has grown', () => {
  it('rule 24: given a topic that has grown, then emissions have a higher sequence than any before', async () => {
    const sequences: string[] = []
    for (const generation of [0, 1, 9, 10, LAST_GENERATION]) {
      const stage = await grownStage(generation, 20, 0)
      // The offsets of the new partition are lower than those before.
      const offset = LAST_GENERATION - generation
      await stage.batch([record(0, reading('a')), record(offset + 1, reading('b'))])
      const sequence = stage.events[0]?.extensions?.sequence ?? ''
      assert.deepEqual(placeOf(sequence), { offset: offset + 1, index: 0, generation })
      sequences.push(sequence)
    }
    assert.deepEqual(sequences, [...sequences].sort())
  })

  it('rule 24: given a topic that has grown, then a key counts as misrouted by its present partitions', async () => {
    const [home, before] = [19, 12].map(count => partitionOf(Buffer.from(KEY), count)) as [number, number]
    assert.notEqual(home, before)
    const misroutedIn = async (partition: number) => {
      const stage = await grownStage(1, 19, partition)
      await stage.batch([{ ...record(0, reading('a'), { partition }), key: Buffer.from(KEY) }])
      return stage.observer.misroutedAt
    }
    assert.deepEqual(await misroutedIn(home), [])
    assert.deepEqual(await misroutedIn(before), [{ fromOffset: 0, count: 1 }])
  })
})
