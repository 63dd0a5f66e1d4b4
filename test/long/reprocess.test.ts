/** `sluice reprocess` beside the deployed consumer, on real servers. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT, Program } from '@sluice/test-kit/program'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import type { Message } from 'kafkajs'
import { writeEvent } from '#runtime/cloudevents'
import { RedisClient } from '#runtime/operating/redis'
import { environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../lib/alerting/alert.ts'
import type { AlertingState } from '../../lib/alerting/entity-state.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { runSluice } from '../support/sluice.ts'

const SENSORS = 100
const ROUNDS = 60
/** Which sensors are hot at the end, and which have been hot in between. */
const isHotAtEnd = (sensor: number) => sensor % 5 === 0
const wasHot = (sensor: number, round: number) => sensor % 5 === 1 && round >= 20 && round < 40

const RULES = `
rules:
  - { name: HOT, family: environment, metric: temperature, fireAbove: 40, severity: warning }
  - { name: BRIEF, family: environment, metric: temperature, fireAbove: 44, severity: warning }`

describe('sluice reprocess, beside alerting', () => {
  const redis = new RedisClient({ url: redisUrl() })
  let environment: TestEnvironment
  let offline: Offline
  let folder: string
  let sent = 0

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-reprocess-'))
    environment = await TestEnvironment.create()
    await writeFile(join(folder, 'rules.yaml'), RULES)
    offline = await Offline.start(environment.name, { RULES_DIR: folder }, { only: ['alerting'] })
    for (let round = 0; round < ROUNDS; round += 1) await publishRound(round)
    await environment.untilCaughtUp('alerting')
  })

  after(async () => {
    redis.close()
    await offline?.stop()
    await environment?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function publishRound(round: number): Promise<void> {
    const messages: Message[] = Array.from({ length: SENSORS }, (_, sensor) => {
      const isHot = round >= ROUNDS - 1 ? isHotAtEnd(sensor) : wasHot(sensor, round)
      const event = reading(`${round}-${sensor}`, {
        sensor: `s-${sensor}`,
        at: round * 60,
        temperature: isHot ? 45 : 20,
      })
      const { value, headers } = writeEvent(event)
      return { key: `s-${sensor}`, value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), messages)
    sent += SENSORS
  }

  const variables = () => ({
    KAFKA_BROKERS: brokers().join(','),
    REDIS_URL: redisUrl(),
    SLUICE_ENV: environment.name,
    RULES_DIR: folder,
  })

  const staged = () =>
    redis.run(client => client.keys(`{alerting:${environment.topic('readings')}:*}:staged*`))

  /** Returns the alerts that fire. Checks the topic against the states: each has one fire without an end, published once. */
  async function listFiring(): Promise<Map<string, string>> {
    const open = new Map<string, string>()
    // The same event may be published again.
    const events = new Map(
      (await environment.read('alerts')).map(({ headers, value }) => [
        String(headers?.ce_id),
        JSON.parse(String(value)) as Alert,
      ]),
    )
    for (const { fingerprint, status, alertId } of events.values()) {
      assert.equal(open.get(fingerprint), status === 'firing' ? undefined : alertId)
      if (status === 'firing') open.set(fingerprint, alertId)
      else open.delete(fingerprint)
    }
    const stored = [...(await environment.states('alerting')).values()].flatMap(state =>
      Object.values((state as AlertingState).rules ?? {}).flatMap(({ alert }) => alert?.alertId ?? []),
    )
    assert.deepEqual([...open.values()].sort(), stored.sort())
    return open
  }

  /** Kills the command while it computes a state. Returns false if it has ended before that was seen. */
  async function isKilledMidway(): Promise<boolean> {
    // A process of its own can be killed.
    const words = ['reprocess', 'alerting', '--from', 'start', '--yes']
    const command = new Program(join(PROJECT, 'cli', 'bin.mjs'), words, { env: variables() })
    let hasEnded = false
    const ended = command.ended.finally(() => {
      hasEnded = true
    })
    while (!hasEnded && (await staged()).length === 0);
    const isSeen = !hasEnded
    command.signal('SIGKILL')
    await ended
    return isSeen
  }

  it('given a kill while readings arrive, when it is run again, then no alert is sent and all continues', async () => {
    const before = await listFiring()
    assert.ok(before.size >= SENSORS / 5)
    while (!(await isKilledMidway()));
    const doctor = await runSluice(['doctor'], variables())
    // The server may have larger ones of other environments.
    assert.match(doctor.output, /\d states? of a reprocessing, .*such as that of \w+ on /)
    const again = runSluice(['reprocess', 'alerting', '--from', 'start', '--yes', '--json'], variables())
    const flow = (async () => {
      for (let round = ROUNDS; round < ROUNDS + 20; round += 1) await publishRound(round)
    })()
    const [{ code, stdout, output }] = await Promise.all([again, flow])
    assert.equal(code, 0, output)
    const { result: report } = JSON.parse(stdout) as {
      result: { partitions: { epoch: number; emitted: object }[] }
    }
    assert.ok(report.partitions.length > 0)
    for (const { epoch, emitted } of report.partitions) {
      assert.ok(epoch > 0)
      assert.deepEqual(emitted, {})
    }
    await environment.untilCaughtUp('alerting')
    assert.deepEqual(await listFiring(), before)
    assert.deepEqual(await staged(), [])
    const tally = await environment.tally('alerting')
    const applied = Object.entries(tally).filter(([name]) => name.startsWith('applied/'))
    assert.ok(applied.reduce((sum, [, number]) => sum + number, 0) >= sent)
  })
})
