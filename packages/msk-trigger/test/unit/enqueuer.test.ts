import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Enqueuer } from '../../poll/enqueuer.ts'
import type { Entry, Intake } from '../../poll/intake.ts'
import { PartitionQueue } from '../../poll/partition-queue.ts'
import { createMapping, delivered, messages, recordedReports } from './support.ts'

function given(intake: Intake) {
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const queue = new PartitionQueue(createMapping(), 0, 0)
  const { reports, written } = recordedReports()
  const enqueuer = new Enqueuer({
    name: 'f',
    backoff: { retryDelayMs: 0, maxRetryDelayMs: 0 },
    log: { notice: note, warning: note, error: note },
    intake,
    reports,
    ending: new AbortController().signal,
  })
  const receive = (from: number, to: number) =>
    new Promise<void>(resolve => enqueuer.enqueue(queue, messages(from, to), resolve))
  return { queue, receive, enqueuer, log, written, offsets: () => queue.pending.map(({ offset }) => offset) }
}

describe('fetched records', () => {
  it('keep their order, however long the intake takes', async () => {
    const answers: (() => void)[] = []
    const { receive, offsets } = given(
      (_, list) => new Promise<readonly Entry[]>(resolve => answers.push(() => resolve(delivered(list)))),
    )
    const first = receive(0, 2)
    const second = receive(2, 4)
    assert.equal(answers.length, 1, 'the second intake starts after the first')
    answers[0]?.()
    await first
    assert.deepEqual(offsets(), [0, 1])
    await new Promise(setImmediate)
    answers[1]?.()
    await second
    assert.deepEqual(offsets(), [0, 1, 2, 3])
  })

  it('wait while the intake fails, with a log line, and no record is lost', async () => {
    let failures = 3
    const { receive, offsets, log } = given(async (_, list) => {
      if (failures-- > 0) throw new Error('the registry is unavailable')
      return delivered(list)
    })
    await receive(0, 2)
    assert.deepEqual(offsets(), [0, 1])
    assert.deepEqual(log, [
      'f  partition 0 waits: the registry is unavailable. Retrying (attempt 1)',
      'f  partition 0 waits: the registry is unavailable. Retrying (attempt 2)',
    ])
  })

  it('given an intake that leaves one out, then all of them wait for an entry', async () => {
    let calls = 0
    const { receive, offsets, log } = given((_, list) => delivered(list.slice(calls++ < 2 ? 1 : 0)))
    await receive(0, 2)
    assert.deepEqual(offsets(), [0, 1])
    assert.match(log[0] ?? '', /partition 0 waits: .*each-record-has-an-entry does not hold: 1/)
  })

  it('are dropped without an unhandled rejection if their partition is revoked early', async () => {
    const { queue, enqueuer } = given(async () => {
      throw new Error('the registry is unavailable')
    })
    enqueuer.enqueue(queue, messages(0, 2), () => assert.fail('appended'))
    queue.revoked = true
    // An unhandled rejection would fail this test.
    await new Promise(setImmediate)
  })

  it('are dropped when their partition is revoked meanwhile', async () => {
    const answer = Promise.withResolvers<readonly Entry[]>()
    const { queue, receive, offsets } = given(() => answer.promise)
    void receive(0, 2)
    queue.revoked = true
    answer.resolve(delivered(messages(0, 2)))
    await new Promise(setImmediate)
    assert.deepEqual(offsets(), [])
  })
})
