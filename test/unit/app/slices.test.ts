import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { ConfigError } from '#runtime/consumer'
import { SLICES } from '../../../control/environment/config.ts'
import { GENERAL, GENERATOR, KAFKA, REMOVED, readSettings } from '../../../lib/app/settings/index.ts'

const BROKERS = { KAFKA_BROKERS: '127.0.0.1:1' }
const BOTH = { ...BROKERS, REDIS_URL: 'redis://127.0.0.1:1' }

/** Invalid settings of another function. */
const OF_OTHERS = { ID_WINDOW_SECONDS: '1h', SCHEMA_REGISTRY_URL: 'nowhere', HISTORY_RETENTION: '0' }

/** The errors with which a function does not start in this environment; none where it starts. */
async function findErrors(t: TestContext, name: string, environment: Readonly<Record<string, string>>) {
  const before = { ...process.env }
  t.after(() => {
    process.env = before
  })
  for (const { settings } of SLICES)
    for (const variable of Object.keys(settings)) delete process.env[variable]
  Object.assign(process.env, environment)
  const { handler } = await import(`../../../functions/${name}/handler.ts`)
  return handler.start().then(
    () => [],
    (error: ConfigError) => error.errors,
  )
}

describe('the settings that a function reads', () => {
  for (const name of ['generator', 'clock', 'redriver', 'processor', 'notifier'])
    it(`given ${name} without REDIS_URL, then it does not start, and names that alone`, async t => {
      assert.deepEqual(await findErrors(t, name, BROKERS), [
        'REDIS_URL: must name the server, as redis://host:port',
      ])
      assert.deepEqual(await findErrors(t, name, BOTH), [])
    })

  for (const name of ['generator', 'clock'])
    it(`given ${name} and wrong settings of consumers, then it starts: it reads none of them`, async t => {
      assert.deepEqual(await findErrors(t, name, { ...BOTH, ...OF_OTHERS }), [])
    })

  it('given a consumer, then each of its wrong settings is named', async t => {
    const errors = await findErrors(t, 'activity', { ...BOTH, ...OF_OTHERS })
    assert.deepEqual(
      errors.map((error: string) => error.split(':')[0]),
      ['ID_WINDOW_SECONDS', 'SCHEMA_REGISTRY_URL'],
    )
  })

  it('given a source or dataschema that consumers refuse, then the generator does not start', () => {
    const refused = { CLOUDEVENTS_SOURCE: '/100%', CLOUDEVENTS_DATASCHEMA: '/sensors/datacenter1' }
    assert.throws(
      () => readSettings([GENERATOR], refused),
      ({ errors }: ConfigError) =>
        errors.join() ===
        'CLOUDEVENTS_SOURCE: must be a URI or a reference, such as /sensors/datacenter1,' +
          'CLOUDEVENTS_DATASCHEMA: must be an absolute URI, such as https://example.com/reading.json',
    )
  })

  it('given a slice twice, then its errors are reported once', () => {
    assert.throws(
      () => readSettings([GENERAL, KAFKA, KAFKA], {}),
      ({ errors }: ConfigError) => errors.length === 1,
    )
  })
})

describe('the declarations of settings', () => {
  const declared = SLICES.flatMap(({ settings }) => Object.entries(settings))

  it('are there, and name each variable once', () => {
    const names = declared.map(([name]) => name)
    assert.ok(names.length > 20)
    assert.equal(new Set(names).size, names.length)
  })

  it('describe each variable in whole sentences, and say what it may be', () => {
    const removed = Object.keys(REMOVED.settings)
    for (const [name, { description, allowed }] of declared.filter(([name]) => !removed.includes(name))) {
      assert.match(description, /^[A-Z`].*\.$/, name)
      assert.doesNotMatch(allowed, /^must|\.$|^$/, name)
    }
  })
})
