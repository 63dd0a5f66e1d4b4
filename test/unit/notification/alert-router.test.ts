import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Alert, alertEmission } from '../../../lib/alerting/alert.ts'
import { APPLICATION } from '../../../lib/app/application.ts'
import { alertRouter, type RouterState } from '../../../lib/notification/alert-router.ts'
import { INHIBITION_CHANGED_TYPE } from '../../../lib/notification/inhibition.ts'
import { readRoutes } from '../../../lib/notification/parse-routes.ts'
import type { RoutedAlert } from '../../../lib/notification/routed-alert.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { ProcessKit } from '../../../packages/runtime/testing/process-kit.ts'
import { beginOf, type Change, LATE_CHANGES, nameOf, STORY, sequenceOf } from '../../support/late-changes.ts'
import { assertFit, at, eventOf, fired, resolved } from './support.ts'

const ROUTES = readRoutes(
  `routes:
  - { name: log, receivers: [hook], continue: true, groupBy: [] }
  - { name: rest, receivers: [sns] }`,
  'r',
)
const OTHERS = readRoutes('routes:\n  - { name: new, receivers: [pager] }', 'r')

const kitOf = (routes = ROUTES) => new ProcessKit<RouterState>(APPLICATION, alertRouter(routes) as never)
const event = (second: number, alert: Alert, entity = '/environment/oslo a') =>
  eventOf(alertEmission(alert, { entity }), second)
const groupsIn = (emitted: readonly { readonly data: unknown }[]) =>
  emitted.map(({ data }) => {
    const { group, alert } = data as RoutedAlert
    return `${group} ${alert.status}`
  })

describe('given the alert router', () => {
  it('when an alert fires and ends, then both go to every group whose route takes it', async () => {
    const kit = kitOf()
    const steps = await kit.when(event(1, fired('a')), event(2, resolved('a')))
    assert.deepEqual(
      steps.map(({ reason, emitted }) => [reason, ...groupsIn(emitted)]),
      [
        ['routed', 'log/hook{} firing', 'rest/sns{rule="HIGH_TEMP"} firing'],
        ['end-routed', 'log/hook{} resolved', 'rest/sns{rule="HIGH_TEMP"} resolved'],
      ],
    )
    assert.equal(steps[1]?.state, undefined)
  })

  it('when the routes change while an alert fires, then its end goes where its fire went', async () => {
    const [before] = await kitOf().when(event(1, fired('a')))
    const step = alertRouter(OTHERS).onEvent(before?.state, {
      ...event(2, resolved('a')),
      timeMs: 0,
      entity: '',
    } as never)
    assert.deepEqual(step.kind === 'decided' && groupsIn(step.emit), [
      'log/hook{} resolved',
      'rest/sns{rule="HIGH_TEMP"} resolved',
    ])
  })

  it('when an end comes whose fire it has not seen, then it goes by the routes', async () => {
    const [step] = await kitOf(OTHERS).when(event(1, resolved('a')))
    assert.deepEqual(groupsIn(step?.emitted ?? []), ['new/pager{rule="HIGH_TEMP"} resolved'])
  })

  it('when the same alert fires again, then it is not sent again', async () => {
    const steps = await kitOf().when(event(1, fired('a')), event(2, fired('a')))
    assert.deepEqual(
      steps.map(({ reason, emitted }) => [reason, emitted.length]),
      [
        ['routed', 2],
        ['routed-already', 0],
      ],
    )
  })

  it('when an alert reaches a group, then its event has no time: the group waits from then on', async () => {
    const kit = kitOf()
    await kit.when(event(1, fired('a')))
    assertFit(kit)
    assert.deepEqual(
      kit.published.map(({ time }) => time),
      [undefined, undefined],
    )
  })

  it('when the pipeline alert fires and ends, then every partition hears of it before its group', async () => {
    const down = { rule: 'PIPELINE_DOWN', entity: { source: '/clock' } }
    const kit = kitOf(OTHERS)
    const steps = await kit.when(
      event(1, fired('p', down), '/clock '),
      event(2, resolved('p', down), '/clock '),
    )
    assert.deepEqual(
      steps.map(({ emitted }) => emitted.map(({ type, everyPartition }) => [type, everyPartition])),
      [0, 1].map(() => [
        [INHIBITION_CHANGED_TYPE, true],
        ['io.sluice.alert.routed.v1', undefined],
      ]),
    )
    assertFit(kit)
    assert.deepEqual(steps[1]?.emitted[0]?.data, { alertId: 'p', rule: 'PIPELINE_DOWN', status: 'resolved' })
  })

  it('when a lagging partition reports the pipeline alert after its end, then it is not sent again', async () => {
    const down = { rule: 'PIPELINE_DOWN', entity: { source: '/clock' } }
    const one = [fired('p', down), resolved('p', down)]
    const all = [...one, ...one, fired('q', down)]
    const steps = await kitOf(OTHERS).when(...all.map((alert, n) => event(n + 1, alert, '/clock ')))
    assert.deepEqual(
      steps.map(({ reason, emitted }) => [reason, emitted.length]),
      [
        ['routed', 2],
        ['end-routed', 2],
        ['ended-before', 0],
        ['ended-before', 0],
        ['routed', 2],
      ],
    )
  })

  it('when many pipeline alerts have ended, then one small entry is left, and none fires again', async () => {
    const down = (n: number) => ({
      rule: 'PIPELINE_DOWN',
      fingerprint: 'f-down',
      entity: { source: '/clock' },
      startedAt: at(n * 600),
    })
    const ids = Array.from({ length: 17 }, (_, n) => `p${n}`)
    const all = ids.flatMap((id, n) => [fired(id, down(n)), resolved(id, down(n))])
    const late = ids.map((id, n) => fired(id, down(n)))
    const steps = await kitOf(OTHERS).when(...[...all, ...late].map((one, n) => event(n + 1, one, '/clock ')))
    assert.deepEqual(new Set(steps.slice(-17).map(({ reason }) => reason)), new Set(['ended-before']))
    const last = { alertId: 'p16', startedAt: at(9600), isKept: true }
    assert.deepEqual(steps.at(-1)?.state, { firing: {}, latest: { 'f-down': last } })
  })
})

