/**
 * Silence is different from lag. Kafka, Valkey and the functions are real; only the append times are set, because a test cannot
 * wait for hours: each record carries its own, as in a replayed log.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Message } from 'kafkajs'
import { rulesActivated } from '../../lib/alerting/activation.ts'
import type { Alert } from '../../lib/alerting/alert.ts'
import { ruleSetOf } from '../../lib/alerting/rule-set.ts'
import { TOPICS } from '../../lib/app/topics.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { environmentReading as reading } from '../support/records.ts'
import { ruleOf } from '../unit/alerting/support.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
const PARTITIONS = Array.from({ length: TOPICS.readings.partitions }, (_, partition) => partition)
/** Enough for most partitions to have some. The first one is too hot all the time. */
const SENSORS = Array.from({ length: 30 }, (_, index) => `s-${index}`)
const RULES = (['ok', 'alert', 'no-data'] as const).map((onSilence, index) =>
  ruleOf({ name: `R${index}`, fireAbove: 40, staleAfter: '10m', onSilence }),
)

/** @param minute when it was appended, from the start */
function message(event: Event, minute: number, to: Partial<Message>): Message {
  const { value, headers } = writeEvent(event)
  const carried = ['sluice-logtime', String(START_MS + minute * MINUTE)] as const
  return { ...to, value, headers: Object.fromEntries([...headers, carried]) }
}

describe('a stalled pipeline', () => {
  let environment: TestEnvironment
  let offline: Offline | undefined

  before(async () => {
    environment = await TestEnvironment.create()
    const activated = PARTITIONS.map(partition =>
      message(rulesActivated(ruleSetOf(RULES), partition, instant(0)), 0, { partition }),
    )
    await environment.client.send(environment.topic('readings'), activated)
    await pass(0, 5)
    await start()
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
  })

  async function start(): Promise<void> {
    offline = await Offline.start(environment.name, { LOG_TIME: 'carried' })
    await environment.untilCaughtUp('alerting')
  }

  /** Each minute, every sensor reports and the clock ticks. */
  async function pass(from: number, to: number): Promise<void> {
    const messages: Message[] = []
    for (let minute = from; minute <= to; minute += 1) {
      for (const sensor of SENSORS) {
        const temperature = sensor === SENSORS[0] ? 50 : 20
        const event = reading(`${sensor} ${minute}`, { sensor, at: minute * 60, temperature })
        messages.push(message(event, minute, { key: sensor }))
      }
      for (const partition of PARTITIONS)
        messages.push(message(tick(partition, instant(minute)), minute, { partition }))
    }
    await environment.client.send(environment.topic('readings'), messages)
  }

  async function alerts(): Promise<readonly Alert[]> {
    return (await environment.read('alerts')).map(({ value }) => JSON.parse(String(value)) as Alert)
  }

  const told = (all: readonly Alert[]) =>
    all.map(({ rule, status, reason }) => `${rule} ${status} ${reason}`).sort()
  const FIRED = RULES.map(({ name }) => `${name} firing condition`)

  it('given that alerting was down for an hour, when it reads its backlog, then it sends no notification', async () => {
    assert.deepEqual(told(await alerts()), FIRED)
    await offline?.stop()
    await pass(6, 66)
    await start()
    assert.deepEqual(told(await alerts()), FIRED)
  })

  it('given that nothing was appended for an hour, then one alert fires and resolves, and no silence', async () => {
    await pass(126, 130)
    await environment.untilCaughtUp('alerting')
    const all = await alerts()
    const down = all.filter(({ rule }) => rule === 'PIPELINE_DOWN')
    assert.deepEqual(told(all.filter(one => !down.includes(one))), FIRED)
    assert.deepEqual(
      [
        ...new Set(
          down.map(one => `${one.status} ${one.startedAt} ${one.status === 'resolved' && one.endedAt}`),
        ),
      ].sort(),
      [`firing ${instant(71)} false`, `resolved ${instant(71)} ${instant(126)}`],
    )
    assert.equal(new Set(down.map(({ alertId }) => alertId)).size, 1)
    assert.equal(down.length, 2 * PARTITIONS.length, 'each partition has noticed')
    const { 'applied/ticks-returned': returned, 'ignored/tick': ignored } =
      await environment.tally('alerting')
    const ticks = (6 + 61 + 5) * PARTITIONS.length
    assert.deepEqual([returned, ignored], [PARTITIONS.length, ticks - PARTITIONS.length])
  })
})

function instant(minute: number): string {
  return new Date(START_MS + minute * MINUTE).toISOString()
}
