import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ForeignRecord } from '@sluice/test-kit/foreign-client'
import { brokers } from '@sluice/test-kit/servers'
import type { CloudEvent } from 'cloudevents'
import type { Message } from 'kafkajs'
import type { Event } from '#runtime/consumer'
import { environmentReading as reading } from '#runtime/test/support/records'
import { resolveSignals } from '../../lib/app/naming/topic-table.ts'
import { NAMES, readSettings } from '../../lib/app/settings/index.ts'
import type { DeadLetter } from '../../lib/failures/dlq-router.ts'
import { createTopics } from '../../localstack/local-topics.ts'
import { CONSUMERS_OF_READINGS, taken } from '../support/consumers.ts'
import { outcomes, TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { readEvent } from '../support/sdk-reader.ts'
import { runSluice } from '../support/sluice.ts'
import { writtenMessage } from '../support/written-message.ts'

// Other numbers of partitions than those of the table, for this process, the commands and the functions.
process.env.PARTITIONS = 'readings=5,events=2,notifications=4,dlq=1'
const { names } = readSettings([NAMES])

describe('the whole flow, through serverless offline', () => {
  let environment: TestEnvironment
  let offline: Offline

  before(async () => {
    environment = await TestEnvironment.create({ names, generator: { seed: 'flow' } })
    offline = await Offline.start(environment.name)
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
  })

  it('given a web page that invokes a function, then it is refused', async () => {
    await assert.rejects(offline.invoke('clock', {}, { origin: 'https://page.example' }), /from a web page/)
  })

  it('given a broken record between two readings, then they are applied, and each consumer has a dead letter', async () => {
    const broken = Buffer.from([0xff, 0x00, 0xfe])
    const [first, second] = [0, 1].map(at => binary(reading(`mixed-${at}`, { sensor: 's-mixed', at })))
    // One key, so one partition: nothing may hold up what comes after it.
    const messages = [first, { value: broken, headers: { note: 'garbage' } }, second].map(message => ({
      ...(message as Message),
      key: 's-mixed',
    }))
    await environment.client.send(environment.topic('readings'), messages)
    await environment.untilTrimmed()

    for (const consumer of CONSUMERS_OF_READINGS) assert.equal(taken(await environment.tally(consumer)), 2)
    const letters = (await environment.read('dlq')).map(record => readEvent(record).data as DeadLetter)
    assert.deepEqual(letters.map(({ consumer }) => consumer).sort(), [...CONSUMERS_OF_READINGS].sort())
    for (const { errorType, originalKey, originalValue, originalHeaders } of letters)
      assert.deepEqual(
        { errorType, originalKey, originalValue, originalHeaders },
        {
          errorType: 'not-a-cloudevent',
          originalKey: base64('s-mixed'),
          originalValue: broken.toString('base64'),
          originalHeaders: [{ name: 'note', value: base64('garbage') }],
        },
      )
  })

  it('given a sensor too hot and cool again, then one alert fires and resolves, readable by the SDK', async () => {
    const hot = [
      reading('warm', { sensor: 's-hot', temperature: 39 }),
      reading('hot', { sensor: 's-hot', at: 60, temperature: 41 }),
      reading('hotter', { sensor: 's-hot', at: 120, temperature: 42 }),
      reading('cool', { sensor: 's-hot', at: 180, temperature: 20 }),
    ]
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const traced = hot.map(event => ({ ...binary({ ...event, extensions: { traceparent } }), key: 's-hot' }))
    await environment.client.send(environment.topic('readings'), traced)
    await environment.untilTrimmed()

    const records = await environment.read('alerts')
    const alerts = records.map(record => readEvent(record))
    assert.deepEqual(
      alerts.map(({ type, time, source }) => ({ type, time, source })),
      [
        { type: 'io.sluice.alert.fired.v1', time: hot[1]?.time, source: '/alerting' },
        { type: 'io.sluice.alert.resolved.v1', time: hot[3]?.time, source: '/alerting' },
      ],
    )
    const [fired, resolved] = alerts.map(
      ({ data }) => data as { alertId: string; fingerprint: string; rule: string },
    )
    assert.equal(fired?.rule, 'HIGH_TEMP')
    assert.equal(fired?.alertId, resolved?.alertId)
    assert.deepEqual(
      records.map(({ key }) => key?.toString()),
      [fired?.fingerprint, fired?.fingerprint],
    )
    for (const { traceparent: continued } of alerts)
      assert.match(String(continued), /^00-4bf92f3577b34da6a3ce929d0e0e4736-/)
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 2)
  })

  it('when the schedule fires the generator, then its readings are published and applied once', async () => {
    const before = await environment.read('readings')
    const appliedBefore = outcomes(await environment.tally('processor'), 'applied')
    const schedule = { time: new Date().toISOString() }
    const { readings } = await offline.invoke<{ readings: number }>('generator', schedule)
    assert.ok(readings > 0, 'the first readings flow at once')
    const again = await offline.invoke<{ readings: number }>('generator', schedule)
    assert.equal(again.readings, 0, 'a repeated run has nothing to add')
    await environment.untilTrimmed()

    const own = (await environment.read('readings')).slice(before.length)
    assert.equal(own.length, readings)
    const events = (await environment.read('readings'))
      .map(tryReadEvent)
      .filter(event => event?.dataschema !== undefined)
    const types = new Set(events.map(event => event?.type))
    const families = ['database.reading', 'device.motion', 'environment.reading']
    assert.deepEqual(
      [...types].sort(),
      families.map(family => `io.sluice.${family}.v1`),
    )
    assert.equal(outcomes(await environment.tally('processor'), 'applied'), appliedBefore + readings)
  })

  it('when the schedule fires the clock, then rules are appended where due, and only alerting applies them', async () => {
    const { partitions } = names.topicSize('readings', environment.name)
    const all = resolveSignals(['ruled']).reduce(
      (sum, signal) => sum + names.topicSize(signal, '').partitions,
      0,
    )
    const run = async (time: string) =>
      (await offline.invoke<{ rules: { appended: number; why: string } }>('clock', { time })).rules
    const runs = [
      await run('2026-03-01T12:00:00Z'),
      await run('2026-03-01T12:01:00Z'),
      await run('2026-03-02T12:00:00Z'),
    ]
    assert.deepEqual(
      runs.map(({ appended, why }) => [appended, why]),
      [
        [all, 'first'],
        [0, 'not-due'],
        [all, 'daily'],
      ],
    )
    await environment.untilTrimmed()
    const { 'applied/rules-activated': activated, 'applied/rules-unchanged': unchanged } =
      await environment.tally('alerting')
    assert.deepEqual([activated, unchanged], [partitions, partitions])
    for (const consumer of CONSUMERS_OF_READINGS.filter(name => name !== 'alerting'))
      assert.equal((await environment.tally(consumer))['ignored/rule-set'], 2 * partitions)
  })

  it('given topics with other numbers of partitions than the table, then none is wrong, and no key is misrouted', async () => {
    const { name } = environment
    const check = async (variables: Record<string, string> = {}) => {
      const { stdout } = await runSluice(['doctor', '--env', name, '--json'], variables)
      const { findings } = JSON.parse(stdout) as {
        findings: { check: string; verdict: string; todo?: string }[]
      }
      return findings.filter(finding => finding.check === 'partitions' && finding.verdict !== 'ok')
    }
    assert.deepEqual(await check(), [])
    assert.doesNotMatch(offline.output, /misrouted/)
    const variables = { PARTITIONS: 'events=2,notifications=4,dlq=1' }
    const [readings] = await check(variables)
    const advice = /Set PARTITIONS=events=2,notifications=4,dlq=1,readings=5, or create/
    assert.match(readings?.todo ?? '', advice)
    const wanted = { brokers: brokers(), env: name, names: readSettings([NAMES], variables).names }
    await assert.rejects(createTopics(wanted), ({ message }: Error) => {
      assert.match(message, /partitions is 5, but must be 12/)
      assert.match(message, advice)
      return true
    })
  })
})

function tryReadEvent(record: ForeignRecord): CloudEvent<unknown> | undefined {
  return record.headers?.ce_id && record.value ? readEvent(record) : undefined
}

function binary(event: Event): Message {
  return { ...writtenMessage(event), key: null }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
