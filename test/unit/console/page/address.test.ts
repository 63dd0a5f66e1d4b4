import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressOf, changedSearch, liveOf } from '../../../../console/page/data/search.ts'

describe('the addresses of the console', () => {
  it('given values that are empty or undefined, then they are left out', () => {
    assert.equal(
      addressOf('/alerts', { alert: 'a b&c', rule: undefined, state: '' }),
      '/alerts?alert=a+b%26c',
    )
    assert.equal(addressOf('/alerts', {}), '/alerts')
    assert.equal(addressOf('/kafka/messages', { offset: 0 }), '/kafka/messages?offset=0')
  })

  it('given an address, when some parameters change, then the others stay', () => {
    assert.equal(changedSearch('?a=1&b=2', { b: '', c: 'x y' }), '?a=1&c=x+y')
    assert.equal(changedSearch('?a=1', { a: '' }), '')
  })

  it('given a question, then its stream lies below it, with the same parameters', () => {
    assert.equal(liveOf('/kafka/groups?name=a%3Fb'), '/kafka/groups/live?name=a%3Fb')
    assert.equal(liveOf('/overview'), '/overview/live')
  })
})
