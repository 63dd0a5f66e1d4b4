import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { TestEnvironment } from '../support/environment.ts'
import { PROJECT, Program } from '../support/program.ts'
import { runSluice } from '../support/sluice.ts'
import { TopicCommands } from '../support/topic-commands.ts'

const HEATWAVE = join(PROJECT, 'events', 'streams', 'heatwave.jsonl')
const POISON = join(PROJECT, 'events', 'batches', 'poison.json')

interface Document {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly event?: { readonly id: string; readonly subject: string }
  readonly failure?: { readonly code: string }
}

describe('given topics with records, good and bad', () => {
  let environment: TestEnvironment
  let commands: TopicCommands
  const run = (...args: string[]) => runSluice([...args, '--env', environment.name])

  before(async () => {
    environment = await TestEnvironment.create()
    commands = await TopicCommands.open()
    for (const file of [HEATWAVE, POISON]) {
      const { code, output } = await run('replay', file, '--speed', 'max')
      assert.equal(code, 0, output)
    }
  })

  after(async () => {
    await commands?.close()
    await environment?.close()
  })

  async function consumed(...args: string[]): Promise<Document[]> {
    const { code, stdout, output } = await run('consume', ...args, '--no-follow', '--json')
    assert.equal(code, 0, output)
    return documentsIn(stdout)
  }
  const documentsIn = (text: string): Document[] =>
    text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line))

  it('when they are consumed, then each is there once, in order of time, decoded or with the reason', async () => {
    const documents = await consumed()
    const placeOf = ({ partition, offset }: { partition: number; offset: number | string }) =>
      `${partition}@${offset}`
    const expected = await environment.read('readings')
    assert.deepEqual(documents.map(placeOf).toSorted(), expected.map(placeOf).toSorted())
    const times = documents.map(({ timestamp }) => timestamp)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    assert.equal(documents.filter(({ event }) => event?.subject === 'roof-2').length, 96)
    assert.ok(documents.some(({ failure }) => failure?.code === 'malformed-event'))
  })

  it('when they are narrowed, then only what fits is shown, and an offset leads to the same record again', async () => {
    const documents = await consumed('--filter', 'roof-1 status', '-n', '3')
    assert.deepEqual(
      documents.map(({ event }) => event?.subject),
      ['roof-1', 'roof-1', 'roof-1'],
    )
    const [{ partition, offset } = { partition: 0, offset: 0 }] = documents
    const place = ['--partition', String(partition), '--from', String(offset)]
    assert.deepEqual(await consumed(...place, '-n', '1'), documents.slice(0, 1))
    const [earlier = '', later = ''] = [-1, 1].map(hours =>
      new Date(Date.now() + hours * 3_600_000).toISOString(),
    )
    assert.deepEqual(await consumed('--from', later), [])
    assert.ok((await consumed('--from', earlier)).length > 291)
  })

  it('when a topic is followed, then what comes is shown once, no group is left, and Ctrl-C ends it well', async () => {
    const topic = environment.topic('events')
    const following = ['consume', '--topic', 'events', '--from', 'start', '--json', '--env', environment.name]
    const program = new Program('./cli/sluice.ts', following)
    const send = (id: string) => {
      const headers = { ce_id: id, ce_specversion: '1.0', ce_source: '/test', ce_type: 'io.sluice.test.v1' }
      return environment.client.send(topic, [{ key: 'k', value: '{"n":1}', headers }])
    }
    await send('before')
    await program.says(/"id":"before"/)
    await send('after')
    await program.says(/"id":"after"/)
    program.signal('SIGINT')
    const { code, stdout, output } = await program.ended
    assert.equal(code, 0, output)
    assert.deepEqual(
      documentsIn(stdout).map(({ event }) => event?.id),
      ['before', 'after'],
    )
    const { groups } = await commands.admin.listGroups()
    assert.ok(groups.every(({ groupId }) => !groupId.includes(environment.name)))
  })

  it('when the reader of the output goes away, then it ends without a word', () => {
    const consume = `"${process.execPath}" ${QUIET} ./cli/sluice.ts consume --no-follow --env ${environment.name} | head -1`
    const piped = spawnSync('bash', ['-o', 'pipefail', '-c', consume], { cwd: PROJECT, encoding: 'utf8' })
    assert.deepEqual([piped.status, piped.stderr], [0, ''])
    assert.equal(piped.stdout.trimEnd().split('\n').length, 1)
  })

  it('when the topic is deleted meanwhile, then it ends with one sentence', async () => {
    const topic = await commands.topic('deleted', 1)
    await commands.client.send(topic, [{ key: null, value: 'hello' }])
    const program = commands.start('consume', '--topic', topic, '--from', 'start')
    await program.says(/hello/)
    await commands.admin.deleteTopics({ topics: [topic] })
    const { code, output } = await program.ended
    assert.equal(code, 1, output)
    assert.match(output, new RegExp(`^The topic ${topic} was deleted while it was consumed\\.$`, 'm'))
  })

  it('when the topic is unknown, then it is named, and nothing is consumed', async () => {
    const { status, stdout, stderr } = await commands.run(['consume', '--topic', commands.named('unknown')])
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^Kafka at .* has no topic /)
  })
})

/** Option with which the bootstrap starts the command. */
const QUIET = '--disable-warning=TimeoutNegativeWarning'
