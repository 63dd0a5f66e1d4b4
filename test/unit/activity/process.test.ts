import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import { databaseReading, environmentReading } from '#runtime/test/support/records'
import { type Activity, createActivity } from '../../../lib/activity/process.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { FAMILIES, parseFamilies } from '../../support/families.ts'
import { Kit, type TakenStep } from '../../support/kit.ts'

const activity = createActivity(FAMILIES)

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const MINUTE_MS = 60_000
const SENSOR = '/environment/test-site s-1'

/** Returns an activity of a device; `at` is in seconds after the start. */
function motion(at: number, what?: string): Event {
  const data = { deviceId: 'd-1', model: 'watch', x: 0, ...(what ? { activity: what } : {}) }
  return event(`motion ${at}`, FAMILIES.get('device').type, '/device/watch', 'd-1', at, data)
}

function load(at: number, memoryUsagePercent: number | undefined, cpuUsagePercent = 20): Event {
  const memory = memoryUsagePercent === undefined ? {} : { memoryUsagePercent }
  return databaseReading(`load ${at}`, { instance: 'i-1', at, cpuUsagePercent, ...memory })
}

function event(id: string, type: string, source: string, subject: string, at: number, data: object): Event {
  const time = new Date(START_MS + at * 1000).toISOString()
  return { id, type, source, subject, time, datacontenttype: 'application/json', data }
}

function reasons(steps: readonly TakenStep<Activity>[]): string[] {
  return steps.map(({ by, reason }) => `${by}: ${reason}`)
}

function emissions(steps: readonly TakenStep<Activity>[]) {
  return steps.flatMap(({ emitted }) => emitted.map(({ name, data }) => ({ name, ...(data as object) })))
}

describe('a sensor', () => {
  it('given that it reports, then nothing happens', async () => {
    const kit = new Kit(activity)
    const steps = await kit.when(...[0, 60, 120].map(at => environmentReading(`r${at}`, { at })))
    assert.deepEqual(reasons(steps), ['r0: first', 'r60: unchanged', 'r120: unchanged'])
    assert.deepEqual(await kit.timers(SENSOR), {
      silent: new Date(START_MS + 7 * MINUTE_MS),
      forget: new Date('2026-03-03'),
    })
  })

  it('given that it reports no more, then it is silent once, with the time of its last reading', async () => {
    const kit = new Kit(activity)
    await kit.when(environmentReading('last', { at: 30 }))
    const steps = await kit.pass(60 * MINUTE_MS)
    assert.deepEqual(emissions(steps), [
      {
        name: 'silent',
        entity: { source: '/environment/test-site', subject: 's-1' },
        lastSeen: '2026-03-01T12:00:30.000Z',
      },
    ])
  })

  it('given a log that had stopped, when it reports again, then it was never silent', async () => {
    const kit = new Kit(activity)
    await kit.when(environmentReading('a', { at: 0 }))
    assert.deepEqual(reasons(await kit.when(environmentReading('b', { at: 3600 }))), ['b: unchanged'])
  })

  it('given that it was silent, when it reports again, then it has returned', async () => {
    const kit = new Kit(activity)
    await kit.when(environmentReading('last'))
    await kit.pass(10 * MINUTE_MS)
    const steps = await kit.when(environmentReading('back', { at: 700 }))
    assert.deepEqual(reasons(steps), ['back: returned'])
    assert.equal(kit.publishedEvents.length, 2)
    assert.deepEqual(await kit.state(SENSOR), { lastMs: START_MS + 700_000 })
  })

  it('given that it is silent for more than a day, then it is forgotten, and starts as a new one', async () => {
    const kit = new Kit(activity)
    await kit.when(environmentReading('last'))
    assert.deepEqual(reasons(await kit.pass(37 * 60 * MINUTE_MS)), ['silent: silent', 'forget: forgotten'])
    assert.equal(await kit.state(SENSOR), undefined)
    assert.deepEqual(await kit.timers(SENSOR), {})
    const anew = await kit.when(environmentReading('anew', { at: 38 * 3600 }))
    assert.deepEqual(reasons(anew), ['anew: first'])
  })

  it('given a reading that comes late, then it changes nothing', async () => {
    const kit = new Kit(activity)
    await kit.when(environmentReading('now', { at: 60 }))
    assert.deepEqual(reasons(await kit.when(environmentReading('late', { at: 10 }))), ['late: late'])
  })
})

