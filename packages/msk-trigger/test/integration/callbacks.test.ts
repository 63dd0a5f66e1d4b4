import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { numbered, TestKafka } from './kafka.ts'
import { Project } from './project.ts'

/** Wraps a handler as middleware did before handlers were async: with a middleware that the callback passes. */
const WRAPPED = `
const { appendFileSync } = require('node:fs')
const note = text => appendFileSync('seen.txt', text + ' ')
let attempts = 0

const wrap = (handler, middlewares) => (event, context, callback) => {
  for (const { before } of middlewares) before(context)
  const returned = handler(event, context, (error, response) => {
    for (const { after } of middlewares) after?.()
    callback(error, response)
  })
  if (returned) returned.then(response => callback(null, response), callback)
}

exports.handler = wrap((event, context, callback) => {
  const offsets = Object.values(event.records).flat().map(({ offset }) => offset)
  attempts += 1
  note((attempts === 1 ? 'fails:' : 'runs:') + offsets)
  setTimeout(attempts === 1 ? () => callback(new TypeError('not yet')) : () => callback(null), 10)
}, [
  { before: context => { context.callbackWaitsForEmptyEventLoop = false } },
  { before: () => {}, after: () => { setTimeout(() => note('rest'), 50) } },
])
`
const REFUSED = 'exports.handler = (event, context, callback) => callback(null)'

// Promise packages/msk-trigger/RULES.md#rule 51
describe('a handler with a callback (rule 51)', () => {
  let kafka: TestKafka
  let project: Project
  let topics: Record<string, string> = {}

  before(async () => {
    kafka = await TestKafka.connect()
    topics = await kafka.topics({ old: 1, refused: 1 })
    const msk = (name: string, more = {}) => ({
      handler: `${name}.handler`,
      events: [
        {
          msk: {
            arn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id',
            ...{ topic: topics[name], batchSize: 2, maximumBatchingWindow: 0, ...more },
          },
        },
      ],
    })
    project = await Project.create(
      {
        old: { runtime: 'nodejs20.x', ...msk('old') },
        refused: { runtime: 'nodejs24.x', ...msk('refused', { maximumRetryAttempts: 0 }) },
      },
      {},
    )
    await writeFile(project.file('old.cjs'), WRAPPED)
    await writeFile(project.file('refused.cjs'), REFUSED)
    for (const topic of Object.values(topics)) await kafka.send(topic, numbered(0, 4))
    await project.start()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  const untilRead = async (name: string) => {
    const topic = topics[name] ?? assert.fail()
    await kafka.untilCommitted(project.group(name, topic), topic, [4])
  }

  it('runs as its runtime runs it: its error is retried, and its callback commits the batch', async () => {
    await untilRead('old')
    const seen = readFileSync(project.file('seen.txt'), 'utf8').split(' ')
    const runs = seen.filter(entry => entry.includes(':'))
    assert.deepEqual(runs, ['fails:0,1', 'runs:0,1', 'runs:2,3'])
    assert.match(project.output, /runtime nodejs20\.x of function "old" runs in Node\.js \d/)
    assert.match(project.output, /old ← \S+ {2}0@0–1 failed \(attempt 1, .*\): TypeError: not yet/)
  })

  it('is refused by nodejs24.x while it loads, which discards nothing, until it is mended', async () => {
    await project.untilSays(
      /refused ← \S+ {2}0@0–1 waits, loading .*: Runtime\.CallbackHandlerDeprecated: .*handler\.html\.\n\s+\(the/,
    )
    await project.untilSays(/waits, loading the handler again in 160 ms/)
    const topic = topics.refused ?? assert.fail()
    assert.deepEqual(await kafka.committed(project.group('refused', topic), topic), [-1])
    await writeFile(project.file('refused.cjs'), 'exports.handler = async () => {}')
    await untilRead('refused')
    assert.doesNotMatch(project.output, /refused ← .*(discarded|failed|attempt)/)
  })
})
