import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TraceIndex } from '../../../console/spans/trace-index.ts'

const EVENT = { id: 'a', source: '/one' }
const found = (index: TraceIndex) => [[...index.of(EVENT)], index.withId('a')]

describe('in which traces events appear', () => {
  it('given an event in one trace, told several times, then that trace is found once', () => {
    const index = new TraceIndex()
    for (let told = 0; told < 3; told++) index.add(EVENT, 't1')
    assert.deepEqual(found(index), [['t1'], ['t1']])
    index.delete(EVENT, 't1')
    assert.deepEqual(found(index), [[], []])
    assert.equal(index.ids, 0)
  })

  it('given an event in several traces, then they are found in the order in which it was told in them', () => {
    const index = new TraceIndex()
    for (const trace of ['t2', 't1', 't3', 't1']) index.add(EVENT, trace)
    assert.deepEqual(found(index), [
      ['t2', 't1', 't3'],
      ['t2', 't1', 't3'],
    ])
    index.delete(EVENT, 't2')
    index.delete(EVENT, 't3')
    assert.deepEqual(found(index), [['t1'], ['t1']])
    index.delete(EVENT, 't1')
    assert.equal(index.ids, 0)
  })

  it('given the same id from another source, then the id leads to both, and the event to its own', () => {
    const index = new TraceIndex()
    index.add(EVENT, 't1')
    index.add({ id: 'a', source: '/two' }, 't2')
    assert.deepEqual(found(index), [['t1'], ['t1', 't2']])
  })

  it('given a trace in which an event never was, then forgetting it there changes nothing', () => {
    const index = new TraceIndex()
    index.delete(EVENT, 't1')
    index.add(EVENT, 't1')
    index.delete(EVENT, 't2')
    assert.deepEqual(found(index), [['t1'], ['t1']])
  })
})
