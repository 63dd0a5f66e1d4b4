import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT, Program } from '#local-servers/testing/program.ts'
import { TestEnvironment } from '../support/environment.ts'
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
    return listDocuments(stdout)
  }
  const listDocuments = (text: string): Document[] =>
    text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line))

  it('when they are consumed, then each is there once, in order of time, decoded or with the reason', async () => {
    const documents = await consumed()
    const formatPlace = ({ partition, offset }: { partition: number; offset: number | string }) =>
      `${partition}@${offset}`
    const expected = await environment.read('readings')
    assert.deepEqual(documents.map(formatPlace).toSorted(), expected.map(formatPlace).toSorted())
    const times = documents.map(({ timestamp }) => timestamp)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
    assert.equal(documents.filter(({ event }) => event?.subject === 'roof-2').length, 96)
    assert.ok(documents.some(({ failure }) => failure?.code === 'malformed-event'))
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
      listDocuments(stdout).map(({ event }) => event?.id),
      ['before', 'after'],
    )
    const { groups } = await commands.admin.listGroups()
    assert.ok(groups.every(({ groupId }) => !groupId.includes(environment.name)))
  })
})
