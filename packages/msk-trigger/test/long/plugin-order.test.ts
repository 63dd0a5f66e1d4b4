import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, afterEach, before, describe, it } from 'node:test'
import { builtProject } from '../integration/built-project.ts'
import { numbered, TestKafka } from '../integration/kafka.ts'
import type { Project } from '../integration/project.ts'

/** The order of the plugins, and the command. The first plugin matters most: the trigger before what builds. */
const CASES = [
  [['trigger', 'esbuild', 'offline'], ['offline']],
  [
    ['trigger', 'webpack', 'offline'],
    ['offline', 'start'],
  ],
] as const

describe('plugins in any order', () => {
  let kafka: TestKafka
  let project: Project | undefined

  before(async () => {
    kafka = await TestKafka.connect()
  })
  afterEach(() => project?.remove())
  after(() => kafka?.close())

  for (const [order, command] of CASES) {
    it(`given ${order.join(', ')} and serverless ${command.join(' ')}, then the bundle runs`, async () => {
      const topic = await kafka.topic('order', 1)
      // Earlier records would be the first to meet a function that is not built yet.
      await kafka.send(topic, numbered(0, 3))
      project = await builtProject(topic, order)
      await project.start(...command)
      await kafka.untilCommitted(project.group('f', topic), topic, [3])
      assert.equal(await readFile(project.file('seen'), 'utf8'), 'built 0\nbuilt 1\nbuilt 2\n')
      assert.doesNotMatch(
        project.output,
        /failed \(attempt/,
        'no invocation met a function that was not built',
      )
      await project.end('SIGINT')
    })
  }

  it('given a bundler that builds again and does not announce it, then the next records meet the new bundle', async () => {
    const topic = await kafka.topic('rebuilt', 1)
    await kafka.send(topic, numbered(0, 1))
    project = await builtProject(topic, ['webpack', 'trigger', 'offline'])
    await project.start()
    await kafka.untilCommitted(project.group('f', topic), topic, [1])
    const bundle = project.file('.webpack/service/src/handler.js')
    await writeFile(bundle, (await readFile(bundle, 'utf8')).replace('"built "', '"rebuilt "'))
    await project.untilSays(
      /msk {2}\.webpack\/service\/src\/handler\.js has changed: loading the handlers again/,
    )
    await kafka.send(topic, numbered(1, 2))
    await kafka.untilCommitted(project.group('f', topic), topic, [2])
    assert.equal(await readFile(project.file('seen'), 'utf8'), 'built 0\nrebuilt 1\n')
    await project.end('SIGINT')
  })
})
