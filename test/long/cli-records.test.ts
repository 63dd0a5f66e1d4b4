import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { RecordView } from '../../lib/queries/record-view.ts'
import { TestEnvironment } from '../support/environment.ts'
import { PROJECT, Program } from '../support/program.ts'
import { runSluice } from '../support/sluice.ts'

const HEATWAVE = join(PROJECT, 'events', 'streams', 'heatwave.jsonl')
const POISON = join(PROJECT, 'events', 'batches', 'poison.json')

describe('given topics with records, good and bad', () => {
  let environment: TestEnvironment
  const run = (...args: string[]) => runSluice([...args, '--env', environment.name])

  before(async () => {
    environment = await TestEnvironment.create()
    for (const file of [HEATWAVE, POISON]) {
      const { code, output } = await run('replay', file, '--speed', 'max')
      assert.equal(code, 0, output)
    }
  })

  after(() => environment?.close())

  async function tailed(...args: string[]): Promise<RecordView[]> {
    const { code, stdout, output } = await run('tail', ...args, '--no-follow', '--json')
    assert.equal(code, 0, output)
    return stdout
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line))
  }

  it('when they are tailed, then each is there once, in order of time, decoded or with the reason why not', async () => {
    const views = await tailed('readings')
    const placeOf = ({ partition, offset }: { partition: number; offset: number | string }) =>
      `${partition}@${offset}`
    const expected = await environment.read('readings')
    assert.deepEqual(views.map(placeOf).toSorted(), expected.map(placeOf).toSorted())
    const times = views.map(({ recordTime }) => Date.parse(recordTime))
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    const subjects = views.filter(({ event }) => event?.subject === 'roof-2')
    assert.equal(subjects.length, 96)
    const failed = views.filter(({ failure }) => failure !== null)
    assert.ok(failed.some(({ failure }) => failure?.code === 'malformed-event'))
    assert.ok(failed.every(({ event }) => event === null))
  })

  it('when a tail is narrowed, then only what fits is shown, and an offset leads to the same record again', async () => {
    const conditions = ['--filter', 'subject=roof-1', '--filter', 'data.temperature>40']
    const views = await tailed('readings', ...conditions, '-n', '3')
    assert.equal(views.length, 3)
    for (const { event } of views) {
      assert.equal(event?.subject, 'roof-1')
      const data = event?.data as { readonly temperature: number } | undefined
      assert.ok(data && data.temperature > 40)
    }
    const { partition, offset } = views[0] as RecordView
    const place = ['--partition', String(partition), '--from', String(offset)]
    assert.deepEqual(await tailed('readings', ...place, '-n', '1'), [views[0]])
    const [earlier, later] = [-3_600_000, 3_600_000].map(ms => new Date(Date.now() + ms).toISOString())
    assert.deepEqual(await tailed('readings', '--from', later ?? ''), [])
    assert.ok((await tailed('readings', '--from', earlier ?? '')).length > 291)
  })

  it('when topics are followed, then what comes is shown once, and Ctrl-C ends it well', async () => {
    const following = ['tail', 'alerts', 'events', '--from', 'start', '--json', '--env', environment.name]
    const program = new Program('./cli/sluice.ts', following)
    const send = (id: string) => {
      const headers = { ce_id: id, ce_specversion: '1.0', ce_source: '/test', ce_type: 'io.sluice.test.v1' }
      return environment.client.send(environment.topic('events'), [{ key: 'k', value: '{"n":1}', headers }])
    }
    await send('before')
    await program.says(/"id":"before"/)
    await send('after')
    await program.says(/"id":"after"/)
    program.signal('SIGINT')
    const { code, stdout, output } = await program.ended
    assert.equal(code, 0, output)
    const ids = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).event.id)
    assert.deepEqual(ids, ['before', 'after'])
  })

  it('when the reader of a tail goes away, then it ends without a word', () => {
    const tail = `"${process.execPath}" ${QUIET} ./cli/sluice.ts tail readings --no-follow --env ${environment.name} | head -1`
    const piped = spawnSync('bash', ['-o', 'pipefail', '-c', tail], { cwd: PROJECT, encoding: 'utf8' })
    assert.deepEqual([piped.status, piped.stderr], [0, ''])
    assert.equal(piped.stdout.trimEnd().split('\n').length, 1)
  })

  it('when there are dead letters, then they are listed with the reasons, and other records are counted', async () => {
    const structured = { 'content-type': 'application/cloudevents+json' }
    const deadLetters = [
      deadLetter('one', 'schema-violated', Buffer.from('{"temperature":"28"}')),
      deadLetter('two', 'malformed-event', NOT_TEXT),
    ]
    await environment.client.send(environment.topic('dlq'), [
      ...deadLetters.map(deadLetter => ({
        key: null,
        value: JSON.stringify(deadLetter),
        headers: structured,
      })),
      { key: null, value: 'a stranger' },
    ])
    const { stdout } = await run('dlq', 'list')
    assert.match(stdout, /^\d@\d+ .* schema-violated +processor +orders\/1@7 .* it does not fit$/m)
    assert.match(stdout, /^1 records in the topic are not dead letters/m)
    const narrowed = JSON.parse((await run('dlq', 'list', '--code', 'malformed-event', '--json')).stdout)
    assert.deepEqual(
      [narrowed.counts.total, narrowed.deadLetters.length, narrowed.deadLetters[0].id],
      [1, 1, 'two'],
    )
  })

  it('when a dead letter is shown, by its id or its place, then its bytes are what failed', async () => {
    const { stdout } = await run('dlq', 'show', 'one')
    assert.match(stdout, /error +it does not fit\n/)
    assert.match(stdout, /Value: 20 bytes of JSON\n {2}\{\n {4}"temperature": "28"\n {2}\}/)
    const { at } = JSON.parse((await run('dlq', 'show', 'two', '--json')).stdout)
    const raw = ['./cli/sluice.ts', 'dlq', 'show', at, '--raw', '--env', environment.name]
    assert.deepEqual(spawnSync(process.execPath, raw, { cwd: PROJECT }).stdout, NOT_TEXT)
  })
})

/** Option with which the bootstrap starts the command. */
const QUIET = '--disable-warning=TimeoutNegativeWarning'
const NOT_TEXT = Buffer.from([0x7b, 0xff, 0x00])

function deadLetter(id: string, errorType: string, value: Buffer): object {
  const data = {
    originalTopic: 'orders',
    originalPartition: 1,
    originalOffset: 7,
    originalTimestamp: 0,
    originalKey: null,
    originalValue: value.toString('base64'),
    originalHeaders: [],
    error: 'it does not fit',
    errorType,
    consumer: 'processor',
    attempt: 1,
    firstFailedAt: '2026-03-01T12:00:00.000Z',
    failedAt: '2026-03-01T12:00:00.000Z',
    history: [],
    omitted: [],
    parks: false,
    class: 'permanent',
    routedBecause: 'a test',
    quarantined: false,
  }
  return { specversion: '1.0', id, source: '/test', type: 'io.sluice.dead-letter.v1', data }
}
