import assert from 'node:assert/strict'
import { it } from 'node:test'
import { FAILURES } from '#runtime/consumer'
import { DEFERRED, DUPLICATE, IGNORED, PARKED } from '#runtime/test/support/inside'
import { APPLICATION } from '../../support/families.ts'

it('given the remedies of Sluice, then each is for a reason or a code of the engine', () => {
  const { remedies = {} } = APPLICATION
  const known = { ...IGNORED, ...DUPLICATE, ...PARKED, ...DEFERRED, ...FAILURES }
  assert.deepEqual(
    Object.keys(remedies).filter(name => !(name in known)),
    ['schema-not-registered'],
  )
})
