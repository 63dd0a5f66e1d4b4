import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { HANDLER_KINDS, handlerModule } from '../handler-kinds.ts'
import { TestKafka } from './kafka.ts'
import { Project } from './project.ts'

const KIND_OF = `event => Buffer.from(Object.values(event.records)[0][0].value, 'base64').toString()`

const STYLES = [
  ['callback', 'nodejs22.x'],
  ['promise', 'nodejs24.x'],
] as const

describe('handlers of every kind', { timeout: 180_000 }, () => {
  let kafka: TestKafka
  let project: Project
  const topics: Record<string, string> = {}
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)

  before(async () => {
    kafka = await TestKafka.connect()
    const functions: Record<string, object> = {}
    for (const [style, runtime] of STYLES) {
      topics[style] = await kafka.topic(style, 1)
      topics[`${style}-failed`] = await kafka.topic(`${style}-failed`, 1)
      const msk = {
        arn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id',
        topic: topic(style),
        batchSize: 1,
        maximumBatchingWindow: 0,
        maximumRetryAttempts: 0,
        onFailureDestination: `kafka://${topic(`${style}-failed`)}`,
      }
      functions[style] = { runtime, handler: 'kinds.handler', timeout: 30, events: [{ msk }] }
    }
    project = await Project.create(functions, {})
    await writeFile(project.file('kinds.js'), handlerModule(KIND_OF))
    await project.start()
  })

  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  for (const [style, runtime] of STYLES)
    it(`succeed and fail as in Lambda with ${runtime}, and none blocks its partition`, async () => {
      const kinds = Object.entries(HANDLER_KINDS).filter(([, kind]) => kind[style])
      await kafka.send(
        topic(style),
        kinds.map(([kind]) => ({ partition: 0, value: kind })),
      )
      await kafka.untilCommitted(project.group(style, topic(style)), topic(style), [kinds.length])
      const failed = await kafka.records(topic(`${style}-failed`))
      const offsets = failed.map(({ value }) => JSON.parse(`${value}`).KafkaBatchInfo.recordInfo.offset)
      const expected = kinds.filter(([, kind]) => 'error' in (kind[style] ?? {})).map(([kind]) => kind)
      assert.deepEqual(
        offsets.map(offset => kinds[Number(offset)]?.[0]),
        expected,
      )
      for (const kind of expected) assertLogged(project.output, kind, style)
    })
})

/** Each failure is logged with what Lambda would report. */
function assertLogged(output: string, kind: string, style: 'callback' | 'promise'): void {
  const expected = HANDLER_KINDS[kind]?.[style]
  // Without the name of an ordinary error.
  const error = expected && 'error' in expected ? expected.error.replace(/^\w*Error: /, '') : ''
  assert.ok(output.includes(error), `${kind}: ${error}`)
}
