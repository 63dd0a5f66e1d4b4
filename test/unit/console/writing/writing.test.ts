import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formOf } from '../../../../console/api/writing/forms.ts'
import { writtenEvent } from '../../../../console/api/writing/publish.ts'
import { Recordings } from '../../../../console/api/writing/recordings.ts'
import { type ReplayShown, Replays } from '../../../../console/api/writing/replays.ts'
import { dataOf, labelsIn, valuesOf } from '../../../../console/page/writing/data.ts'
import { packagedSchema } from '../../../../lib/app/packaged-schemas.ts'
import { schemaViolation } from '../../../../lib/app/schemas.ts'
import { OperationFailure } from '../../../../lib/operations/failure.ts'
import { FAMILIES, type FamilyName } from '../../../../lib/telemetry/families.ts'
import { until } from '../../../support/until.ts'

const NOW_MS = Date.parse('2026-03-01T12:00:00Z')

async function form(name: FamilyName) {
  const family = FAMILIES[name]
  return formOf(family, (await packagedSchema(family.type, 'json'))?.text ?? '', NOW_MS)
}

describe('given the form of a family', () => {
  for (const name of Object.keys(FAMILIES) as FamilyName[])
    it(`when the example of ${name} is sent as it is, then it fits the schema, and nothing of it is lost`, async () => {
      const { fields, example, type } = await form(name)
      const data = dataOf(fields, valuesOf(fields, example))
      assert.deepEqual(data, example)
      assert.equal(schemaViolation(type, data), undefined)
    })

  it('then its fields are those of the schema, with bounds, choices and what is needed', async () => {
    const fields = new Map((await form('environment')).fields.map(field => [field.path, field]))
    const { isRequired, least, most, about } = fields.get('location.latitude') ?? {}
    assert.deepEqual([isRequired, least, most, about], [true, -90, 90, 'Degrees, north positive'])
    assert.deepEqual(fields.get('status')?.choices, ['ok', 'degraded', 'maintenance'])
    assert.equal(fields.get('temperature')?.isRequired, false)
    assert.equal(fields.get('tags')?.kind, 'labels')
  })

  it('when fields are empty or are no numbers, then they are left out, or stay for the server to refuse', async () => {
    const { fields } = await form('environment')
    const values = { sensorId: 's', temperature: 'warm', humidity: ' ', 'location.site': 'x', tags: 'a=1, b' }
    assert.deepEqual(dataOf(fields, values), {
      sensorId: 's',
      temperature: 'warm',
      location: { site: 'x' },
      tags: { a: '1', b: '' },
    })
    assert.deepEqual(labelsIn('a=b=c'), { a: 'b=c' })
  })
})

describe('given a reading that a person has written', () => {
  const location = { site: 'roof', latitude: 1, longitude: 2 }
  const written = (changes: object = {}) =>
    writtenEvent({
      family: 'environment',
      data: { sensorId: 's-1', temperature: 20, location },
      id: 'a',
      time: '2026-03-01T12:00:00Z',
      ...changes,
    })

  it('then it is an event of its family, with a trace', () => {
    const { source, subject, type, extensions } = written()
    assert.deepEqual(
      [source, subject, type],
      ['/environment/roof', 's-1', 'io.sluice.environment.reading.v1'],
    )
    assert.match(extensions?.traceparent ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    assert.equal(written({ traceparent }).extensions?.traceparent, traceparent)
  })

  for (const [name, changes, message] of [
    [
      'data that break the schema',
      { data: { sensorId: 's-1', temperature: 'warm', location } },
      /temperature must be number/,
    ],
    ['no place', { data: { sensorId: 's-1', temperature: 1 } }, /location is missing/],
    ['no traceparent', { traceparent: '00-0-0-00' }, /traceparent: must have/],
    ['an invalid time', { time: '2026-13-01' }, /not a CloudEvent/],
    ['an id that no text can hold', { id: '\ud800' }, /not a CloudEvent/],
  ] as const)
    it(`when it has ${name}, then it is refused with a sentence`, () => {
      assert.throws(() => written(changes), message)
    })
})

describe('given recordings to play', () => {
  const started = { recording: 'walk', speed: 1, by: 'ada' }
  const replays = () => {
    const ended: ReplayShown[] = []
    const closing = new AbortController()
    let running: Promise<void> = Promise.resolve()
    const all = new Replays(
      () => NOW_MS,
      work => {
        running = work(closing.signal)
      },
    )
    const onEnd = async (replay: ReplayShown) => void ended.push(replay)
    return { all, ended, onEnd, closing, run: () => running }
  }
  const told = (error: unknown) => assert.fail(String(error))
  const untilStopped = (_: unknown, stop: AbortSignal) =>
    new Promise<void>((_, reject) => stop.addEventListener('abort', () => reject(stop.reason)))

  it('then those that ship are listed, and open by their names alone', async () => {
    const recordings = new Recordings()
    const all = await recordings.all()
    assert.ok(all.length >= 6)
    const heatwave = all.find(({ name }) => name === 'heatwave')
    assert.deepEqual([heatwave?.events, heatwave?.fires], [291, { HIGH_TEMP: 3 }])
    assert.equal(await recordings.named('../package.json'), undefined)
    assert.ok(all.every(({ events }) => events > 0))
  })

  it('when one is played to its end, then it says so, and how far it came', async () => {
    const { all, ended, onEnd, run } = replays()
    const play = async (counts: { total: number | undefined; acknowledged: number }) => {
      Object.assign(counts, { total: 3, acknowledged: 3 })
    }
    assert.equal(all.start(started, play, onEnd, told).state, 'running')
    await run()
    const { state, total, acknowledged, endedAt } = all.all()[0] ?? {}
    assert.deepEqual([state, total, acknowledged, endedAt], ['done', 3, 3, '2026-03-01T12:00:00.000Z'])
    assert.deepEqual(
      ended.map(one => one.state),
      ['done'],
    )
  })

  it('when another is played, then a second is refused, and a stop ends the first', async () => {
    const { all, ended, onEnd, run } = replays()
    const { id } = all.start(started, untilStopped, onEnd, told)
    assert.throws(
      () => all.start({ ...started, recording: 'heat' }, untilStopped, onEnd, told),
      /walk is being replayed/,
    )
    assert.throws(() => all.stop('unknown'), /replay was not found/)
    all.stop(id)
    await run()
    assert.deepEqual(
      ended.map(({ state, problem }) => [state, problem]),
      [['stopped', null]],
    )
    all.start(started, untilStopped, onEnd, told)
    assert.equal(all.all().length, 2)
  })

  it('when the console closes, then what is played is stopped', async () => {
    const { all, ended, onEnd, closing, run } = replays()
    all.start(started, untilStopped, onEnd, told)
    closing.abort()
    await run()
    assert.equal(ended[0]?.state, 'stopped')
  })

  it('when one fails, then the reason is shown, and an unwritten audit event is reported', async () => {
    const { all, run } = replays()
    const fail = async () => {
      throw new OperationFailure('walk:7: not JSON')
    }
    all.start(started, fail, fail, told)
    await until('it has ended', () => all.all()[0]?.state === 'failed')
    await run()
    assert.equal(
      all.all()[0]?.problem,
      'walk:7: not JSON The audit event could not be written: walk:7: not JSON',
    )
  })
})
