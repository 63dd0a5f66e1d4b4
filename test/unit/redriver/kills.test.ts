import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord, OutgoingRecord } from '#runtime/cloudevents'
import { defineProcess, type FailureData } from '#runtime/consumer'
import { Unavailable } from '#runtime/pipeline'
import { ForwardStage } from '#runtime/test/support/forward-stage'
import { readRedriveTarget } from '#runtime/test/support/inside'
import { environmentReading as reading, logRecord as record } from '#runtime/test/support/records'
import { MemoryForwardCursors } from '#runtime/testing'
import { createScheduledRedriver } from '../../../lib/redriver/scheduled-run.ts'
import { FAMILIES, VOCABULARY } from '../../support/families.ts'
import { FAILED, retryContent, retryData } from '../../support/retries.ts'
import { Stage } from '../../support/stage.ts'

const RETRIES = 'sluice.telemetry.retry-1m.test'
const READINGS = 10

/** Keeps the ids of an entity's readings in their order. It throws at each of them while it `fails`. */
function keeping(name: string, mood: { fails: boolean }) {
  return defineProcess<{ ids: string[] }>(name, {
    accepts: FAMILIES.readingTypes,
    onEvent(state, { id }) {
      if (mood.fails) throw new TypeError('a bug')
      return { ids: [...(state?.ids ?? []), id] }
    },
  })
}

/** Readings of two sensors that `failing` could not process, and what the dlq-router makes of them. */
async function failedReadings() {
  const mood = { fails: true }
  const failing = new Stage(keeping('failing', mood))
  // The breaker would keep the readings: this many failures look like a bad deployment.
  const readings = Array.from({ length: READINGS }, (_, at) =>
    record(at, reading(`r${at}`, { sensor: `s-${at % 2}`, at })),
  )
  for (const reading of readings) {
    failing.latest.add(Array.from({ length: 20 }, () => ({ ...ENDED, offset: reading.offset })))
    await failing.batch([reading])
  }
  mood.fails = false
  assert.equal(failing.outcomes.filter(outcome => outcome === 'failed/unexpected-error').length, READINGS)
  const waiting = failing.events.map(({ data }, offset) =>
    record(offset, retryContent(retryData(data as FailureData)), { topic: RETRIES, timestampMs: 0 }),
  )
  return { failing, readings, waiting }
}

const ENDED = { appendMs: 0, outcome: 'applied', reason: 'processed' } as const

function redriverOn(waiting: readonly LogRecord[], partitions?: (topic: string) => number): ForwardStage {
  const { name, ...rest } = createScheduledRedriver({ env: 'test', ...VOCABULARY }, () => 0)
  return new ForwardStage(name, new MemoryForwardCursors(), waiting, rest, undefined, partitions)
}

/** Returns the returned records, as the partition of the readings has them. */
function returned(published: readonly OutgoingRecord[]): LogRecord[] {
  return published.map(({ key, value, headers }, at) => record(READINGS + at, { key, value, headers }))
}

/** Each call that has an effect: the kill comes before it, or after it and before the answer. */
const KILLS = [0, 1, 2, 3, 4, 5].flatMap(call => [`before call ${call}`, `after call ${call}`])

describe('the redriver, killed at any point', () => {
  for (const kill of KILLS)
    it(`given a kill ${kill}, then each failure is applied once, in order, by the consumer that failed`, async () => {
      const { failing, readings, waiting } = await failedReadings()
      const stage = redriverOn(waiting)
      const { isDead, ports } = mortal(stage, kill)
      await stage.wake({ ports })
      assert.ok(isDead(), 'the kill came')
      await stage.wake()
      await stage.wake()

      const back = returned(stage.publisher.publishedRecords)
      await failing.batch(back)
      const kept = await Promise.all([0, 1].map(at => failing.state(`/environment/test-site s-${at}`)))
      assert.deepEqual(kept, [
        { ids: ['r0', 'r2', 'r4', 'r6', 'r8'] },
        { ids: ['r1', 'r3', 'r5', 'r7', 'r9'] },
      ])
      const again = back.length - READINGS
      assert.deepEqual(
        failing.outcomes.slice(READINGS).sort(),
        [
          ...Array(READINGS).fill('applied/processed'),
          ...Array(again).fill('duplicate/attempt-known'),
        ].sort(),
      )

      const other = new Stage(keeping('other', { fails: false }))
      await other.batch([...readings, ...back])
      assert.deepEqual(
        other.outcomes.slice(READINGS),
        back.map(() => 'ignored/redriven-for-another'),
      )
    })

  it('given the table of kills, then some of them make copies: else nothing was tested', async () => {
    const copies = await Promise.all(
      KILLS.map(async kill => {
        const stage = redriverOn((await failedReadings()).waiting)
        await stage.wake({ ports: mortal(stage, kill).ports })
        await stage.wake()
        return stage.publisher.publishedRecords.length - READINGS
      }),
    )
    assert.ok(copies.includes(0) && copies.some(count => count > 0), `${copies}`)
  })

  it('given two at once, then each failure is applied once', async () => {
    const { failing, waiting } = await failedReadings()
    const stage = redriverOn(waiting)
    await Promise.all([stage.wake(), stage.wake()])
    await failing.batch(returned(stage.publisher.publishedRecords))
    assert.equal(failing.outcomes.filter(outcome => outcome === 'applied/processed').length, READINGS)
  })
})

describe('the redriver, and a topic that has changed', () => {
  it('given a partition that the topic does not have, then that is its failure, and the others return', async () => {
    const { waiting } = await failedReadings()
    const far = retryContent(retryData({ ...FAILED, originalPartition: 12 }))
    const log = [...waiting, record(READINGS, far, { topic: RETRIES, timestampMs: 0 })]
    const stage = redriverOn(log, () => 12)
    const { forwarded, failed } = await stage.wake()
    assert.deepEqual([forwarded, failed], [READINGS, 1])
    const [lost] = stage.publisher.publishedRecords.filter(record => readRedriveTarget(record) === undefined)
    const { errorType, error } = JSON.parse(String(lost?.value)) as FailureData
    assert.equal(errorType, 'emission-refused')
    assert.match(error, /readings\.test has 12 partitions, so partition 12/)
  })
})

/** The ports of an invocation that is killed at its calls to Kafka or Redis with this number: nothing after it has an effect. */
function mortal({ ports: { publisher, cursors } }: ForwardStage, kill: string) {
  const [when, , at] = kill.split(' ')
  let [calls, isDead] = [0, false]
  async function unlessKilled<T>(call: () => Promise<T>): Promise<T> {
    const isFatal = calls === Number(at)
    calls += 1
    const isCalled = !isDead && !(isFatal && when === 'before')
    const answer = isCalled ? await call() : undefined
    isDead ||= isFatal
    if (isDead) throw new Unavailable('broker-unavailable', 'killed')
    return answer as T
  }
  return {
    isDead: () => isDead,
    ports: {
      publisher: {
        publish: (records: readonly OutgoingRecord[]) => unlessKilled(() => publisher.publish(records)),
      },
      cursors: {
        read: cursors.read.bind(cursors),
        advance: (...args: Parameters<typeof cursors.advance>) =>
          unlessKilled(() => cursors.advance(...args)),
      },
    },
  }
}
