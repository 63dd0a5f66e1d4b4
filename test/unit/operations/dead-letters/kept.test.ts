import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type KeptOperations,
  OperationRefused,
  operationIn,
  stateNow,
  withAftermath,
  withBegun,
  withEnd,
  withProgress,
  withStop,
  withWorker,
} from '../../../../lib/operations/dead-letters/kept.ts'
import { deadLetterSummary } from '../../../../lib/queries/dead-letter-records.ts'
import { deadLetterIn, deadLetterRecord } from '../../../support/dead-letters.ts'

const REQUEST = { command: 'redrive', ats: [], filter: { code: 'rejected' } } as const
const PROGRESS = { leftOut: {}, taken: 4, total: 10 }

const begun = () => withBegun(undefined, { id: 'a', request: REQUEST, by: 'ann' }, 0)
const worked = (name = 'w1', nowMs = 0) => withWorker(begun(), { id: 'a', name }, nowMs)
const one = (all: KeptOperations) => operationIn(all, 'a')

function refusal(code: OperationRefused['code'], message: RegExp) {
  return (error: unknown) =>
    error instanceof OperationRefused && error.code === code && message.test(error.message)
}

describe('an operation that is kept', () => {
  it('given a worker, then no other takes it until the first one has been silent for too long', () => {
    const all = worked()
    assert.equal(stateNow(one(all), 9_000), 'running')
    assert.throws(
      () => withWorker(all, { id: 'a', name: 'w2' }, 9_000),
      refusal('conflict', /already running/),
    )
    assert.equal(stateNow(one(all), 11_000), 'interrupted')
    const taken = withWorker(all, { id: 'a', name: 'w2' }, 11_000)
    assert.throws(
      () => withProgress(taken, 'a', 'w1', PROGRESS, 12_000),
      refusal('conflict', /another process/),
    )
    assert.equal(one(withProgress(taken, 'a', 'w2', PROGRESS, 12_000)).taken, 4)
  })

  it('given a worker that reports its progress, then it is running', () => {
    const all = withProgress(worked(), 'a', 'w1', PROGRESS, 9_000)
    assert.equal(stateNow(one(all), 18_000), 'running')
  })

  it('given a step that has ended, then it continues soon, or is interrupted', () => {
    const all = withEnd(worked(), 'a', 'w1', { ...PROGRESS, state: 'running' }, 5_000)
    assert.deepEqual([stateNow(one(all), 20_000), stateNow(one(all), 36_000)], ['running', 'interrupted'])
    assert.equal(one(withWorker(all, { id: 'a', name: 'w2', only: 'running' }, 6_000)).worker?.name, 'w2')
  })

  it('given a patch, then it is kept until the operation has finished, and no longer', () => {
    const request = { ...REQUEST, ats: ['2@17'], filter: {}, patch: '{"time":null}' }
    const all = withWorker(
      withBegun(undefined, { id: 'a', request, by: 'ann' }, 0),
      { id: 'a', name: 'w1' },
      0,
    )
    const patchAfter = (state: 'failed' | 'finished') =>
      one(withEnd(all, 'a', 'w1', { ...PROGRESS, state }, 1_000)).request.patch
    assert.deepEqual([patchAfter('failed'), patchAfter('finished')], ['{"time":null}', undefined])
  })

  it('given a stop during the work, then the worker is stopped, and a step does not continue', () => {
    const told = withStop(worked(), 'a', 1_000)
    assert.deepEqual([one(told).isToStop, one(told).state], [true, 'running'])
    const ended = withEnd(told, 'a', 'w1', { ...PROGRESS, state: 'running' }, 2_000)
    assert.equal(one(ended).state, 'stopped')
    assert.throws(
      () => withWorker(ended, { id: 'a', name: 'w2', only: 'running' }, 3_000),
      refusal('conflict', /is stopped/),
    )
    const resumed = withWorker(ended, { id: 'a', name: 'w2' }, 3_000)
    assert.deepEqual(
      [one(resumed).state, one(resumed).isToStop, one(resumed).taken],
      ['running', undefined, 4],
    )
  })

  it('given a stop between two steps, then it is stopped at once', () => {
    const between = withEnd(worked(), 'a', 'w1', { ...PROGRESS, state: 'running' }, 1_000)
    const stopped = withStop(between, 'a', 2_000)
    assert.equal(one(stopped).state, 'stopped')
    assert.throws(() => withStop(stopped, 'a', 3_000), refusal('conflict', /is not running/))
  })

  it('given one that has failed, then it says why until it is resumed', () => {
    const failed = withEnd(worked(), 'a', 'w1', { ...PROGRESS, state: 'failed', problem: 'away' }, 1_000)
    assert.equal(one(failed).problem, 'away')
    assert.equal(one(withWorker(failed, { id: 'a', name: 'w2' }, 2_000)).problem, undefined)
  })

  it('given one that is finished or not known, then it is not resumed', () => {
    const finished = withEnd(worked(), 'a', 'w1', { ...PROGRESS, state: 'finished' }, 1_000)
    assert.throws(
      () => withWorker(finished, { id: 'a', name: 'w2' }, 2_000),
      refusal('conflict', /is finished/),
    )
    assert.throws(
      () => withWorker(finished, { id: 'b', name: 'w2' }, 2_000),
      refusal('unknown', /b is unknown/),
    )
  })

  it('given many, then the newest are kept, and each that runs', () => {
    let all: KeptOperations | undefined
    for (let number = 0; number < 40; number++) {
      all = withBegun(all, { id: `${number}`, request: REQUEST, by: 'ann' }, number)
      if (number > 0) all = withStop(all, `${number}`, number)
    }
    assert.deepEqual([all?.length, all?.[0]?.id, all?.at(-1)?.id], [30, '39', '0'])
    assert.equal(all?.at(-1)?.state, 'running')
  })

  for (const [name, redriven, isDecided] of [
    ['all of it', PROGRESS.taken, true],
    ['a part, after another run', PROGRESS.taken - 1, false],
  ] as const)
    it(`given a last run that has redriven ${name}, then what failed again ${isDecided ? 'is' : 'is not'} all known`, () => {
      const ended = withEnd(worked(), 'a', 'w1', { ...PROGRESS, state: 'finished' }, 5_000)
      const letter = deadLetterIn(deadLetterRecord())
      assert.ok(letter)
      const aftermath = { failed: 2, isDecided: true, letters: [deadLetterSummary(letter)] }
      const { failedAgain, updatedAtMs } = one(withAftermath(ended, 'a', aftermath, redriven))
      assert.deepEqual(failedAgain, { count: 2, isDecided, letters: ['2@17'] })
      assert.equal(updatedAtMs, 5_000)
    })
})
