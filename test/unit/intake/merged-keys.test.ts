import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkEntities } from '../../../control/diagnosis/checks/topics.ts'
import type { KeyedOutcome } from '../../../lib/intake/merged-keys.ts'

const outcomes = (keys: string, subject: string): KeyedOutcome[] =>
  [...keys].map((key, at) => [key === '-' ? null : Buffer.from(key), { source: '/room', subject }, at % 2])

it('given records of several keys for one entity, then it is named, unless each record has a key of its own', () => {
  const [found, ...more] = checkEntities('rooms', [
    ...outcomes('abab', 'room1'),
    ...outcomes('ccc-', 'room2'),
    ...outcomes('xyz', 'room3'),
  ])
  assert.deepEqual(more, [])
  assert.equal(found?.verdict, 'open')
  assert.equal(
    found?.says,
    'records with 2 keys (a, b), in partitions 0–1, become the one entity /room room1',
  )
  assert.match(String(found?.todo), /sensorId: \{ from: \{ key: true \} \}/)
  assert.equal(checkEntities('rooms', outcomes('ab', 'room1'))[0]?.verdict, 'ok')
})
