import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { until } from '../../../../test/support/until.ts'
import type { Fault } from '../../faults/faults.ts'
import { injectFault } from '../../faults/inject-fault.ts'
import { TestKafka } from './kafka.ts'
import { Project, recordsOf } from './project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'

describe('an injected fault', () => {
  let kafka: TestKafka
  let project: Project
  const topics: Record<string, string> = {}
  const names = ['duplicate', 'timeout', 'crash', 'rebalance', 'retries', 'hold'] as const
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)
  const group = (name: string): string => project.group(name, topic(name))
  const batches = (name: string) =>
    project
      .invocations(name)
      .map(one => recordsOf(one).map(({ partition, offset }) => `${partition}@${offset}`))
  const inject = (fault: Omit<Fault, 'function'>, functionKey: string = fault.fault) =>
    injectFault(project.file('faults.sock'), { ...fault, function: functionKey })

  before(async () => {
    kafka = await TestKafka.connect()
    for (const name of [...names, 'failed']) topics[name] = await kafka.topic(name, 2)
    const onFailureDestination = `kafka://${topic('failed')}`
    const limited = { provisionedPollerConfig: { minimumPollers: 1 }, onFailureDestination }
    const functions = names.map(name => {
      const own = name === 'retries' ? limited : {}
      const msk = { arn, topic: topic(name), maximumBatchingWindow: 0, ...own }
      return [name, { timeout: 30, events: [{ msk }] }]
    })
    const handlers = names.map(name => [name, ''])
    project = await Project.create(
      Object.fromEntries(functions),
      {
        ...Object.fromEntries(handlers),
        rebalance: `while (!existsSync('go')) await delay(20)`,
        retries: `throw new Error('boom')`,
      },
      { mskTrigger: { faults: 'faults.sock' } },
    )
    await project.start()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('sends a batch twice', async () => {
    await inject({ fault: 'duplicate' })
    for (const n of [0, 1]) {
      await kafka.send(topic('duplicate'), [{ partition: 0, value: 'x' }])
      await kafka.untilCommitted(group('duplicate'), topic('duplicate'), [n + 1, -1])
    }
    assert.deepEqual(batches('duplicate'), [['0@0'], ['0@0'], ['0@1']])
  })

  it('times out a batch whose handler has run', async () => {
    await inject({ fault: 'timeout', times: 2 })
    await kafka.send(topic('timeout'), [{ partition: 0, value: 'x' }])
    await kafka.untilCommitted(group('timeout'), topic('timeout'), [1, -1])
    assert.deepEqual(batches('timeout'), [['0@0'], ['0@0'], ['0@0']])
    assert.ok(project.invocations('timeout').every(({ endedAtMs }) => endedAtMs !== undefined))
    assert.match(project.output, /timeout ← .* failed \(attempt 1, .*timeout: the response came too late/)
  })

  it('makes the poller die after the handler and before the commit', async () => {
    await kafka.send(topic('crash'), [{ partition: 0, value: 'before' }])
    await kafka.untilCommitted(group('crash'), topic('crash'), [1, -1])
    await inject({ fault: 'crash' })
    await kafka.send(topic('crash'), [{ partition: 0, value: 'x' }])
    await kafka.untilCommitted(group('crash'), topic('crash'), [2, -1])
    assert.deepEqual(batches('crash'), [['0@0'], ['0@1'], ['0@1']])
    assert.equal(project.output.match(/crash ← .* ready/g)?.length, 2, 'it has joined again')
  })

  it('reassigns the partitions while a batch fails, which continues its retries', async () => {
    await kafka.send(topic('retries'), [{ partition: 0, value: 'x' }])
    await until('some attempts', () => project.invocations('retries').length >= 3)
    await inject({ fault: 'rebalance' }, 'retries')
    assert.equal(project.output.match(/retries ← .* ready/g)?.length, 2, 'it has joined again')
    await kafka.untilCommitted(group('retries'), topic('retries'), [1, -1])
    assert.equal(project.invocations('retries').length, 11)
    const [{ value } = {}] = await kafka.records(topic('failed'))
    assert.equal(JSON.parse(`${value}`).requestContext.approximateInvokeCount, 11)
  })

  it('reassigns the partitions while a batch runs', async () => {
    await kafka.send(topic('rebalance'), [{ partition: 0, value: 'x' }])
    await until('the batch to run', () => project.invocations('rebalance').length === 1)
    await inject({ fault: 'rebalance' })
    assert.equal(project.output.match(/rebalance ← .* ready/g)?.length, 2, 'it has joined again')
    await kafka.send(topic('rebalance'), [{ partition: 1, value: 'beside it' }])
    await until('the other partition to continue', () => project.invocations('rebalance').length === 2)
    assert.deepEqual(await kafka.committed(group('rebalance'), topic('rebalance')), [-1, -1])
    await writeFile(project.file('go'), '')
    await kafka.untilCommitted(group('rebalance'), topic('rebalance'), [1, 1])
    assert.deepEqual(batches('rebalance'), [['0@0'], ['1@0'], ['0@0']])
  })

  it('holds a partition until it is released', async () => {
    await inject({ fault: 'hold', partition: 0 })
    await kafka.send(topic('hold'), [
      { partition: 0, value: 'x' },
      { partition: 1, value: 'y' },
    ])
    await kafka.untilCommitted(group('hold'), topic('hold'), [-1, 1])
    assert.deepEqual(batches('hold'), [['1@0']])
    await inject({ fault: 'release', partition: 0 }, 'hold')
    await kafka.untilCommitted(group('hold'), topic('hold'), [1, 1])
    assert.deepEqual(batches('hold'), [['1@0'], ['0@0']])
  })
})
