import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TopicOffsets } from '../../../../lib/adapters/kafka/offsets.ts'
import type { SlotInspection, SlotSummary } from '../../../../lib/adapters/redis/inspection.ts'
import { FlowFigures } from '../../../../localstack/start/figures.ts'
import { figuresLine } from '../../../../localstack/start/screen.ts'

const NO_ALERTS = { fired: 0, resolved: 0 }

describe('the figures of a flow', () => {
  it('when events of foreign types come, then they are shown as ignored, and the sum is that of the readings', async () => {
    const flow = world({ processor: { mark: -1 }, alerting: { mark: -1 }, activity: { mark: -1 } }, 0)
    const figures = await FlowFigures.from(flow.offsets, flow.slots, 'test')
    const tally = { 'applied/counted': 5, 'duplicate/id': 2, 'ignored/foreign-type': 3, 'ignored/tick': 7 }
    flow.set({ processor: { mark: 16, tally }, alerting: { mark: 16 }, activity: { mark: 16 } }, 17)
    assert.equal(
      figuresLine(await figures.read(), NO_ALERTS, 0),
      'readings 10 · applied 5 · duplicates 2 · ignored 3 · alerts 0 fired, 0 resolved · dead letters 0',
    )
    assert.match(figuresLine(await figures.read(), NO_ALERTS, 7), / · pending 7$/)
  })

  it('when nothing is ignored, then nothing is said of it', async () => {
    const flow = world({ processor: { mark: -1 }, alerting: { mark: -1 }, activity: { mark: -1 } }, 0)
    const figures = await FlowFigures.from(flow.offsets, flow.slots, 'test')
    assert.doesNotMatch(figuresLine(await figures.read(), NO_ALERTS, 0), /ignored/)
  })
})

type Slots = Readonly<Record<string, Partial<SlotSummary>>>

/** One partition of readings, and none of dead letters. */
function world(slots: Slots, end: number) {
  let now = { slots, end }
  const offsets = { ends: async (topic: string) => (topic.includes('readings') ? [now.end] : []) }
  const summary = async ({ consumer }: { consumer: string }) => ({
    mark: -1,
    entities: 0,
    outbox: 0,
    tally: {},
    ...now.slots[consumer],
  })
  return {
    offsets: offsets as TopicOffsets,
    slots: { summary } as unknown as SlotInspection,
    set(slots: Slots, end: number) {
      now = { slots, end }
    },
  }
}
