import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listedValues } from '../../../../console/page/failures/facet-values.ts'

const VALUES = ['a', 'b', 'c', 'd'].map((name, at) => ({ name, count: 10 - at }))

describe('given more values than a facet lists', () => {
  const listed = (chosen: string, shown = 2) => {
    const { listed, more } = listedValues(VALUES, chosen, shown)
    return [listed.map(({ name, count }) => `${name} ${count}`).join(), more]
  }

  it('then the first are listed, and how many there are more', () => {
    assert.deepEqual(listed(''), ['a 10,b 9', 2])
    assert.deepEqual(listed('', 4), ['a 10,b 9,c 8,d 7', 0])
    assert.deepEqual(listed('', 5), ['a 10,b 9,c 8,d 7', 0])
  })

  it('when one of the others is chosen, then it is listed too, and can be undone', () => {
    assert.deepEqual(listed('b'), ['a 10,b 9', 2])
    assert.deepEqual(listed('d'), ['a 10,b 9,d 7', 1])
  })

  it('when the chosen one is not there any more, then it is listed with none', () => {
    assert.deepEqual(listed('x'), ['x 0,a 10,b 9', 2])
  })
})
