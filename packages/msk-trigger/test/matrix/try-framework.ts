import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runProgram } from '../../../../test/support/program.ts'
import { until } from '../../../../test/support/until.ts'
import { filesIn } from '../../../../test/support/zip.ts'
import { TestKafka } from '../integration/kafka.ts'
import type { Project } from '../integration/project.ts'
import type { Framework } from './frameworks.ts'
import { Installation, type Topics } from './installation.ts'
import { KINDS, type Kind, NEEDED } from './kinds.ts'

/** Downloads included. */
const TIMEOUT_MS = 15 * 60_000

/** Installs the packed trigger with a framework, and tries it in a project of each kind. */
export function tryFramework(framework: Framework): void {
  describe(framework.name, { timeout: TIMEOUT_MS }, () => {
    let kafka: TestKafka
    let installation: Installation

    before(async () => {
      kafka = await TestKafka.connect()
      installation = await Installation.create(framework)
    })
    after(async () => {
      await installation?.remove()
      await kafka?.close()
    })

    for (const kind of KINDS) {
      describe(kind.name, () => {
        let project: Project
        let topics: Topics

        before(async () => {
          const [orders, failed] = [await kafka.topic('orders', 1), await kafka.topic('failed', 1)]
          topics = { orders, failed }
          project = await installation.become(kind, topics)
        })
        after(() => project.end('SIGKILL'))

        if ('tsconfig.json' in kind.files)
          it('given a strict type check of everything, then it sees nothing of the trigger', async () => {
            const files = await typesOf(installation.folder, 'tsconfig.json')
            assert.ok(files.some(file => file.endsWith('src/orders.ts')))
            assert.deepEqual(
              files.filter(file => /msk-trigger|serverless-offline/.test(file)),
              [],
            )
            const used = await typesOf(installation.folder, 'types/tsconfig.json')
            assert.ok(used.some(file => file.includes('serverless-offline-msk-trigger/dist/index.d.ts')))
          })

        it('given records, then it takes them, and a failed one goes to its destination', async () => {
          await project.start()
          await kafka.send(
            topics.orders,
            ['a', 'poison', 'b'].map(value => ({ value })),
          )
          await kafka.untilCommitted(`shop-dev-orders-${topics.orders}`, topics.orders, [3])
          await until('both to be taken', () => /took a[\s\S]*took b/.test(project.output), {
            describe: () => project.output,
          })
          const [end] = await kafka.admin.fetchTopicOffsets(topics.failed)
          assert.equal(end?.offset, '1')
          await project.end('SIGINT')
        })

        it('given a package, then its template has the settings, and its zip nothing of the trigger', async () => {
          const { code, output } = await project.run('package')
          assert.equal(code, 0, output)
          await assertTemplate(project, topics)
          await assertZip(project, kind)
        })
      })
    }
  })
}

/** The files that the project's own compiler reads. */
async function typesOf(folder: string, project: string): Promise<string[]> {
  const tsc = join(folder, 'node_modules', '.bin', 'tsc')
  const args = ['--project', project, '--listFiles', '--pretty', 'false']
  const { code, output } = await runProgram(tsc, args, { cwd: folder })
  const lines = output.split('\n')
  assert.equal(code, 0, lines.filter(line => line.includes('error TS')).join('\n'))
  return lines
}

async function assertTemplate(project: Project, { failed }: Topics): Promise<void> {
  const file = project.file('.serverless/cloudformation-template-update-stack.json')
  const resources: { Type: string; Properties: Record<string, unknown> }[] = Object.values(
    JSON.parse(await readFile(file, 'utf8')).Resources,
  )
  const mappings = resources.filter(({ Type }) => Type === 'AWS::Lambda::EventSourceMapping')
  assert.equal(mappings.length, 1)
  const { MaximumRetryAttempts, MaximumBatchingWindowInSeconds, DestinationConfig, ProvisionedPollerConfig } =
    mappings[0]?.Properties ?? {}
  assert.deepEqual([MaximumRetryAttempts, MaximumBatchingWindowInSeconds], [0, 0])
  assert.deepEqual(DestinationConfig, { OnFailure: { Destination: `kafka://${failed}` } })
  assert.deepEqual(ProvisionedPollerConfig, { MinimumPollers: 1, MaximumPollers: 2 })
}

async function assertZip(project: Project, { handler, isBundled }: Kind): Promise<void> {
  const files = [...(await filesIn(project.file('.serverless/shop.zip'))).keys()]
  const [module = ''] = handler.split('.')
  assert.ok(
    files.some(file => file.startsWith(`${module}.`)),
    files.join('\n'),
  )
  const packages = files.flatMap(file => /^node_modules\/((?:@[^/]+\/)?[^./][^/]*)\//.exec(file)?.[1] ?? [])
  assert.deepEqual([...new Set(packages)], isBundled ? [] : [NEEDED.name])
}
