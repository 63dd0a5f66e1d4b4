import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { originalHeaders } from '#runtime/cloudevents'
import { type FailureData, failureId, type SourceRecord } from '#runtime/consumer'
import { ForwardStage } from '#runtime/test/support/forward-stage'
import {
  describeFailure,
  type Forwarding,
  readRedriveHistory,
  readRedriveTarget,
  rejection,
} from '#runtime/test/support/inside'
import { logRecord } from '#runtime/test/support/records'
import { ForwarderKit, MemoryForwardCursors } from '#runtime/testing'
import { createScheduledRedriver } from '../../../lib/redriver/scheduled-run.ts'
import { APPLICATION, VOCABULARY } from '../../support/families.ts'
import { FAILED, retryContent, retryData, waitingRecord } from '../../support/retries.ts'

const DELAY_MS = 60_000
const { forward } = createScheduledRedriver({ env: 'test', ...VOCABULARY }, () => DELAY_MS)

async function movedBy(record: SourceRecord, nowMs = DELAY_MS) {
  const forwarding = await forward(record, nowMs)
  assert.equal(forwarding.kind, 'forwarded', JSON.stringify(forwarding))
  return (forwarding as Extract<Forwarding, { kind: 'forwarded' }>).record
}

async function whyRejected(record: SourceRecord): Promise<string> {
  const forwarding = await forward(record, DELAY_MS)
  assert.equal(forwarding.kind, 'rejected')
  return (forwarding as Extract<Forwarding, { kind: 'rejected' }>).why
}

