import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import MskTriggerPlugin from '../../plugin.ts'
import type { FunctionDefinition } from '../../support/framework.ts'
import { serverlessOf } from './framework.ts'

/** What the plugin logs when `serverless offline` starts with these functions. */
function startedWith(functions: Record<string, FunctionDefinition>, custom = {}): string[] {
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const serverless = serverlessOf(functions, custom)
  const plugin = new MskTriggerPlugin(
    serverless as never,
    {},
    {
      log: { notice: note, warning: note, error: note },
    },
  )
  plugin.hooks['before:offline:start:init']?.()
  return log
}

describe('the start of the plugin', () => {
  it('says that there is nothing to read, without asking for brokers', () => {
    assert.deepEqual(startedWith({}), [
      'msk  no function has an msk or kafka event: there is nothing to read',
    ])
    assert.deepEqual(startedWith({ f: { events: [{ http: 'GET /' }] } }).length, 1)
  })

  it('says that everything is disabled', () => {
    const events = [{ msk: { arn: 'arn:x', topic: 't', enabled: false } }]
    assert.deepEqual(startedWith({ f: { events } }, { mskTrigger: { brokers: 'a:1' } }), [
      'msk  all msk and kafka events have enabled: false: there is nothing to read',
    ])
  })
})
