/** Which events belong to which group, and how patterns of groups follow edits of their rules. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import { environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import type { AlertingState } from '../../../../lib/alerting/entity-state.ts'
import { createEventFacts, type Facts, findGroup, isMet } from '../../../../lib/alerting/patterns/facts.ts'
import { listMatchers } from '../../../../lib/alerting/patterns/pattern.ts'
import type { PatternEvent } from '../../../../lib/alerting/patterns/pattern-event.ts'
import type { PatternStates } from '../../../../lib/alerting/patterns/pattern-run.ts'
import { patterns } from '../../../../lib/alerting/patterns/process.ts'
import { alerting } from '../../../../lib/alerting/process.ts'
import { buildRuleSet } from '../../../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../../../lib/alerting/rules-activated.ts'
import { FAMILIES } from '../../../support/families.ts'
import { Kit } from '../../../support/kit.ts'
import { createPattern } from './support.ts'

const HOT = { family: 'environment', metric: 'temperature', fireAbove: 40 }
const two = (per: string, keys: object = {}) => createPattern({ count: 2, of: HOT, within: '1h', per }, keys)

/** Returns alerting's messages to groups for these readings. */
async function sent(rules: Parameters<typeof alerting>[1], ...events: readonly Event[]) {
  const kit = new Kit<AlertingState>(alerting(FAMILIES, rules))
  await kit.when(...events)
  return kit.publishedEvents
}

const hotAt = (id: string, seconds: number, tags: Readonly<Record<string, string>>) => {
  const event = reading(id, { at: seconds, temperature: 41 })
  return { ...event, data: { ...(event.data as object), tags } }
}
const tenant = (name: string) => ({ tenant: name })
const listFired = (kit: { readonly publishedEvents: readonly Event[] }) =>
  kit.publishedEvents.map(({ data }) => data as Alert).filter(({ status }) => status === 'firing')

describe('the groups of an event', () => {
  const facts = (data: Readonly<Record<string, unknown>>): Facts =>
    createEventFacts(FAMILIES, 'sensor.silent', 0, {
      entity: { source: '/environment/new%20york', subject: 's-1' },
      ...data,
    })

  it('given its source, tenant and tags, then it belongs to the groups that they name', () => {
    const tagged = facts({ tags: { tenant: 'acme', 'a/b': '3' } })
    assert.deepEqual(findGroup(tagged, 'entity'), { source: '/environment/new%20york', subject: 's-1' })
    assert.deepEqual(findGroup(tagged, 'site'), { source: '/groups/site', subject: 'new york' })
    assert.deepEqual(findGroup(tagged, 'tenant'), { source: '/groups/tenant', subject: 'acme' })
    assert.deepEqual(findGroup(tagged, 'tags.a/b'), { source: '/groups/tags/a%2Fb', subject: '3' })
    for (const per of ['tenant', 'tags.floor', 'model'] as const)
      assert.equal(findGroup(facts({}), per), undefined)
  })

  it('given what a rule matches, then each of its keys must fit', () => {
    const match = { site: 'new york', tenant: ['acme', 'other'], entity: 's-1', tags: { floor: '3' } }
    const rule = createPattern({ count: 2, of: { event: 'sensor.silent', match }, within: '1h' })
    const [matcher] = listMatchers(rule.pattern)
    assert.ok(matcher)
    const fits = { tags: { tenant: 'acme', floor: '3' } }
    assert.equal(isMet(matcher, facts(fits)), true)
    for (const data of [{ tags: { tenant: 'no', floor: '3' } }, { tags: { tenant: 'acme', floor: '4' } }, {}])
      assert.equal(isMet(matcher, facts(data)), false)
    const elsewhere = { ...fits, entity: { source: '/environment/oslo', subject: 's-1' } }
    assert.equal(isMet(matcher, facts(elsewhere)), false)
  })
})

describe('rules that ask for the same events', () => {
  it('given one per site and one per tenant, then neither counts what was sent to the other’s groups', async () => {
    const rules = [two('site', { name: 'SITE' }), two('tenant', { name: 'TENANT' })]
    const events = await sent(rules, hotAt('a', 0, tenant('a')), hotAt('b', 1, tenant('b')))
    const pers = events.map(({ data }) => (data as PatternEvent).per)
    assert.deepEqual(pers, ['site', 'tenant', 'site', 'tenant'])
    const kit = new Kit<PatternStates>(patterns(FAMILIES, rules))
    await kit.when(...events)
    const fired = listFired(kit).map(({ rule, entity }) => [rule, entity.subject])
    assert.deepEqual(fired, [['SITE', 'test-site']])
    const acme = Object.keys((await kit.state('/groups/tenant a'))?.tracked ?? {})
    assert.deepEqual(
      acme.map(key => key.split(' ')[0]),
      ['TENANT'],
    )
  })
})

describe('a pattern of a group whose rule is edited', () => {
  const activated = (time: string, ...rules: Parameters<typeof buildRuleSet>[0]) =>
    rulesActivated(buildRuleSet(rules), 0, time)
  const kitWith = async (within: string) => {
    const rule = createPattern({ count: 2, of: HOT, within, per: 'site' })
    const kit = new Kit<PatternStates>(patterns(FAMILIES, [rule]))
    await kit.when(...(await sent([rule], hotAt('a', 0, {}), hotAt('b', 60, {}))))
    return kit
  }
  const told = (kit: Kit<PatternStates>) =>
    kit.publishedEvents.map(({ data }) => {
      const alert = data as Alert
      return `${(alert.status === 'firing' ? alert.startedAt : alert.endedAt).slice(11, 16)} ${alert.reason}`
    })

  it('given more time while it fires, then it resolves when that is over', async () => {
    const kit = await kitWith('10m')
    await kit.when(
      activated('2026-03-01T12:02:00Z', createPattern({ count: 2, of: HOT, within: '30m', per: 'site' })),
    )
    await kit.pass(2 * 3_600_000)
    assert.deepEqual(told(kit), ['12:01 pattern', '12:30 cleared'])
  })

  it('given that it is removed, then the next event of the group ends its alert', async () => {
    const kit = await kitWith('10m')
    const other = two('site', { name: 'OTHER' })
    await kit.when(activated('2026-03-01T12:02:00Z', other))
    await kit.when(...(await sent([other], hotAt('c', 180, {}))))
    assert.deepEqual(told(kit), ['12:01 pattern', '12:03 rule-removed'])
  })

  it('given another group from now on, then the alert of the old one ends within five minutes', async () => {
    const kit = await kitWith('10h')
    await kit.when(
      activated('2026-03-01T12:02:00Z', createPattern({ count: 2, of: HOT, within: '10h', per: 'tenant' })),
    )
    await kit.pass(3 * 3_600_000)
    assert.deepEqual(told(kit), ['12:01 pattern', '12:05 rule-removed'])
  })
})
