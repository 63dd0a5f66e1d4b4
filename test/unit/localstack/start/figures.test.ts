import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StateInspection, StateSummary } from '../../../../lib/runtime/adapters/redis/inspection.ts'
import { FlowFigures } from '../../../../localstack/start/figures.ts'
import { figuresLine } from '../../../../localstack/start/screen.ts'

const NO_ALERTS = { fired: 0, resolved: 0 }

describe('the figures of a flow', () => {
  it('when events of foreign types come, then they count as ignored, and the sum is that of the readings', async () => {
    const flow = world(
      { processor: { appliedOffset: -1 }, alerting: { appliedOffset: -1 }, activity: { appliedOffset: -1 } },
      0,
    )
    const figures = await FlowFigures.from(flow.offsets, flow.stateKeys, 'test')
    const tally = {
      'applied/counted': 5,
      'duplicate/id': 2,
      'ignored/foreign-type': 3,
      'ignored/tick': 7,
      'ignored/rule-set': 1,
    }
    flow.set(
      {
        processor: { appliedOffset: 17, tally },
        alerting: { appliedOffset: 17 },
        activity: { appliedOffset: 17 },
      },
      18,
    )
    assert.equal(
      figuresLine(await figures.read(), NO_ALERTS, 0),
      'readings 10 · applied 5 · duplicates 2 · ignored 3 · alerts 0 fired, 0 resolved · dead letters 0',
    )
    assert.match(figuresLine(await figures.read(), NO_ALERTS, 7), / · pending 7$/)
  })

  it('when nothing is ignored, then nothing is said of it', async () => {
    const flow = world(
      { processor: { appliedOffset: -1 }, alerting: { appliedOffset: -1 }, activity: { appliedOffset: -1 } },
      0,
    )
    const figures = await FlowFigures.from(flow.offsets, flow.stateKeys, 'test')
    assert.doesNotMatch(figuresLine(await figures.read(), NO_ALERTS, 0), /ignored/)
  })
})

type PartitionStateReader = Readonly<Record<string, Partial<StateSummary>>>

/** One partition of readings, and none of dead letters. */
function world(stateKeys: PartitionStateReader, end: number) {
  let now = { stateKeys, end }
  const offsets = {
    bounds: async (topic: string) => (topic.includes('readings') ? [{ start: 0, end: now.end }] : []),
  }
  const summary = async ({ consumer }: { consumer: string }) => ({
    appliedOffset: -1,
    entities: 0,
    outbox: 0,
    tally: {},
    ...now.stateKeys[consumer],
  })
  return {
    offsets,
    stateKeys: { summary } as unknown as StateInspection,
    set(stateKeys: PartitionStateReader, end: number) {
      now = { stateKeys, end }
    },
  }
}
