import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { INSTALL, npm, pack } from '../../../../test/support/npm.ts'
import { PROJECT, runProgram } from '../../../../test/support/program.ts'
import { until } from '../../../../test/support/until.ts'
import { TestKafka } from '../integration/kafka.ts'
import { Project } from '../integration/project.ts'

const NAME = 'serverless-offline-msk-trigger'

/** Makes this process say that it is an older Node, and then loads the plugin. */
const ON_OLDER_NODE = `
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })
import('${NAME}').then(() => console.log('loaded'), error => console.log(error.name + ': ' + error.message))`

describe('the example, with the packed trigger installed', () => {
  let kafka: TestKafka
  let project: Project
  let folder: string
  let topic: string
  let failed: string

  before(async () => {
    kafka = await TestKafka.connect()
    topic = await kafka.topic('orders', 1)
    failed = await kafka.topic('failed', 1)
    folder = await mkdtemp(join(tmpdir(), 'msk-example-'))
    project = Project.in(folder, 'orders')
    await cp(join(PROJECT, 'packages', 'msk-trigger', 'example'), folder, { recursive: true })
    await installPacked()
    // Only the topics differ from the example.
    const file = join(folder, 'serverless.yml')
    const config = await readFile(file, 'utf8')
    await writeFile(
      file,
      config
        .replace('topic: orders', `topic: ${topic}`)
        .replace('kafka://orders-failed', `kafka://${failed}`),
    )
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  /** The framework is the one of this repository. */
  async function installPacked(): Promise<void> {
    const file = join(folder, 'package.json')
    const manifest = JSON.parse(await readFile(file, 'utf8'))
    assert.ok(NAME in manifest.devDependencies, 'the example installs the trigger by its name')
    await writeFile(file, JSON.stringify({ ...manifest, devDependencies: {} }))
    const [tarball] = await pack(folder, NAME)
    await npm(folder, ...INSTALL, '--legacy-peer-deps', '--save-dev', `./${tarball}`)
    const offline = join('node_modules', 'serverless-offline')
    await symlink(join(PROJECT, offline), join(folder, offline))
  }

  it('has compiled code with types, documents and the licence, and neither sources nor tests', async () => {
    const files = await readdir(join(folder, 'node_modules', NAME), { recursive: true })
    for (const file of [
      'README.md',
      'RULES.md',
      'CHANGELOG.md',
      'LICENSE',
      'dist/index.js',
      'dist/index.d.ts',
    ])
      assert.ok(files.includes(file), file)
    assert.deepEqual(
      files.filter(file => /(?<!\.d)\.ts$|test/.test(file)),
      [],
    )
    assert.ok(!existsSync(join(folder, 'node_modules', '@sluice')), 'private workspaces are part of the code')
  })

  it('says on an older Node what it needs, in one sentence', async () => {
    const script = join(folder, 'older-node.cjs')
    await writeFile(script, ON_OLDER_NODE)
    const { output } = await runProgram(script, [], { cwd: folder })
    assert.equal(output, `ServerlessError: ${NAME} needs Node 24 or later, and this is 20.20.2.\n`)
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
    await project.end('SIGINT')
  })
})
