import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { until } from '../../../../test/support/until.ts'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { Project, recordsOf } from '../integration/project.ts'

/** Does what a bundler's plugin does after a build: announces that the functions were updated. */
const UPDATER = `
export default class {
  constructor(serverless) {
    process.on('SIGUSR2', async () => {
      await serverless.pluginManager.spawn('offline:functionsUpdated')
      console.error('functions updated')
    })
  }
}`

describe('functions that are updated while records arrive', () => {
  let kafka: TestKafka
  let project: Project

  before(async () => {
    kafka = await TestKafka.connect()
  })

  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('given a running invocation, when they are updated, then only later ones run the new code', async () => {
    const topic = await kafka.topic('updated', 2)
    const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
    const events = [{ msk: { arn, topic, maximumBatchingWindow: 0, batchSize: 5 } }]
    const body = `appendFileSync('versions', values.map(value => value + ' old\\n').join(''))
      while (values.includes('0') && !existsSync('go-on')) await delay(5)
      appendFileSync('ended', values.map(value => value + ' old\\n').join(''))`
    project = await Project.create(
      { f: { timeout: 60, events } },
      { f: body },
      { plugins: ['./msk-trigger/index.ts', './updater.js', 'serverless-offline'] },
    )
    await writeFile(project.file('updater.js'), UPDATER)
    await project.start()
    const group = project.group('f', topic)
    const before = await kafka.admin.describeGroups([group])

    await kafka.send(topic, numbered(0, 10))
    await until('the first batch runs', () => project.invocations('f').length === 1)
    const code = await readFile(project.file('handlers.js'), 'utf8')
    await writeFile(project.file('handlers.js'), code.replaceAll(' old', ' new'))
    project.signal('SIGUSR2')
    await project.untilSays(/functions updated/)
    await kafka.send(topic, numbered(100, 110, 1))
    await kafka.untilCommitted(group, topic, [-1, 10])
    await writeFile(project.file('go-on'), '')
    await kafka.untilCommitted(group, topic, [10, 10])

    const versions = linesOf(project.file('versions'))
    const first = recordsOf(project.invocations('f')[0] as never).length
    const others = numbered(first, 10).concat(numbered(100, 110, 1))
    assert.deepEqual(
      versions.sort(),
      [
        ...numbered(0, first, 0).map(({ value }) => `${value} old`),
        ...others.map(({ value }) => `${value} new`),
      ].sort(),
      'each record once, and the new code for all later records',
    )
    assert.deepEqual(linesOf(project.file('ended')).sort(), versions, 'no invocation was interrupted')
    assert.deepEqual(await kafka.admin.describeGroups([group]), before, 'the group was not left')
  })
})

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean)
}
