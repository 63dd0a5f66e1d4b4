import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, it } from 'node:test'
import { leaveOutInvocationLines } from '../../invoke/runtimes/framework.ts'

describe("serverless-offline's log", () => {
  it('has its line about an invocation for HTTP and schedules, and not for the trigger', async () => {
    const file = new URL('../utils/log.js', import.meta.resolve('serverless-offline/lambda'))
    const { log, setLogUtils } = await import(file.href)
    const written: string[] = []
    setLogUtils({ log: { notice: (line: string) => written.push(line) }, progress: {} })
    const ours = new AsyncLocalStorage<true>()
    await leaveOutInvocationLines(() => ours.getStore() === true)
    const line = '(λ: f) RequestId: 7  Duration: 1.00 ms  Billed Duration: 1 ms'
    log.notice(line)
    ours.run(true, () => {
      log.notice(line)
      log.notice('printed by the handler')
    })
    assert.deepEqual(written, [line, 'printed by the handler'])
  })
})
