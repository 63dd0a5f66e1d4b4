import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import {
  type EntityMinute,
  findEntityAlert,
  findMinute,
  findReading,
  findStateSpan,
  getSearchText,
  removeDuplicateAlerts,
  selectLastRevisions,
} from '../../../../control/queries/states/entity-log.ts'
import { STATE_TYPE } from '../../../../lib/analytics/entity-states.ts'
import { MINUTE_TYPE } from '../../../../lib/analytics/processor.ts'
import { fired, firstAlert, resolved } from '../../../support/alerts.ts'
import { APPLICATION, FAMILIES } from '../../../support/families.ts'

const ENTITY = '/environment/test-site s-1'

function read(content: Event | { value: Buffer }) {
  const record = logRecord(7, content)
  return { record, event: readEvent(record) }
}

const VALUES = { count: 2, mean: 20, standardDeviation: 0, minimum: 19, maximum: 21, last: 20 }
const MINUTE = {
  entity: { source: '/environment/test-site', subject: 's-1' },
  family: 'environment',
  windowStart: '2026-03-01T12:00:00.000Z',
  windowEnd: '2026-03-01T12:01:00.000Z',
  revision: 1,
  metrics: { temperature: { ...VALUES, lastAt: '2026-03-01T12:00:10.000Z' } },
}

const STATE = { ...MINUTE, state: 'status', seconds: { ok: 40.5 }, value: 'ok', since: MINUTE.windowStart }

function minuteEvent(data: unknown, type: string = MINUTE_TYPE): Event {
  return { id: 'm', source: '/processor', type, datacontenttype: 'application/json', data }
}

describe('what the log says of an entity', () => {
  it('given a reading of it, then its values and its position are returned', () => {
    const found = findReading(
      FAMILIES,
      read(environmentReading('r-1', { temperature: 21.5 })),
      [ENTITY],
      APPLICATION.readData,
    )
    assert.deepEqual(
      [found?.entity, found?.offset, found?.values, found?.timeMs],
      [ENTITY, 7, { temperature: 21.5 }, Date.parse('2026-03-01T12:00:00Z')],
    )
  })

  it('given a reading in another unit, then its values are in the unit of the family', () => {
    const event = environmentReading('r-1', { temperature: 68 })
    const data = { ...(event.data as object), unit: 'F' }
    assert.equal(
      findReading(FAMILIES, read({ ...event, data }), [ENTITY], APPLICATION.readData)?.values.temperature,
      20,
    )
  })

  const event = environmentReading('r')
  const others: [what: string, content: Event | { value: Buffer }][] = [
    ['a reading of another entity', environmentReading('r', { sensor: 's-10' })],
    ['bytes that are no event', { value: Buffer.from('hello') }],
    ['a reading that its schema forbids', { ...event, data: { ...(event.data as object), humidity: 400 } }],
    ['an event of another type', { ...event, type: 'io.example.other' }],
  ]
  for (const [what, content] of others)
    it(`given ${what}, then it does not count as a reading of the entity`, () => {
      assert.equal(findReading(FAMILIES, read(content), [ENTITY], APPLICATION.readData), undefined)
    })

  it('given a minute of it, then its values are returned, and those of others are not', () => {
    const found = findMinute(read(minuteEvent(MINUTE)), ['another', ENTITY])
    assert.deepEqual(found?.metrics.temperature, {
      count: 2,
      mean: 20,
      standardDeviation: 0,
      minimum: 19,
      maximum: 21,
    })
    assert.equal(findMinute(read(minuteEvent(MINUTE)), [`${ENTITY}0`]), undefined)
  })

  for (const [what, data] of [
    ['no time', { ...MINUTE, windowStart: 'noon' }],
    ['no entity', { ...MINUTE, entity: undefined }],
    ['texts as values', { ...MINUTE, metrics: { temperature: { ...VALUES, mean: '<b>' } } }],
    ['no metrics', { ...MINUTE, metrics: null }],
    ['nothing', null],
  ] as const)
    it(`given a minute with ${what}, then it is passed over: any client may write to the topic`, () => {
      assert.equal(findMinute(read(minuteEvent(data)), [ENTITY]), undefined)
    })

  it('given a minute of a state, then its times are returned, but not of other states or with invalid times', () => {
    const find = (data: object, states = ['status']) =>
      findStateSpan(read(minuteEvent(data, STATE_TYPE)), [ENTITY], states)
    const fromMs = Date.parse(MINUTE.windowStart)
    const times = {
      timeMs: fromMs,
      fromMs,
      toMs: fromMs + 60_000,
      revision: 1,
      ms: { ok: 40_500 },
      value: 'ok',
    }
    assert.deepEqual(find(STATE), { entity: ENTITY, state: 'status', ...times })
    const { value: _, ...unknown } = STATE
    assert.equal(find(unknown)?.value, null)
    assert.equal(find(STATE, ['mode']), undefined)
    for (const invalid of [
      { windowEnd: MINUTE.windowStart },
      { seconds: { ok: -1 } },
      { seconds: 'x' },
      { entity: null },
    ])
      assert.equal(find({ ...STATE, ...invalid }), undefined)
  })

  it('given revisions of a minute in any order, then the last one counts', () => {
    const minute = (timeMs: number, revision: number): EntityMinute => {
      return { entity: ENTITY, timeMs, revision, metrics: {} }
    }
    const found = selectLastRevisions([minute(60, 2), minute(0, 1), minute(60, 1), minute(60, 3)])
    assert.deepEqual(
      found.map(({ timeMs, revision }) => [timeMs, revision]),
      [
        [0, 1],
        [60, 3],
      ],
    )
  })

  it('given an alert that fires and resolves, in whichever order it is read, then it has ended', () => {
    const alert = firstAlert()
    const entity = `${alert.entity.source} ${alert.entity.subject}`
    const told = [fired(alert), resolved(alert)].flatMap(
      event => findEntityAlert(read(event), [entity]) ?? [],
    )
    assert.equal(told.length, 2)
    for (const order of [told, told.toReversed()]) {
      const [only, ...more] = removeDuplicateAlerts(order)
      assert.deepEqual(more, [])
      assert.deepEqual([only?.id, only?.endedMs], [alert.alertId, Date.parse('2026-03-01T13:00:00Z')])
    }
    assert.equal(findEntityAlert(read(fired(alert)), ['another one']), undefined)
  })

  for (const [entity, text] of [
    ['/environment/a roof-1', 'roof-1'],
    ['/database/pg db:1', 'db:1'],
    ['/environment/a ', undefined],
    ['/environment/a a/b', undefined],
    ['/environment/a Dächle', undefined],
    ['/environment/a "x"', undefined],
  ] as const)
    it(`given ${entity}, then ${text ?? 'no text'} is certain to be in the bytes of its records`, () => {
      assert.equal(getSearchText(entity), text)
    })
})
