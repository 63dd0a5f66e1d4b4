import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Backpressure, FETCHED_TOGETHER } from '../../../../localstack/msk-trigger/backpressure.ts'
import { Lane } from '../../../../localstack/msk-trigger/lane.ts'
import { fill, mappingOf, messages } from './support.ts'

/** Lanes, of which the first so many are full. */
function given(count: number, full: number) {
  const seen: string[] = []
  const lanes = new Map(
    Array.from({ length: count }, (_, partition) => [partition, new Lane(mappingOf(), partition, 0)]),
  )
  const lane = (partition: number) => lanes.get(partition) ?? assert.fail()
  for (let partition = 0; partition < full; partition += 1) fill(lane(partition), messages(0, 1_000))
  const backpressure = new Backpressure({
    pause: partition => seen.push(`pause ${partition}`),
    resume: partition => seen.push(`resume ${partition}`),
  })
  return { backpressure, lanes, lane, seen }
}

describe('back-pressure', () => {
  it('does nothing while a lane has room', async () => {
    const { backpressure, lanes, lane, seen } = given(1, 0)
    await backpressure.filled(lane(0), lanes)
    assert.deepEqual(seen, [])
  })

  it('waits for room, and pauses a partition that makes none in time', async () => {
    const { backpressure, lanes, lane, seen } = given(2, 2)
    const held = [backpressure.filled(lane(0), lanes), backpressure.filled(lane(1), lanes)]
    lane(0).take(10)
    await Promise.all(held)
    assert.deepEqual(seen, ['pause 1'])
    await backpressure.filled(lane(1), lanes)
    assert.deepEqual(seen, ['pause 1'], 'once is enough')
  })

  it('resumes a partition that has less than a batch left', async () => {
    const { backpressure, lanes, lane, seen } = given(1, 1)
    await backpressure.filled(lane(0), lanes)
    lane(0).take(500)
    backpressure.taken(lane(0))
    assert.deepEqual(seen, ['pause 0'])
    lane(0).take(1)
    backpressure.taken(lane(0))
    assert.deepEqual(seen, ['pause 0', 'resume 0'])
  })

  it('pauses at once where full lanes would keep others from being fetched', async () => {
    const { backpressure, lanes, lane, seen } = given(FETCHED_TOGETHER + 1, FETCHED_TOGETHER)
    await backpressure.filled(lane(0), lanes)
    assert.deepEqual(seen, ['pause 0'])
  })

  it('pauses again what stays, when a rejoin has resumed everything', async () => {
    const { backpressure, lanes, lane, seen } = given(2, 2)
    await Promise.all([backpressure.filled(lane(0), lanes), backpressure.filled(lane(1), lanes)])
    lane(1).lost = true
    backpressure.reopened([lane(0), new Lane(mappingOf(), 1, 0)])
    assert.deepEqual(seen, ['pause 0', 'pause 1', 'pause 0'])
  })
})
