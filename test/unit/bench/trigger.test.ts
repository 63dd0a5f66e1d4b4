import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { figuresOf } from '../../../bench/trigger/report.ts'

describe('the figures of the trigger', () => {
  it('given rounds of both sides, then the ratio is that of each round, with its goal', () => {
    const rate = new Map([
      ['bare', [100, 200]],
      ['trigger', [60, 100]],
    ])
    const ratio = figuresOf({ rate }).find(({ name }) => name === 'trigger/rate against bare')
    assert.deepEqual(ratio?.rounds, [0.6, 0.5])
    assert.deepEqual(ratio?.goal, { atLeast: 0.6 })
  })

  it('given another trigger, then it has a figure, and none if it did not finish a round', () => {
    const rate = new Map([
      ['bare', [100]],
      ['trigger', [60]],
      ['another', [50]],
      ['slow', []],
    ])
    const names = figuresOf({ rate }).map(({ name }) => name)
    assert.ok(names.includes('trigger/another, batch 100'))
    assert.ok(names.every(name => !name.includes('slow')))
  })

  it('given latencies, then p99 may be at most one and a half times that of the bare consumer', () => {
    const latency = new Map([
      ['bare', [{ p50: 1, p99: 10 }]],
      ['trigger', [{ p50: 2, p99: 12 }]],
    ])
    const ratio = figuresOf({ latency }).find(({ name }) => name === 'trigger/p99 against bare')
    assert.deepEqual(ratio?.rounds, [1.2])
    assert.deepEqual(ratio?.goal, { atMost: 1.5 })
  })

  it('given memory, then it counts what is added after 300,000 records', () => {
    const growth = figuresOf({ memory: [100, 300, 400, 410, 420] }).at(-1)
    assert.deepEqual(growth?.rounds, [20])
  })
})
