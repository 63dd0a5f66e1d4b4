import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Commits } from '../../../../localstack/msk-trigger/commits.ts'
import { recordedReports } from './support.ts'

/** Lanes, and commits that succeed when the test says so. */
function given(retryDelayMs = 0) {
  const requests: { offsets: string; succeed: () => void; fail: () => void }[] = []
  const waiting: (() => void)[] = []
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const ending = new AbortController()
  const { reports, told } = recordedReports()
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
      waiting.shift()?.()
      return promise
    },
  })
  const next = () => new Promise<void>(resolve => waiting.push(resolve))
  return { commits, requests, log, told, ending, next }
}
const turn = () => new Promise<void>(resolve => setImmediate(resolve))
const lane = (partition: number) => ({ partition, lost: false })

describe('commits', { timeout: 10_000 }, () => {
  it('go out at once, and hold nobody up while they succeed', async () => {
    const { commits, requests } = given()
    await commits.done(lane(0), 5)
    assert.equal(requests[0]?.offsets, '0:5')
  })

  it('gather what is done meanwhile into the next request', async () => {
    const { commits, requests, next } = given()
    const [zero, one] = [lane(0), lane(1)]
    await commits.done(zero, 1)
    await commits.done(zero, 2)
    await commits.done(one, 7)
    await commits.done(zero, 3)
    const second = next()
    requests[0]?.succeed()
    await second
    assert.deepEqual(
      requests.map(({ offsets }) => offsets),
      ['0:1', '0:3 1:7'],
    )
    requests[1]?.succeed()
    await commits.finished()
    assert.equal(requests.length, 2)
  })

  it('are tried until they succeed, with what is newer, and hold up what comes then', async () => {
    const { commits, requests, log, next } = given()
    const own = lane(0)
    await commits.done(own, 1)
    const second = next()
    requests[0]?.fail()
    await second
    let goesOn = false
    const held = commits.done(own, 2).then(() => {
      goesOn = true
    })
    const third = next()
    requests[1]?.fail()
    await third
    assert.equal(goesOn, false)
    assert.equal(requests[2]?.offsets, '0:2')
    requests[2]?.succeed()
    await held
    await commits.finished()
    assert.match(log[0] ?? '', /offsets not committed \(attempt 1\), trying again: not the coordinator/)
  })

  it('leave out what was lost', async () => {
    const { commits, requests } = given()
    const [gone, kept] = [lane(0), lane(1)]
    await commits.done(gone, 1)
    gone.lost = true
    await commits.done(gone, 2)
    requests[0]?.succeed()
    await commits.finished()
    assert.equal(requests.length, 1)
    await commits.done(kept, 1)
    assert.equal(requests[1]?.offsets, '1:1')
  })

  it('go on counting where the partitions were lost in between, and begin anew with a success', async () => {
    const { commits, requests, log, told, next } = given()
    for (let member = 1; member <= 4; member += 1) {
      const own = lane(0)
      await commits.done(own, 1)
      own.lost = true
      requests.at(-1)?.fail()
      await commits.finished()
    }
    const attempts = () => log.map(line => /attempt (\d+)/.exec(line)?.[1])
    assert.deepEqual(attempts(), ['1', '2', '4'], 'a line a member would be one a second')
    await commits.done(lane(0), 1)
    requests.at(-1)?.succeed()
    await commits.finished()
    await commits.done(lane(0), 2)
    const again = next()
    requests.at(-1)?.fail()
    await again
    assert.deepEqual(attempts(), ['1', '2', '4', '1'])
    assert.deepEqual(told.slice(-3), [
      'stalled commit error 4',
      'resumed commit all',
      'stalled commit error 1',
    ])
    requests.at(-1)?.succeed()
    await commits.finished()
  })

  it('are tried at once when the trigger ends', async () => {
    const { commits, requests, log, ending, next } = given(60_000)
    await commits.done(lane(0), 1)
    requests[0]?.fail()
    await turn()
    assert.equal(log.length, 1, 'it waits for the next attempt')
    const second = next()
    ending.abort()
    await second
    requests[1]?.succeed()
    await commits.finished()
  })

  it('are tried also when the trigger ends, until it gives up its partitions', async () => {
    const { commits, requests, ending, next } = given()
    const own = lane(0)
    await commits.done(own, 1)
    ending.abort()
    const second = next()
    requests[0]?.fail()
    await second
    assert.equal(requests[1]?.offsets, '0:1')
    own.lost = true
    requests[1]?.fail()
    await commits.finished()
    assert.equal(requests.length, 2)
  })
})