describe('a device', () => {
  it('given another activity, then that is published, with the duration of the former', async () => {
    const kit = new Kit(activity)
    const steps = await kit.when(
      motion(0, 'resting'),
      motion(30),
      motion(60, 'resting'),
      motion(90, 'walking'),
    )
    assert.deepEqual(
      steps.map(({ reason }) => reason),
      ['first', 'unchanged', 'unchanged', 'changed'],
    )
    assert.deepEqual(emissions(steps), [
      {
        name: 'changed',
        entity: { source: '/device/watch', subject: 'd-1' },
        from: 'resting',
        to: 'walking',
        lastedSeconds: 90,
      },
    ])
  })

  it('given a first reading that does not say what it does, then it is first, and the next is not', async () => {
    const steps = await new Kit(activity).when(motion(0), motion(30))
    assert.deepEqual(reasons(steps), ['motion 0: first', 'motion 30: unchanged'])
  })

  const falls: [name: string, after: Event[], fallen: boolean][] = [
    ['lies still', [motion(20, 'resting'), motion(40, 'resting'), motion(100, 'resting')], true],
    ['is not heard of', [], true],
    ['walks away', [motion(30, 'walking')], false],
    ['lies still and then walks, in time', [motion(20, 'resting'), motion(55, 'walking')], false],
  ]
  for (const [name, after, fallen] of falls)
    it(`given that it falls and ${name}, then ${fallen ? 'it has fallen' : 'all is well'}`, async () => {
      const kit = new Kit(activity)
      await kit.when(motion(0, 'walking'), motion(10, 'falling'), motion(12, 'falling'))
      const steps = [...(await kit.when(...after)), ...(await kit.pass(5 * MINUTE_MS))]
      const found = emissions(steps).filter(({ name }) => name === 'fallen')
      assert.deepEqual(
        found.map(emission => 'fellAt' in emission && emission.fellAt),
        fallen ? ['2026-03-01T12:00:10.000Z'] : [],
      )
    })
})

describe('a database', () => {
  const table: [name: string, readings: Event[], restarted: boolean][] = [
    ['memory that is freed at a stroke', [load(0, 70), load(60, 45)], true],
    ['memory that wavers', [load(0, 70), load(60, 62)], false],
    ['memory that is freed slowly', [load(0, 70), load(60, 64), load(120, 58), load(180, 52)], false],
    ['memory that is freed with the end of a query', [load(0, 85, 95), load(60, 50)], false],
    ['readings that are far apart', [load(0, 70), load(1200, 45)], false],
    ['a reading without memory between', [load(0, 70), load(60, undefined), load(120, 45)], false],
    ['just a tenth of memory that is freed', [load(0, 70), load(60, 60)], true],
    ['readings that are just ten minutes apart', [load(0, 70), load(600, 45)], true],
    ['memory that is freed with a CPU at just 80 %', [load(0, 70, 80), load(60, 45)], false],
  ]
  for (const [name, readings, restarted] of table)
    it(`given ${name}, then it was ${restarted ? '' : 'not '}restarted`, async () => {
      const steps = await new Kit(activity).when(...readings)
      assert.equal(emissions(steps).length, restarted ? 1 : 0)
    })
})

it('given everything that it emits, then each fits its schema and goes to the events topic', async () => {
  const kit = new Kit(activity)
  await kit.when(
    environmentReading('a'),
    motion(0, 'walking'),
    motion(5, 'falling'),
    load(0, 70),
    load(60, 40),
  )
  await kit.pass(10 * MINUTE_MS)
  await kit.when(environmentReading('b', { at: 700 }))
  assert.deepEqual(kit.publishedEvents.map(({ type }) => type).sort(), [
    'io.sluice.activity.changed.v1',
    'io.sluice.device.fallen.v1',
    'io.sluice.instance.restarted.v1',
    'io.sluice.sensor.returned.v1',
    'io.sluice.sensor.silent.v1',
  ])
  for (const { type, data } of kit.publishedEvents)
    assert.equal(schemaViolation(FAMILIES, type, data), undefined)
})

describe('what rules over several events need', () => {
  const TAGS = { floor: '3' }
  const tagged = (event: Event): Event => ({ ...event, data: { ...(event.data as object), tags: TAGS } })

  it('given a restart, then it has the tenant and the tags of the instance', async () => {
    const steps = await new Kit(activity).when(load(0, 60), tagged(load(60, 20)))
    const [restarted] = emissions(steps) as { tenant?: string; tags?: object }[]
    assert.deepEqual([restarted?.tenant, restarted?.tags], ['test', TAGS])
  })

  it('given events that no reading causes, then they have the tags of the last one', async () => {
    for (const last of [tagged(environmentReading('r')), tagged(motion(0, 'falling'))]) {
      const kit = new Kit(activity)
      if (last.type === FAMILIES.get('device').type) await kit.when(motion(-60, 'walking'))
      await kit.when(last)
      const [silentOrFallen] = (await kit.pass(60 * MINUTE_MS)).flatMap(({ emitted }) => emitted)
      assert.ok(silentOrFallen)
      assert.deepEqual((silentOrFallen.data as { tags?: object }).tags, TAGS)
      assert.equal(schemaViolation(FAMILIES, silentOrFallen.type, silentOrFallen.data), undefined)
    }
  })

  it('given a reading without tags, then the state has no tags', async () => {
    const kit = new Kit(activity)
    await kit.when(tagged(environmentReading('a')), environmentReading('b', { at: 1 }))
    assert.equal((await kit.state(SENSOR))?.tags, undefined)
  })
})

it('given families without settings of activity, then no event is accepted', () => {
  const plain = parseFamilies(
    '{ family: boiler, entity: { source: /boiler, subject: "{boilerId}" }, metrics: { heat: { unit: °C } } }',
  )
  assert.deepEqual(createActivity(plain).accepts, [])
})
