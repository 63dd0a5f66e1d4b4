import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addedTo } from '../../rehearsal/emulator/inventory.ts'
import { elements } from '../../rehearsal/emulator/requests.ts'

it('given two looks, then what only the second has is named with its kind', () => {
  const before = { role: ['a'], bucket: ['b'] }
  assert.deepEqual(addedTo(before, { role: ['a', 'c'], bucket: [], queue: ['q'] }), ['role c', 'queue q'])
  assert.deepEqual(addedTo(before, before), [])
})

it('given an answer in XML, then the texts of its elements are read with their entities', () => {
  const xml =
    '<a><Name>one</Name><b><Name>{&quot;x&quot;: &lt;&amp;lt;&#x41;&#66;}</Name></b><Names>no</Names></a>'
  assert.deepEqual(elements(xml, 'Name'), ['one', '{"x": <&lt;AB}'])
})
