import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from '../../../../test/support/until.ts'
import { TestKafka } from './kafka.ts'
import { Project } from './project.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const PLUGIN = join(ROOT, 'localstack', 'msk-trigger')

/** The packages that every project with the plugin must install. */
async function requiredPeers(): Promise<string[]> {
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(
    await readFile(join(PLUGIN, 'package.json'), 'utf8'),
  )
  const required = Object.keys(peerDependencies).filter(name => !peerDependenciesMeta[name]?.optional)
  assert.ok(required.length > 0)
  return required
}

describe('the example', { timeout: 60_000 }, () => {
  let kafka: TestKafka
  let project: Project
  let topic: string
  let failed: string

  before(async () => {
    kafka = await TestKafka.connect()
    topic = await kafka.topic('orders', 1)
    failed = await kafka.topic('failed', 1)
    const folder = await mkdtemp(join(tmpdir(), 'msk-example-'))
    await cp(join(PLUGIN, 'example'), folder, { recursive: true })
    const filter = (path: string) => !path.startsWith(join(PLUGIN, 'test'))
    await cp(PLUGIN, join(folder, 'msk-trigger'), { recursive: true, filter })
    const { devDependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    for (const name of await requiredPeers()) assert.ok(name in devDependencies, `${name} is not installed`)
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    // Only the topics differ from the example.
    const file = join(folder, 'serverless.yml')
    const config = await readFile(file, 'utf8')
    await writeFile(
      file,
      config
        .replace('topic: orders', `topic: ${topic}`)
        .replace('kafka://orders-failed', `kafka://${failed}`),
    )
    project = Project.in(folder, 'orders')
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('runs in a project of its own, and sends failed records to the other topic', async () => {
    await project.start()
    await kafka.send(topic, [
      { value: '{"id":1}' },
      { value: 'not an order', key: 'k' },
      { value: '{"id":2}' },
    ])
    await kafka.untilCommitted(`orders-dev-orders-${topic}`, topic, [3])
    await until('both orders to be taken', () => /took order 1[\s\S]*took order 2/.test(project.output))
    const [end] = await kafka.admin.fetchTopicOffsets(failed)
    assert.equal(end?.offset, '1')
    assert.ok((await project.end('SIGINT')) < 5_000)
  })
})
