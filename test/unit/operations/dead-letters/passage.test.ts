import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Passage } from '../../../../lib/operations/dead-letters/passage.ts'

const upTo = (offset: number, partition = 0) => new Map([[partition, offset]])

describe('what of an operation needs no second look', () => {
  it('given groups of which nothing was taken, then they are behind it at once, with what they left out', () => {
    const passage = new Passage()
    passage.leave('quarantined')
    passage.leave('broken')
    passage.read(0, 10, upTo(10))
    passage.leave('quarantined')
    passage.read(0, 5, upTo(15))
    assert.deepEqual(passage.passed, {
      taken: 0,
      leftOut: { quarantined: 2, broken: 1 },
      next: { 0: 15 },
      scanned: 15,
    })
  })

  it('given a group that Kafka has in part, then neither it nor any later group is behind it', () => {
    const passage = new Passage()
    passage.read(3, 10, upTo(10))
    passage.leave('broken')
    passage.read(0, 10, upTo(20))
    passage.acknowledge(2)
    assert.deepEqual([passage.passed.next, passage.passed.taken, passage.passed.leftOut], [{}, 0, {}])
    assert.equal(passage.taken, 2)
    passage.acknowledge(1)
    assert.deepEqual([passage.passed.next, passage.passed.taken], [{ 0: 20 }, 3])
    assert.deepEqual(passage.passed.leftOut, { broken: 1 })
  })

  it('given an acknowledgement over several groups, then those that are whole are behind it', () => {
    const passage = new Passage()
    passage.read(2, 2, upTo(2))
    passage.read(2, 2, upTo(4, 1))
    passage.read(2, 2, upTo(6))
    passage.acknowledge(5)
    assert.deepEqual([passage.passed.next, passage.taken], [{ 0: 2, 1: 4 }, 5])
  })

  it('given what the operation did before it was stopped, then it counts as taken, and on from there', () => {
    const before = { taken: 7, leftOut: { broken: 1 }, next: { 0: 30 }, scanned: 30 }
    const passage = new Passage(before)
    passage.leave('handled', true)
    passage.leave('handled')
    passage.read(1, 3, upTo(33))
    assert.equal(passage.taken, 8)
    passage.acknowledge(1)
    assert.deepEqual(passage.passed, {
      taken: 9,
      leftOut: { broken: 1, handled: 1 },
      next: { 0: 33 },
      scanned: 33,
    })
  })
})
