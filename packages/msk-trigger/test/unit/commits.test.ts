import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Commits } from '../../poll/commits.ts'
import { recordedReports } from './support.ts'

/** Commits whose requests succeed or fail when the test says so. */
function given(retryDelayMs = 0) {
  const requests: { offsets: string; succeed: () => void; fail: () => void }[] = []
  const pending: (() => void)[] = []
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const ending = new AbortController()
  const { reports, written } = recordedReports()
  const commits = new Commits({
    name: 'f',
    backoff: { retryDelayMs, maxRetryDelayMs: retryDelayMs },
    log: { notice: note, warning: note, error: note },
    ending: ending.signal,
    reports,
    commit: offsets => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      requests.push({
        offsets: offsets.map(({ partition, offset }) => `${partition}:${offset}`).join(' '),
        succeed: resolve,
        fail: () => reject(new Error('not the coordinator')),
      })
      pending.shift()?.()
      return promise
    },
  })
  const next = () => new Promise<void>(resolve => pending.push(resolve))
  /** Schedules an offset and waits for its request. */
  const schedule = async (own: ReturnType<typeof queue>, offset: number) => {
    await commits.schedule(own, offset)
    await turn()
  }
  return { commits, requests, log, written, ending, next, schedule }
}
const queue = (partition: number) => ({ partition, revoked: false })

describe('commits', () => {
  it('share a request if their offsets become ready in one turn, or while another request is under way', async () => {
    const { commits, requests, next, schedule } = given()
    const [zero, one] = [queue(0), queue(1)]
    await commits.schedule(zero, 1)
    await schedule(one, 4)
    await commits.schedule(zero, 2)
    await commits.schedule(one, 7)
    await commits.schedule(zero, 3)
    const second = next()
    requests[0]?.succeed()
    await second
    assert.deepEqual(
      requests.map(({ offsets }) => offsets),
      ['0:1 1:4', '0:3 1:7'],
    )
    requests[1]?.succeed()
    await commits.waitUntilCommitted()
    assert.equal(requests.length, 2)
  })

  it('are retried with newer offsets until they succeed, and delay partitions meanwhile', async () => {
    const { commits, requests, log, next, schedule } = given()
    const own = queue(0)
    await schedule(own, 1)
    const second = next()
    requests[0]?.fail()
    await second
    let isDone = false
    const blocked = commits.schedule(own, 2).then(() => {
      isDone = true
    })
    const third = next()
    requests[1]?.fail()
    await third
    assert.equal(isDone, false)
    assert.equal(requests[2]?.offsets, '0:2')
    requests[2]?.succeed()
    await blocked
    await commits.waitUntilCommitted()
    assert.match(log[0] ?? '', /offsets could not be committed \(attempt 1\)\. Retrying: not the coordinator/)
  })

  it('keep their failure count when partitions are revoked, and reset it after a success', async () => {
    const { commits, requests, log, written, next, schedule } = given()
    for (let member = 1; member <= 4; member += 1) {
      const own = queue(0)
      await schedule(own, 1)
      own.revoked = true
      requests.at(-1)?.fail()
      await commits.waitUntilCommitted()
    }
    const attempts = () => log.map(line => /attempt (\d+)/.exec(line)?.[1])
    assert.deepEqual(attempts(), ['1', '2', '4'], 'one line per member would be one per second')
    await schedule(queue(0), 1)
    requests.at(-1)?.succeed()
    await commits.waitUntilCommitted()
    await schedule(queue(0), 2)
    const again = next()
    requests.at(-1)?.fail()
    await again
    assert.deepEqual(attempts(), ['1', '2', '4', '1'])
    assert.deepEqual(written.slice(-3), [
      'stalled commit error 4',
      'resumed commit all',
      'stalled commit error 1',
    ])
    requests.at(-1)?.succeed()
    await commits.waitUntilCommitted()
  })

  it('are retried while the trigger stops, until its partitions are revoked', async () => {
    const { commits, requests, ending, next, schedule } = given()
    const own = queue(0)
    await schedule(own, 1)
    ending.abort()
    const second = next()
    requests[0]?.fail()
    await second
    assert.equal(requests[1]?.offsets, '0:1')
    own.revoked = true
    requests[1]?.fail()
    await commits.waitUntilCommitted()
    assert.equal(requests.length, 2)
  })
})
