import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, it } from 'node:test'
import MskTriggerPlugin from '../../plugin.ts'
import type { FunctionDefinition } from '../../support/serverless.ts'
import { createServerless } from './framework.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/c/id'
const reads = { arn, topic: 'orders', functionResponseType: 'ReportBatchItemFailures' }

type Options = Parameters<typeof createServerless>[2]

/** Returns the plugin in a framework, and its log. */
function plugged(
  events: readonly Record<string, unknown>[],
  custom: Record<string, unknown> = {},
  options: Options = {},
) {
  const f: FunctionDefinition = { events }
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const serverless = createServerless({ f }, custom, options)
  const plugin = new MskTriggerPlugin(serverless, {}, { log: { notice: log, warning: log, error: log } })
  const run = (hook: string) => plugin.hooks[hook]?.() ?? undefined
  return { f, lines, run, service: serverless.service }
}

describe('the start', () => {
  for (const hook of ['before:offline:start', 'before:offline:start:init']) {
    it(`given a mistake, then ${hook} reports it, before anything is built`, async () => {
      const { run } = plugged([{ msk: { arn, topic: 'orders', batchSize: 0 } }])
      await assert.rejects(async () => run(hook), {
        message: /batchSize of the msk event/,
        code: 'MSK_TRIGGER_CONFIGURATION',
      })
      await assert.rejects(async () => plugged([{ msk: reads }]).run(hook), /no Kafka to read from/)
    })

    it(`given no Kafka event, then ${hook} says so, and nothing is read`, () => {
      const { run, lines } = plugged([{ Kafka: { topic: 'orders' } }], {})
      run(hook)
      run('offline:start:init')
      assert.deepEqual(lines, ['msk  no function has an msk or kafka event: there is nothing to read'])
    })
  }
})

describe('the start of what serverless-offline would not call', () => {
  const custom = { mskTrigger: { brokers: 'a:1' } }

  it('given runtimes without a runner, and containers, then each has one line, and nothing stops', () => {
    const [f, go, box] = [{}, { runtime: 'go1.x' }, { image: 'shop' }].map(of => ({
      ...{ ...of, events: [{ msk: { arn, topic: 'orders' } }] },
    }))
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    const serverless = createServerless({ f, go, box } as Record<string, FunctionDefinition>, custom)
    const plugin = new MskTriggerPlugin(serverless, {}, { log: { notice: log, warning: log, error: log } })
    plugin.hooks['before:offline:start:init']?.()
    const out = 'it is left out, because the Kafka trigger runs nodejs, python, ruby and java only'
    const of = (key: string, what: string) => `msk  function "${key}" ${what}: ${out}`
    assert.deepEqual(lines, [of('go', 'has the runtime go1.x'), of('box', 'is a container image')])
  })

  it('given the option useDocker, then it is refused', () => {
    const { run } = plugged([{ msk: reads }], { ...custom, 'serverless-offline': { useDocker: true } })
    assert.throws(() => run('before:offline:start'), /the option useDocker is not/)
  })
})

describe('the time zone', () => {
  it('given none of the process, then it is that of Lambda from the start on', t => {
    t.mock.property(process, 'env', { ...process.env, TZ: '' })
    plugged([{ msk: reads }], { mskTrigger: { brokers: 'a:1' } }).run('before:offline:start:init')
    assert.equal(process.env.TZ, ':UTC')
  })
})

describe('the start of what reads nothing', () => {
  const disabled = { msk: { ...reads, enabled: false } }
  for (const [what, events, line] of [
    ['events of other kinds only', [{ http: 'GET /' }], 'no function has an msk or kafka event'],
    ['events that are disabled', [disabled], 'no msk or kafka event that can be read here is enabled'],
  ] as const)
    it(`given ${what}, then it says so`, () => {
      const { run, lines } = plugged(events, { mskTrigger: { brokers: 'a:1' } })
      run('before:offline:start:init')
      assert.ok(lines.includes(`msk  ${line}: there is nothing to read`), lines.join('\n'))
    })
})

describe('a configuration with keys that have no value, which are null', () => {
  const nothing = null as never
  const plan = (part: object) => {
    const template = { 'MSK.f.c.orders': { Type: 'AWS::Lambda::EventSourceMapping', Properties: {} } }
    const made = plugged([{ msk: reads }], nothing, { template })
    Object.assign(made.service, { resources: null }, part)
    return { ...made, template }
  }

  it('given custom, then the start says that there is no Kafka', async () => {
    await assert.rejects(async () => plan({}).run('before:offline:start'), /no Kafka to read from/)
  })
})

describe('the template', () => {
  it('given a setting of provisioned mode, then it is written, with a warning', () => {
    const template = { 'MSK.f.c.orders': { Type: 'AWS::Lambda::EventSourceMapping', Properties: {} } }
    const { run, lines } = plugged([{ msk: reads }], {}, { template })
    run('before:package:cleanup')
    run('after:package:compileEvents')
    assert.deepEqual(template['MSK.f.c.orders'].Properties, {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
    assert.match(lines.join(), /AWS rejects the mapping$/)
  })

  it('given two events for which the framework has one name, then a deployment warns, and a start does not', () => {
    const { run, lines } = plugged([{ msk: reads }, { msk: { ...reads, consumerGroupId: 'other' } }], {
      mskTrigger: { brokers: 'a:1' },
    })
    run('before:offline:start:init')
    assert.doesNotMatch(lines.join(), /is not deployed/)
    run('before:package:cleanup')
    assert.match(lines.join(), /the msk event of function "f" for topic orders is not deployed/)
  })
})