/** @param atOneInstant whether all alerts have the same start, so that only the sequence orders them */
function changeOf(change: Change, atOneInstant = false): Event {
  const facts = { fingerprint: 'f', startedAt: at(atOneInstant ? 0 : 60 * beginOf(change)) }
  const id = nameOf(change)
  const made = event(600, change.startsWith('+') ? fired(id, facts) : resolved(id, facts))
  return { ...made, extensions: { sequence: sequenceOf(change) } }
}

describe('given alerts of a rule and entity, of which some changes come late', () => {
  for (const { given, order, fires } of LATE_CHANGES)
    for (const atOneInstant of [false, true])
      it(`given ${given}${atOneInstant ? ', at one instant' : ''}, then no alert that is over fires`, async () => {
        const steps = await kitOf(OTHERS).when(...order.map(change => changeOf(change, atOneInstant)))
        const sent = order.filter((_, index) => steps[index]?.emitted.length)
        assert.deepEqual(
          sent.filter(change => change.startsWith('+')),
          fires,
        )
        assert.deepEqual(
          sent.filter(change => change.startsWith('-')),
          order.filter(change => change.startsWith('-')),
        )
      })

  it('given nothing late, then nothing is remembered', async () => {
    const steps = await kitOf(OTHERS).when(...STORY.map(change => changeOf(change)))
    assert.equal(steps.at(-1)?.state, undefined)
  })

  it('given an end without its fire, and a later alert with lower sequences, then that fires', async () => {
    const again = { ...changeOf('+b'), extensions: { sequence: '0.0' } }
    const steps = await kitOf(OTHERS).when(changeOf('-a'), again)
    assert.equal(steps[1]?.reason, 'routed')
  })

  it('given an end without its fire, and an alert computed anew that began before it, then that fires', async () => {
    const earlier = { ...changeOf('+a'), extensions: { sequence: '0.9' } }
    const steps = await kitOf(OTHERS).when(changeOf('-b'), earlier)
    assert.equal(steps[1]?.reason, 'routed')
  })
})
