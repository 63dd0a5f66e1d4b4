import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Program } from '@sluice/test-kit/program'
import { TestEnvironment } from '../support/environment.ts'
import { TopicCommands } from '../support/topic-commands.ts'

describe('given a topic', () => {
  let environment: TestEnvironment
  let commands: TopicCommands

  before(async () => {
    environment = await TestEnvironment.create()
    commands = await TopicCommands.open()
  })

  after(async () => {
    await commands?.close()
    await environment?.close()
  })

  // Promise docs/kafka.md#consume | A topic is consumed in order of time, decoded, and no group is joined; a record has below it the alerts that it caused.
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
    const ids = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).event.id)
    assert.deepEqual(ids, ['before', 'after'])
    const { groups } = await commands.admin.listGroups()
    assert.ok(groups.every(({ groupId }) => !groupId.includes(environment.name)))
  })
})
