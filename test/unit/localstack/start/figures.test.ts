import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BusyConsumer } from '../../../../lib/diagnosis/stalls/condition.ts'
import { flowFigures } from '../../../../localstack/start/figures.ts'
import { figuresLine } from '../../../../localstack/start/screen.ts'
import type { StateInspection, StateSummary } from '../../../../packages/runtime/adapters/redis/inspection.ts'
import type { LogRecord } from '../../../../packages/runtime/cloudevents/record.ts'
import { MemoryLogReader } from '../../../../packages/runtime/testing/log-reader.ts'
import { deadLetterRecord, handledRecord } from '../../../support/dead-letters.ts'

const NO_ALERTS = { fired: 0, resolved: 0 }
const UP_TO_DATE = { pending: 0, busy: [] }

describe('the figures of a flow', () => {
  it('when events of foreign types come, then they count as ignored, and the sum is that of the readings', async () => {
    const flow = world(
      { processor: { appliedOffset: -1 }, alerting: { appliedOffset: -1 }, activity: { appliedOffset: -1 } },
      0,
    )
    const figures = await flowFigures(flow, 'test')
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
      figuresLine(await figures.read(), NO_ALERTS, UP_TO_DATE),
      'readings 10 · applied 5 · duplicates 2 · ignored 3 · alerts 0 fired, 0 resolved · dead letters 0',
    )
    assert.match(figuresLine(await figures.read(), NO_ALERTS, { pending: 7, busy: [] }), / · pending 7$/)
  })

  it('when people handle dead letters, then the word of that does not count as another one', async () => {
    const flow = world({}, 0)
    const add = (...records: LogRecord[]) => {
      for (const record of records)
        flow.dlq.push({
          ...record,
          topic: 'sluice.telemetry.dlq.test',
          partition: 0,
          offset: flow.dlq.length,
        })
    }
    add(deadLetterRecord({}, undefined, 'before'))
    const figures = await flowFigures(flow, 'test')
    assert.equal((await figures.read()).deadLetters, 0)
    add(
      deadLetterRecord({}, undefined, 'a'),
      deadLetterRecord({}, undefined, 'b'),
      deadLetterRecord({}, undefined, 'a'),
    )
    assert.equal((await figures.read()).deadLetters, 2)
    const ranges = [{ from: 1, to: 2 }]
    add(handledRecord({ action: 'redriven', by: 'ann', at: '2026-03-01T12:00:00Z', operation: 'o', ranges }))
    assert.equal((await figures.read()).deadLetters, 2)
    add({ ...deadLetterRecord(), value: Buffer.from('{"type":"io.sluice.dead-letter.v1"') })
    assert.equal((await figures.read()).deadLetters, 3)
  })

  it('when nothing is ignored, then nothing is said of it', async () => {
    const flow = world(
      { processor: { appliedOffset: -1 }, alerting: { appliedOffset: -1 }, activity: { appliedOffset: -1 } },
      0,
    )
    const figures = await flowFigures(flow, 'test')
    assert.doesNotMatch(figuresLine(await figures.read(), NO_ALERTS, UP_TO_DATE), /ignored/)
  })
})

describe('the line of figures', () => {
  const figures = { readings: 9, applied: 9, duplicates: 0, ignored: 0, failed: 0, deadLetters: 0 }
  const line = (...busy: BusyConsumer[]) => figuresLine(figures, NO_ALERTS, { pending: 40, busy })

  it('given busy consumers, then it begins with the largest lags and their directions', () => {
    const one = { function: 'alerting', lag: 40, direction: 'shrinking' } as const
    const other = { function: 'activity', lag: 7, direction: 'steady' } as const
    assert.match(line(one), /^busy: alerting \(lag 40, shrinking\) · readings 9 · .* dead letters 0$/)
    assert.match(
      line(one, other, other, other),
      /^busy: alerting \(lag 40, shrinking\), activity \(lag 7, steady\) and 2 more · /,
    )
  })

  it('given the end of a run, then it begins with what is still waited for', () => {
    const text = figuresLine(figures, NO_ALERTS, UP_TO_DATE, 1)
    assert.match(text, /^finishing, 1 record left · readings 9 · /)
  })
})

type PartitionStateReader = Readonly<Record<string, Partial<StateSummary>>>

/** One partition of readings, and one of dead letters. */
function world(stateKeys: PartitionStateReader, end: number) {
  let now = { stateKeys, end }
  const dlq: LogRecord[] = []
  const offsets = {
    bounds: async (topic: string) => [{ start: 0, end: topic.includes('readings') ? now.end : dlq.length }],
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
    dlq,
    log: new MemoryLogReader(dlq),
    stateKeys: { summary } as unknown as StateInspection,
    set(stateKeys: PartitionStateReader, end: number) {
      now = { stateKeys, end }
    },
  }
}
