import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildRuleSet, listRules, MAX_RULE_SET_BYTES, sizeError } from '../../../lib/alerting/rule-set.ts'
import { RULES_ACTIVATED_TYPE, rulesActivated } from '../../../lib/alerting/rules-activated.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { type Appended, whyAppend } from '../../../lib/support/append-again.ts'
import { FAMILIES } from '../../support/families.ts'
import { above, createRule, stored } from './support.ts'

type Activation = Appended & { readonly hash: string }
const HOT = createRule({ fireAbove: 40, clearBelow: 38.5, for: '1h30m', labels: { team: 'ops', area: 'x' } })
const COLD = createRule({ name: 'COLD', fireBelow: -0.5, keepFiringFor: '2d', staleAfter: '90s' })
/** Hash of HOT and COLD, by the code before there were other conditions than thresholds. */
const OLDER_HASH = '313e40e5a95780fc71ca3f8ec7746be90deb2671b530238f803398b2875bebc4'

const MANY = [
  createRule({
    name: 'A',
    fireOutside: [1, 5],
    clearInside: [2, 4],
    changeOver: '10m',
    onSilence: 'ok',
    staleAfter: '5m',
  }),
  createRule({ name: 'B', fireBelow: -3, deviationOver: '1h', paused: true }),
  createRule({
    name: 'C',
    metric: 'status',
    fireEquals: 'degraded',
    match: { site: 'oslo', tenant: ['a', 'b'] },
  }),
  createRule({ name: 'D', fireAbove: 1, match: { entity: 's-1', tags: { floor: '3' } } }),
]

describe('a rule set as data', () => {
  it('given rules of every kind, when they went through an event, then the same rules are read back', () => {
    const data = stored(buildRuleSet(MANY))
    assert.equal(schemaViolation(FAMILIES, RULES_ACTIVATED_TYPE, data), undefined)
    assert.deepEqual(listRules(FAMILIES, data), { rules: MANY })
  })

  it('given a rule that was activated before today’s checks, then it is read', () => {
    const never = { ...HOT, metric: 'humidity', unit: '%', condition: above(100) }
    assert.deepEqual(listRules(FAMILIES, stored(buildRuleSet([never]))), { rules: [never] })
  })

  it('given only what older rule files had, then the hash is that of older code', () => {
    assert.equal(buildRuleSet([HOT, COLD]).hash, OLDER_HASH)
  })

  it('given the same rules in another order, also of labels, then the hash is the same', () => {
    const turned = { ...HOT, labels: { area: 'x', team: 'ops' } }
    assert.equal(buildRuleSet([COLD, turned]).hash, buildRuleSet([HOT, COLD]).hash)
  })

  it('given any other rule, then the hash is another one', () => {
    const { hash } = buildRuleSet([HOT, COLD])
    for (const other of [[HOT], [HOT, { ...COLD, forMs: 1000 }], [HOT, { ...COLD, summary: 'x' }], []])
      assert.notEqual(buildRuleSet(other).hash, hash)
  })

  it('given what no rule file may hold, then it is refused with the reason', () => {
    const set = stored(buildRuleSet([HOT]))
    const changed = (keys: object) => {
      const rules = [{ ...set.rules[0], ...keys }]
      return listRules(FAMILIES, { ...set, rules })
    }
    assert.deepEqual(changed({ fireAbove: 41 }), { error: 'the hash does not match the rules' })
    for (const data of [undefined, null, 'x', {}, { ...set, rules: {} }])
      assert.deepEqual(listRules(FAMILIES, data), { error: 'the hash does not match the rules' })
    const colourful = { ...HOT, labels: { '1': 'x' } }
    assert.deepEqual(listRules(FAMILIES, stored(buildRuleSet([colourful, HOT]))), {
      error:
        'HOT.labels.1: has the wrong form. Name of a label: letters, digits and _, beginning with a letter.',
    })
    const twice = listRules(FAMILIES, stored(buildRuleSet([COLD, COLD])))
    assert.match('error' in twice ? twice.error : '', /^COLD\.name: COLD is already in .*labels$/)
    const many = listRules(FAMILIES, stored(buildRuleSet([COLD, COLD, COLD])))
    assert.match('error' in many ? many.error : '', /, and 1 more$/)
  })
})

describe('when a rule set is appended', () => {
  const day = 86_400_000
  const last: Activation = { hash: 'a', atMs: 5 * day, partitions: 12 }
  const cases: [
    name: string,
    last: Activation | undefined,
    next: Partial<Activation>,
    why: string | undefined,
  ][] = [
    ['nothing is known of an earlier one', undefined, {}, 'first'],
    ['the same was appended a minute ago', last, { atMs: last.atMs + 60_000 }, undefined],
    ['other rules were appended', last, { hash: 'b' }, 'changed'],
    ['there are more partitions', last, { partitions: 24 }, 'partitions-changed'],
    ['a day has passed', last, { atMs: last.atMs + day }, 'daily'],
    ['a minute is missing to a day', last, { atMs: last.atMs + day - 60_000 }, undefined],
    ['a run of an earlier schedule is repeated', last, { atMs: last.atMs - day }, undefined],
  ]
  for (const [name, before, next, why] of cases)
    it(`given that ${name}, then ${why ?? 'it is not'}`, () => {
      assert.equal(
        whyAppend(before, { ...last, ...next }, ({ hash }) => hash),
        why,
      )
    })

  it('given a run that is repeated, then it appends the same event, and other runs and partitions another', () => {
    const [one, other] = [buildRuleSet([HOT]), buildRuleSet([COLD])]
    const [at, later] = ['2026-03-01T12:00:00Z', '2026-03-02T12:00:00Z']
    assert.deepEqual(rulesActivated(one, 3, at), rulesActivated(one, 3, at))
    const ids = [
      rulesActivated(one, 3, at),
      rulesActivated(one, 4, at),
      rulesActivated(one, 3, later),
      rulesActivated(other, 3, at),
    ].map(({ id }) => id)
    assert.equal(new Set(ids).size, 4)
  })
})

describe('the largest rule set', () => {
  /** A rule whose set has this many bytes. */
  function ruleOfBytes(bytes: number) {
    const others = Buffer.byteLength(JSON.stringify(buildRuleSet([{ ...HOT, summary: '' }])))
    return { ...HOT, summary: 'x'.repeat(bytes - others) }
  }

  it('given as many bytes as an event has room for, then it is taken; with one more, it is not', () => {
    assert.equal(sizeError([ruleOfBytes(MAX_RULE_SET_BYTES)]), undefined)
    assert.match(sizeError([ruleOfBytes(MAX_RULE_SET_BYTES + 1)]) ?? '', /the rules have 1032193 bytes/)
  })
})
