import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { asExpected } from '../../../lib/operations/rule-tests/matching.ts'
import type { Notification } from '../../../lib/operations/rule-tests/rule-log.ts'
import type { ExpectedNotification } from '../../../lib/operations/rule-tests/test-file.ts'

/** `entity kind`; an expected one may leave the entity out: `* fired`. */
function sent(text: string, atMs = 0): Notification {
  const [entity, kind] = text.split(' ')
  const status = kind === 'fired' ? 'firing' : 'resolved'
  return {
    atMs,
    alert: { fingerprint: entity, rule: 'R', status, entity: { source: '/', subject: entity } },
  } as never
}

function expected(text: string, atMs = 0): ExpectedNotification {
  const [entity, kind] = text.split(' ')
  return { atMs, rule: 'R', kind: kind as 'fired', ...(entity === '*' ? {} : { entity: entity as string }) }
}

const fits = ({ atMs, kind, entity }: ExpectedNotification, { alert, ...actual }: Notification) =>
  atMs === actual.atMs &&
  kind === (alert.status === 'firing' ? 'fired' : 'resolved') &&
  (entity === undefined || entity === alert.entity.subject)

const isSame = (wanted: readonly ExpectedNotification[], actual: readonly Notification[]) => {
  const found = asExpected(wanted, actual, fits)
  assert.deepEqual(new Set(found), new Set(actual), 'no notification is lost or invented')
  return (
    found.length === wanted.length && wanted.every((one, index) => fits(one, found[index] as Notification))
  )
}

describe('notifications of one instant', () => {
  const table: [wanted: string, actual: string, same: boolean][] = [
    ['* fired, a fired', 'a fired, b fired', true],
    ['a fired, * fired', 'b fired, a fired', true],
    ['* fired, * fired, c fired, a fired', 'a fired, b fired, c fired, d fired', true],
    ['* fired, a fired, a fired', 'a fired, b fired, c fired', false],
    ['a fired, a resolved', 'a fired, a resolved', true],
    ['a resolved, a fired', 'a fired, a resolved', false],
    ['* fired, * resolved, a fired, * resolved', 'a fired, a resolved, b fired, b resolved', true],
    ['* resolved, * fired', 'a fired, a resolved', false],
    ['* fired', 'a fired, b fired', false],
    ['* fired, * fired', 'a fired', false],
  ]
  for (const [wanted, actual, same] of table)
    test(`${wanted} against ${actual}: ${same}`, () => {
      const each = (text: string) => text.split(', ')
      assert.equal(
        isSame(
          each(wanted).map(one => expected(one)),
          each(actual).map(one => sent(one)),
        ),
        same,
      )
    })

  test('given other instants, then their order counts', () => {
    const actual = [sent('a fired', 1), sent('b fired', 2)]
    assert.equal(isSame([expected('a fired', 1), expected('b fired', 2)], actual), true)
    assert.equal(isSame([expected('b fired', 2), expected('a fired', 1)], actual), false)
  })

  test('given any expectations of different alerts, then any order of them matches', () => {
    const entities = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { minLength: 1 })
    const cases = entities.chain(all =>
      fc.tuple(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.boolean(), { minLength: all.length, maxLength: all.length }),
        fc.constant(all),
      ),
    )
    fc.assert(
      fc.property(cases, ([shuffled, vague, all]) => {
        const wanted = shuffled.map((entity, index) => expected(`${vague[index] ? '*' : entity} fired`))
        assert.ok(
          isSame(
            wanted,
            all.map(entity => sent(`${entity} fired`)),
          ),
        )
      }),
    )
  })

  test('given hundreds that do not fit, then it does not take long to say so', () => {
    const actual = Array.from({ length: 300 }, (_, index) => sent(`e${index} fired`))
    const wanted = [...actual.slice(1).map(() => expected('* fired')), expected('z fired')]
    assert.equal(isSame(wanted, actual), false)
  })
})
