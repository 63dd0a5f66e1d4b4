import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type OwnKafka, startKafka } from '@sluice/test-kit/start-apart'
import { until } from '@sluice/test-kit/until'
import { readSettings } from '../../config/settings.ts'
import type { FunctionInvoker } from '../../invoke/invoker.ts'
import { Trigger } from '../../trigger.ts'
import { numbered, TestKafka } from '../integration/kafka.ts'
import { createMapping } from '../unit/support.ts'

const RESUMES_WITHIN_MS = 10_000
/** Far longer, so that a join that waits for the earlier member is not mistaken for one that does not. */
const SESSION_TIMEOUT_MS = 30_000
const TOPIC = 'kept'

describe('the only broker is killed and comes back', () => {
  let own: OwnKafka
  let kafka: TestKafka
  let trigger: Trigger
  let invocations = 0

  before(async () => {
    own = await startKafka()
    kafka = await TestKafka.connect(own.addresses)
    await kafka.createTopic(TOPIC, 3)
    const invoker: FunctionInvoker = { invoke: async () => void invocations++, close: async () => {} }
    const log = { notice: () => {}, warning: () => {}, error: () => {} }
    const settings = readSettings({ brokers: own.addresses, sessionTimeoutMs: SESSION_TIMEOUT_MS }, {})
    const mappings = [createMapping({ topic: TOPIC })]
    trigger = new Trigger({ mappings, settings, log, invoker, handlesSignals: false })
    trigger.start()
    await Promise.all(trigger.sources.map(({ started }) => started))
  })
  after(async () => {
    await trigger?.stop()
    await kafka?.close()
    await own?.stop()
  })

  // The second time, the member to be removed is one that was admitted by the restarted broker.
  // Promise packages/msk-trigger/README.md#a-broker-that-is-away | Delivery resumes within ten seconds of the return of a broker that was killed.
  for (const time of ['once', 'once more'])
    it(`${time}: its records are delivered within ten seconds of its return`, async () => {
      const [broker] = own.brokers
      await broker?.kill('SIGKILL')
      const delivered = invocations
      await broker?.restart()
      const returnedAtMs = performance.now()
      await until('the broker takes records', async () => {
        await kafka.send(TOPIC, numbered(0, 1))
        return true
      })
      await until('a record is delivered', () => invocations > delivered)
      const tookMs = performance.now() - returnedAtMs
      assert.ok(tookMs < RESUMES_WITHIN_MS, `it took ${Math.round(tookMs)} ms`)
    })
})
