import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { shownPage } from '../../../../console/page/data/shown-page.ts'

const keyOf = (path: string, query: Record<string, string> = {}) => shownPage(path, query).key

describe('the page that an address means', () => {
  it('given a list, when one of its things is opened, then that is another page with its name', () => {
    const opened = [
      ['/alerts', 'alert'],
      ['/alerts/rules', 'rule'],
      ['/failures', 'letter'],
      ['/telemetry', 'entity'],
      ['/event', 'trace'],
      ['/state', 'consumer'],
      ['/kafka/topics', 'topic'],
      ['/kafka/groups', 'group'],
      ['/kafka/schemas', 'subject'],
    ] as const
    for (const [path, parameter] of opened) {
      assert.notEqual(keyOf(path), keyOf(path, { [parameter]: 'a' }), path)
      assert.notEqual(keyOf(path, { [parameter]: 'b' }), keyOf(path, { [parameter]: 'a' }), path)
      assert.equal(shownPage(path, { [parameter]: 'a' }).name, 'a')
    }
    assert.equal(shownPage('/event', { topic: 'readings', partition: '3', offset: '7' }).name, 'readings 3 7')
  })

  it('given a page, when a person filters, sorts or chooses, then it is the same page', () => {
    assert.equal(keyOf('/alerts', { rule: 'HIGH', hours: '24' }), keyOf('/alerts'))
    assert.equal(keyOf('/kafka/topics', { find: 'x', 'topics.sort': 'Size' }), keyOf('/kafka/topics'))
    assert.equal(keyOf('/kafka/messages', { topic: 'a' }), keyOf('/kafka/messages', { topic: 'b' }))
    assert.equal(shownPage('/', {}).name, '')
  })
})