describe('the redriver', () => {
  // Promise docs/failures.md#how-a-record-returns | A retry returns byte for byte, for its consumer alone, and not before its delay.
  for (const mode of ['binary', 'structured'] as const)
    it(`given a failure in ${mode} mode, then its bytes return to its partition, for its consumer`, async () => {
      const moved = await movedBy(waitingRecord({}, 0, mode))
      assert.deepEqual([moved.topic, moved.partition], [FAILED.originalTopic, 9])
      assert.equal(moved.key?.toString('base64'), FAILED.originalKey)
      assert.equal(moved.value?.toString('base64'), FAILED.originalValue)
      assert.deepEqual(
        originalHeaders(moved).map(([name, value]) => ({
          name,
          value: Buffer.from(value as Buffer).toString('base64'),
        })),
        FAILED.originalHeaders,
      )
      const place = { topic: FAILED.originalTopic, partition: 9, offset: 186 }
      assert.deepEqual(readRedriveTarget(moved), {
        consumer: 'processor',
        failure: failureId('processor', place),
        attempt: 2,
        place: { partition: 9, offset: 186, timestampMs: FAILED.originalTimestamp },
      })
      const { attempt, failedAt, errorType, error } = FAILED
      assert.deepEqual(readRedriveHistory(moved), [{ attempt, failedAt, errorType, error }])
    })

  it('given a record without key and value, then it returns without them', async () => {
    const moved = await movedBy(waitingRecord({ originalKey: null, originalValue: null }))
    assert.deepEqual([moved.key, moved.value], [null, null])
  })

  it('given its time, then it returns at that millisecond, and not before', async () => {
    assert.deepEqual(forward(waitingRecord({}, 5), DELAY_MS + 4), { kind: 'not-due', dueMs: DELAY_MS + 5 })
    assert.equal((await forward(waitingRecord({}, 5), DELAY_MS + 5)).kind, 'forwarded')
  })

  it("given a broker's clock that is ahead, then the record waits longer, and never less than its delay", async () => {
    const ahead = 30_000
    assert.equal((await forward(waitingRecord({}, ahead), DELAY_MS + ahead - 1)).kind, 'not-due')
    assert.equal((await forward(waitingRecord({}, ahead), DELAY_MS + ahead)).kind, 'forwarded')
  })

  const original = { originalTopic: 'sluice.telemetry.readings.test' }
  const broken: [name: string, content: Pick<SourceRecord, 'value' | 'headers'>, why: RegExp][] = [
    ['a tombstone', { value: null, headers: [] }, /^not-a-cloudevent/],
    ['garbage', { value: Buffer.from([0xff]), headers: [] }, /^not-a-cloudevent/],
    [
      'an event that is cut off',
      {
        value: Buffer.from('{"specversion"'),
        headers: [['content-type', Buffer.from('application/cloudevents+json')]],
      },
      /^malformed-event/,
    ],
    ['no data', retryContent(undefined), /^schema-violated/],
    [
      'a field that is missing',
      retryContent({ ...retryData(), consumer: undefined }),
      /^schema-violated.*consumer/,
    ],
    [
      'an invalid partition',
      retryContent({ ...retryData(), originalPartition: -1 }),
      /^schema-violated.*originalPartition/,
    ],
    ['a value that is not base64', retryContent(retryData({ originalValue: 'a*b=' })), /base64/],
    [
      'a header that is not base64',
      retryContent(retryData({ originalHeaders: [{ name: 'a', value: 'abc' }] })),
      /base64/,
    ],
    [
      'a value that is only in the log',
      retryContent(retryData({ ...original, originalValue: null, omitted: ['value'] })),
      /readings\.test\/9, offset 186, and only there is all of it: value left out/,
    ],
    [
      'a topic that is not there',
      retryContent(retryData({ originalTopic: 'sluice.telemetry.gone.test' })),
      /it comes from sluice\.telemetry\.gone\.test\/9, offset 186: no consumer of this environment reads/,
    ],
    [
      'a topic of another environment',
      retryContent(retryData({ originalTopic: 'sluice.telemetry.readings.prod' })),
      /readings\.prod.*no consumer of this environment/,
    ],
    [
      'a failure of the redriver itself',
      retryContent(retryData({ originalTopic: 'sluice.telemetry.retry-1m.test', consumer: 'redriver' })),
      /no consumer of this environment/,
    ],
  ]
  for (const [name, content, why] of broken)
    it(`given ${name}, then it is rejected with a reason`, async () => {
      assert.match(await whyRejected({ ...waitingRecord(), ...content }), why)
    })

  it('given what is rejected, then the reason is logged, but nothing that has not the form of a topic', async () => {
    const logged = async (originalTopic: string) => {
      const content = retryContent(retryData({ originalTopic }))
      const forwarding = await forward({ ...waitingRecord(), ...content }, DELAY_MS)
      assert.ok(forwarding.kind === 'rejected')
      return describeFailure(rejection(forwarding)).failure
    }
    assert.match(String(await logged('gone')), /^it comes from gone\/9, offset 186: no consumer/)
    assert.equal(await logged('{"secret": 1}'), 'it comes from what is not a topic')
  })

  it('given an event of another type, then it is rejected, although its data would do', async () => {
    const { value, headers } = waitingRecord()
    const others = headers.filter(([name]) => name !== 'ce_type')
    const type = ['ce_type', Buffer.from('io.sluice.failure.v1')] as const
    assert.match(
      await whyRejected({ ...waitingRecord(), value, headers: [...others, type] }),
      /its type is not/,
    )
  })

  it('given that it must wait, then a broken record waits as well: nothing is decided before its time', async () => {
    assert.equal((await forward({ ...waitingRecord(), value: null, headers: [] }, 0)).kind, 'not-due')
  })

  it('given a topic that is not its own, then it throws: it was assembled wrongly', () => {
    assert.throws(() => forward({ ...waitingRecord(), topic: 'elsewhere' }, DELAY_MS), /not one of/)
  })

  it('given several, then those that are due return in order, and broken ones do not block', async () => {
    const kit = new ForwarderKit(
      APPLICATION,
      createScheduledRedriver({ env: 'test', ...VOCABULARY }, () => DELAY_MS),
    )
    const waiting = (offset: number, timestampMs: number) => ({
      ...retryContent(retryData({ originalOffset: offset })),
      timestampMs,
    })
    const emitted = { value: null, headers: [['ce_origin', Buffer.from('dlq-router:c:t:0:1')]] as const }
    kit.append('retry-1m', waiting(1, 0), emitted, waiting(2, 10), waiting(3, 20))
    assert.deepEqual(await kit.wake(DELAY_MS + 10), [
      'applied/redriven',
      'failed/rejected',
      'applied/redriven',
      `waits/${new Date(DELAY_MS + 20).toISOString()}`,
    ])
    assert.deepEqual(await kit.wake(DELAY_MS + 20), ['applied/redriven'])
    const failures = kit.publishedRecords
      .map(record => readRedriveTarget(record)?.failure)
      .filter(id => id !== undefined)
    const ids = [1, 2, 3].map(offset =>
      failureId('processor', { topic: FAILED.originalTopic, partition: 9, offset }),
    )
    assert.deepEqual(failures, ids)
    const lost = kit.publishedRecords.find(record => readRedriveTarget(record) === undefined)
    const { consumer, errorType, error } = JSON.parse(String(lost?.value)) as FailureData
    assert.deepEqual([consumer, errorType], ['redriver', 'rejected'])
    assert.match(error, /^malformed-event/)
    // It has no sequence within an origin, so it must not look like an emission.
    assert.ok(!lost?.headers.some(([name]) => name === 'ce_origin'))
  })
  it('given a partition that the topic does not have, then that is its failure, and the others return', async () => {
    const { name, ...rest } = createScheduledRedriver({ env: 'test', ...VOCABULARY }, () => 0)
    const far = retryContent(retryData({ originalPartition: 12 }))
    const log = [far, retryContent(retryData())].map((content, offset) =>
      logRecord(offset, content, { topic: waitingRecord().topic, timestampMs: 0 }),
    )
    const stage = new ForwardStage(name, new MemoryForwardCursors(), log, rest, undefined, () => 12)
    const { forwarded, failed } = await stage.wake()
    assert.deepEqual([forwarded, failed], [1, 1])
    const { errorType, error } = JSON.parse(String(stage.publisher.publishedRecords[0]?.value)) as FailureData
    assert.equal(errorType, 'emission-refused')
    assert.match(error, /readings\.test has 12 partitions, so partition 12/)
  })
})
