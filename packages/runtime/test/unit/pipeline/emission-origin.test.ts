/** Which records are repeats by their origin and sequence, for each kind of consumer. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OutgoingRecord } from '../../../cloudevents/record.ts'
import { buildRedriveHeaders } from '../../../cloudevents/redrive.ts'
import type { Event } from '../../../consumer/event.ts'
import { failureId } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess, reject } from '../../../consumer/process.ts'
import type { SegmentSink } from '../../../consumer/segment-sink.ts'
import type { Sink } from '../../../consumer/sink.ts'
import type { Process } from '../../../pipeline/consumer.ts'
import { RecordRefused } from '../../../pipeline/errors.ts'
import { entryAt, formatOrigin } from '../../../pipeline/outbox/position.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { topicName } from '../../support/application.ts'
import { environmentReading, logRecord } from '../../support/records.ts'
import { counting, Stage } from '../../support/stage.ts'

const READINGS = topicName('readings', 'test')
const ORIGIN = formatOrigin(
  { consumer: 'upstream', topic: 'a.topic', partition: 3 },
  { cluster: 'c', topicId: '1' },
)
const OTHER_LOG = ORIGIN.replace(/1$/, '2')

const process: KeyedProcess<number> = {
  ...(counting as object),
  name: 'reading',
  accepts: ['io.sluice.environment.reading.v1'],
  onEvent: (count = 0, { id }) => (id.startsWith('bad') ? reject('bad') : completeStep('counted', count + 1)),
}
const sink: Sink = {
  name: 'reading',
  accepts: ['io.sluice.environment.reading.v1'],
  deliver: async deliveries => deliveries.map(() => ({ kind: 'delivered', reason: 'counted' })),
}
const segmentSink: SegmentSink = {
  name: 'reading',
  accepts: ['io.sluice.environment.reading.v1'],
  segments: { offsets: 1, bytes: 1_000_000, afterMs: 1_000 },
  write: async () => ({ kind: 'written', reason: 'counted', rejected: new Map() }),
} as unknown as SegmentSink

function createStage(kind: unknown): Stage {
  const stage = new Stage(kind as Process)
  const emitters = new Map([[READINGS, new Set(['upstream'])]])
  // Nothing is known by its id.
  stage.consumer = { ...stage.consumer, emitters, idWindowMs: 0 }
  return stage
}

function sent(id: string, sequence: string, origin = ORIGIN): Event {
  return environmentReading(id, { extensions: { origin, sequence } })
}

function sequenceAt(offset: number, index = 0, takeoverMs?: number): string {
  const at = takeoverMs === undefined ? { offset, index } : { offset, index, takeoverMs }
  return entryAt({ to: 'events', key: null, event: environmentReading('x') }, at).position
}

async function runForOutcomes(kind: unknown, ...events: readonly Event[]): Promise<string[]> {
  const stage = createStage(kind)
  for (const [offset, event] of events.entries()) await stage.batch([logRecord(offset, event)])
  return stage.outcomes
}

const [APPLIED, REPEAT] = ['applied/counted', 'duplicate/not-higher']

for (const [kind, consumer] of [
  ['process', process],
  ['sink', sink],
  ['segment sink', segmentSink],
] as const)
  describe(`repeats of emissions, for a ${kind}`, () => {
    // Promise docs/guarantees.md#An emission that our consumers read again counts once, however late
    it('given the same sequence again, or a lower one, then it is a repeat, whatever its id', async () => {
      const events = [sent('1', sequenceAt(7)), sent('2', sequenceAt(7)), sent('3', sequenceAt(6, 9))]
      assert.deepEqual(await runForOutcomes(consumer, ...events), [APPLIED, REPEAT, REPEAT])
    })

    it('given a higher one, another origin or a recreated source, then it is new', async () => {
      const events = [
        sent('1', sequenceAt(7)),
        sent('2', sequenceAt(7, 1)),
        sent('3', sequenceAt(1), ORIGIN.replace(':3:', ':4:')),
        sent('4', sequenceAt(0), OTHER_LOG),
        sent('5', sequenceAt(8)),
      ]
      assert.deepEqual(
        await runForOutcomes(consumer, ...events),
        events.map(() => APPLIED),
      )
    })

    it('given an origin that is not declared, or no sequence of ours, then it is as before', async () => {
      const foreign = ORIGIN.replace('upstream', 'somebody')
      const events = [
        sent('1', sequenceAt(7), foreign),
        sent('2', sequenceAt(6), foreign),
        sent('3', '9'),
        sent('4', '8'),
        environmentReading('5'),
        environmentReading('6', { extensions: { sequence: sequenceAt(1) } }),
      ]
      assert.deepEqual(
        await runForOutcomes(consumer, ...events),
        events.map(() => APPLIED),
      )
    })
  })

describe('repeats of emissions', () => {
  it('given a redriven record, then its failure decides, and it does not raise the sequence', async () => {
    const stage = createStage(process)
    const failed = logRecord(0, sent('bad', sequenceAt(5)))
    const failure = failureId('reading', failed)
    const redrive = { consumer: 'reading', failure, attempt: 2, history: [], place: failed }
    const again = { ...failed, offset: 2, headers: [...failed.headers, ...buildRedriveHeaders(redrive)] }
    await stage.batch([failed, logRecord(1, sent('2', sequenceAt(6))), again])
    assert.deepEqual(stage.outcomes, ['failed/rejected', APPLIED, 'failed/rejected'])
    const aimedHigher = logRecord(3, sent('x', sequenceAt(9)))
    const aimed = { ...aimedHigher, headers: [...aimedHigher.headers, ...buildRedriveHeaders(redrive)] }
    await stage.batch([aimed, logRecord(4, sent('3', sequenceAt(7)))])
    assert.equal(stage.outcomes.at(-1), APPLIED)
  })

  it('given an emission that Kafka refuses, then the failure record that follows later ones has no origin', async () => {
    const emitting: KeyedProcess<number> = {
      ...process,
      onEvent: (_, { id, entity }) => {
        if (id === 'bad') throw new Error('bad')
        const about = { key: entity, type: 'test.x', source: '/reading', data: {} }
        return completeStep('sent', 1, [{ name: 'n', to: 'analytics', ...about }])
      },
    }
    const published: OutgoingRecord[] = []
    const publish = async (records: readonly OutgoingRecord[]) => {
      const isRefused = ({ topic }: OutgoingRecord) => topic === topicName('analytics', 'test')
      published.push(...records.filter(record => !isRefused(record)))
      const unwritten = records.flatMap((record, index) => (isRefused(record) ? [index] : []))
      if (unwritten.length > 0) throw Object.assign(new RecordRefused('refused'), { unwritten })
    }
    const log = ['ok', 'bad'].map((id, offset) => logRecord(offset, environmentReading(id)))
    const stage = new Stage(emitting as KeyedProcess<unknown>)
    const ports = { publisher: { publish }, log: new MemoryLogReader(log, 9, 'id') }
    await stage.batch(log, { ports: { ...ports, breaker: { open: async () => Number.NEGATIVE_INFINITY } } })
    const carried = published.map(({ headers, value }) => [
      JSON.parse(String(value)).errorType,
      headers.some(([name]) => name === 'ce_origin'),
    ])
    assert.deepEqual(carried, [
      ['unexpected-error', true],
      ['emission-refused', false],
    ])
  })
})
