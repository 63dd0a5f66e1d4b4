import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readEvent, writeEvent } from '#runtime/cloudevents'
import { attributeText, formatEntity } from '#runtime/consumer'
import { largeAttribute } from '#runtime/test/support/inside'
import { emitAlert, firedAlert } from '../../../../lib/alerting/alert.ts'
import { collectEmission } from '../../../support/step-calls.ts'
import { createRule } from '../../alerting/support.ts'

describe('given a text that becomes an attribute of an event', () => {
  test('when it is an ordinary one, then it stays as it is', () => {
    assert.equal(attributeText('HIGH_TEMP /environment/ölo s-1 🌡'), 'HIGH_TEMP /environment/ölo s-1 🌡')
    assert.equal(attributeText('a'.repeat(512)), 'a'.repeat(512))
  })

  test('when it has characters that attributes may not have, then they are escaped', () => {
    assert.equal(attributeText('a\u0000b\nc\ud800\ufffe'), 'a\\u{0}b\\u{a}c\\u{d800}\\u{fffe}')
  })

  test('when it is too long, then it is short, and differs from any other', () => {
    const [one, other] = ['🌡'.repeat(300), `${'🌡'.repeat(299)}🌢`].map(attributeText)
    assert.match(one ?? '', /^(🌡){64}…[\w-]{22}$/u)
    assert.notEqual(one, other)
    assert.equal(one, attributeText('🌡'.repeat(300)))
  })
})

test('given an entity with the longest name that is taken, then its alert can be read as well', () => {
  const named = { source: `/${'s'.repeat(4_000)}`, subject: 'x'.repeat(4_000) }
  const event = { id: '1', ...named, entity: formatEntity(named) }
  const fired = firedAlert(createRule({ fireAbove: 1 }), event, { activeAtMs: 0, firedAtMs: 0, value: 2 })
  const { key: _, name: __, to: ___, ...emission } = collectEmission(step => emitAlert(step, fired, event))
  const written = { id: '1', time: '2026-01-01T00:00:00Z', datacontenttype: 'application/json', ...emission }
  assert.equal(largeAttribute(written), undefined)
  assert.ok('type' in readEvent(writeEvent(written)))
})
