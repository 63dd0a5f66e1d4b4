import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Entry, Intake } from '../../../../localstack/msk-trigger/intake.ts'
import { Lane } from '../../../../localstack/msk-trigger/lane.ts'
import { Receiver } from '../../../../localstack/msk-trigger/receiver.ts'
import { delivered, mappingOf, messages, recordedReports } from './support.ts'

function given(intake: Intake) {
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const lane = new Lane(mappingOf(), 0, 0)
  const { reports, told } = recordedReports()
  const receiver = new Receiver({
    name: 'f',
    backoff: { retryDelayMs: 0, maxRetryDelayMs: 0 },
    log: { notice: note, warning: note, error: note },
    intake,
    reports,
    ending: new AbortController().signal,
  })
  const receive = (from: number, to: number) =>
    new Promise<void>(resolve => receiver.receive(lane, messages(from, to), resolve))
  return { lane, receive, receiver, log, told, offsets: () => lane.waiting.map(({ offset }) => offset) }
}

describe('what is fetched', () => {
  it('is in its lane at once where nothing must be asked', () => {
    const { receive, offsets } = given((_, list) => delivered(list))
    void receive(0, 2)
    assert.deepEqual(offsets(), [0, 1])
  })

  it('keeps its order, however long the intake takes', async () => {
    const answers: (() => void)[] = []
    const { receive, offsets } = given(
      (_, list) => new Promise<readonly Entry[]>(resolve => answers.push(() => resolve(delivered(list)))),
    )
    const first = receive(0, 2)
    const second = receive(2, 4)
    assert.equal(answers.length, 1, 'the second is asked when the first is there')
    answers[0]?.()
    await first
    assert.deepEqual(offsets(), [0, 1])
    await new Promise(setImmediate)
    answers[1]?.()
    await second
    assert.deepEqual(offsets(), [0, 1, 2, 3])
  })

  it('waits while the intake fails, with a line, and nothing of it is lost', async () => {
    let failures = 3
    const { receive, offsets, log } = given(async (_, list) => {
      if (failures-- > 0) throw new Error('the registry is away')
      return delivered(list)
    })
    await receive(0, 2)
    assert.deepEqual(offsets(), [0, 1])
    assert.deepEqual(log, [
      'f  partition 0 waits: the registry is away. Trying again (attempt 1)',
      'f  partition 0 waits: the registry is away. Trying again (attempt 2)',
    ])
  })

  it('is dropped without an error that nobody takes, where its partition is lost before the intake is asked for it', async () => {
    const { lane, receiver } = given(async () => {
      throw new Error('the registry is away')
    })
    receiver.receive(lane, messages(0, 2), () => assert.fail('taken in'))
    lane.lost = true
    // An unhandled rejection would fail this test.
    await new Promise(setImmediate)
  })

  it('goes on counting when its partition was given away and came back', async () => {
    const failing: (() => void)[] = []
    const { receiver, log, told } = given(
      () => new Promise((_, reject) => failing.push(() => reject(new Error('the registry is away')))),
    )
    for (let member = 1; member <= 3; member += 1) {
      const lane = new Lane(mappingOf(), 0, 0)
      receiver.receive(lane, messages(0, 2), () => assert.fail('taken in'))
      await new Promise(setImmediate)
      lane.lost = true
      failing.at(-1)?.()
      await new Promise(setImmediate)
    }
    assert.deepEqual(
      log.map(line => /attempt (\d)/.exec(line)?.[1]),
      ['1', '2'],
    )
    assert.deepEqual(told.at(-1), 'stalled registry error 3 0@0')
  })

  it('is forgotten when its partition is given away meanwhile', async () => {
    const answer = Promise.withResolvers<readonly Entry[]>()
    const { lane, receive, offsets } = given(() => answer.promise)
    void receive(0, 2)
    lane.lost = true
    answer.resolve(delivered(messages(0, 2)))
    await new Promise(setImmediate)
    assert.deepEqual(offsets(), [])
  })
})
