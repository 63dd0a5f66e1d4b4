import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Run } from '../../../../lib/operations/dead-letters/handle.ts'
import { type KeptOperation, operationIn, withBegun } from '../../../../lib/operations/dead-letters/kept.ts'
import { endOf, RunProgress } from '../../../../lib/operations/dead-letters/run-progress.ts'
import { Unavailable } from '../../../../packages/runtime/pipeline/errors.ts'

const BROKEN = { kind: 'broken', partition: 0, offset: 1, writtenAtMs: 0, why: 'it is' } as const
const REQUEST = { command: 'drop', ats: [], filter: {} } as const

/** A run of an operation that has come some way before. */
function run(hasBegun: boolean): { progress: RunProgress; ended: (changes?: object) => object } {
  const [begun] = withBegun(undefined, { id: 'a', request: REQUEST, by: 'ann' }, 0)
  const progress = new RunProgress({ ...(begun as KeptOperation), taken: 3, total: 20 }, 'ann')
  const started = new Run()
  if (hasBegun) started.total = 10
  progress.run = started
  const [stop, pause] = [new AbortController(), new AbortController().signal]
  return { progress, ended: changes => endOf({ error: undefined, stop, pause, progress, ...changes }) }
}

describe('the run of an operation', () => {
  it('given a run that continues an earlier one, then the dead letters of both count', () => {
    const { progress } = run(true)
    progress.run?.tally.take({ row: BROKEN })
    progress.run?.tally.leave('quarantined')
    const { taken, total, leftOut } = progress.standing()
    assert.deepEqual([taken, total, leftOut], [4, 13, { quarantined: 1 }])
  })

  it('given that it has not begun to read, then it is as far as it was', () => {
    const [begun] = withBegun(undefined, { id: 'a', request: REQUEST, by: 'ann' }, 0)
    const kept = { ...operationIn([begun as KeptOperation], 'a'), taken: 3, total: 20 }
    const { taken, total } = new RunProgress(kept, 'ann').standing()
    assert.deepEqual([taken, total], [3, 20])
  })

  it('given that Kafka does not take its audit event, then the next run writes it, and then its own', async () => {
    const { progress } = run(true)
    progress.run?.tally.take({ row: BROKEN })
    const away = async () => Promise.reject(new Unavailable('broker-unavailable', 'Kafka does not answer'))
    await assert.rejects(progress.audit(away), /does not answer/)
    const { unaudited } = progress.standing()
    assert.deepEqual([unaudited?.by, unaudited?.counts], ['ann', { dropped: 1 }])

    const all = withBegun(undefined, { id: 'a', request: REQUEST, by: 'ann' }, 0)
    const next = new RunProgress({ ...operationIn(all, 'a'), unaudited }, 'bob')
    const written: unknown[] = []
    const write = async (one: unknown) => void written.push(one)
    await next.audit(write)
    assert.deepEqual([written, next.standing().unaudited], [[unaudited], undefined])
    next.run = run(true).progress.run
    next.run?.tally.take({ row: BROKEN })
    assert.equal(next.standing().unaudited?.by, 'bob')
    await next.audit(write)
    await next.audit(write)
    assert.deepEqual([written.length, next.standing().unaudited], [2, undefined])
  })

  it('given its end, then it is finished, stopped, paused or failed, by what has ended it', () => {
    const { ended } = run(true)
    assert.deepEqual(ended(), { state: 'finished' })
    const stop = new AbortController()
    stop.abort()
    assert.deepEqual(ended({ stop }), { state: 'stopped' })
    assert.deepEqual(ended({ pause: AbortSignal.abort() }), { state: 'running' })
    const away = new Unavailable('broker-unavailable', 'Kafka does not answer')
    assert.deepEqual(ended({ error: away }), { state: 'failed', problem: 'Kafka does not answer' })
  })

  it('given an unexpected error, then its message, which may contain data, is not shown', () => {
    assert.doesNotMatch(JSON.stringify(run(true).ended({ error: new Error('secret') })), /secret/)
  })

  it('given a step without progress, then it is not repeated forever', () => {
    assert.match(JSON.stringify(run(false).ended({ pause: AbortSignal.abort() })), /"failed".*limit the time/)
  })
})
