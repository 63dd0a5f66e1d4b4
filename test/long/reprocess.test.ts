/** `sluice reprocess` beside the deployed consumer, on real servers. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Message } from 'kafkajs'
import { PROJECT, Program, type ProgramResult } from '#local-servers/testing/program.ts'
import { brokers, redisUrl } from '#local-servers/testing/servers.ts'
import { writeEvent } from '#runtime/cloudevents'
import { RedisClient } from '#runtime/operating/redis'
import { environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../lib/alerting/alert.ts'
import type { AlertingState } from '../../lib/alerting/entity-state.ts'
import { TOPICS } from '../../lib/app/topic-table.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { runSluice } from '../support/sluice.ts'

const SENSORS = 100
const ROUNDS = 60
/** Every sensor is cool again. */
const COLD_ROUND = 200
/** Which sensors are hot at the end, and which have been hot in between. */
const isHotAtEnd = (sensor: number) => sensor % 5 === 0
const wasHot = (sensor: number, round: number) => sensor % 5 === 1 && round >= 20 && round < 40

const RULES = `
rules:
  - { name: HOT, family: environment, metric: temperature, fireAbove: 40, severity: warning }
  - { name: BRIEF, family: environment, metric: temperature, fireAbove: 44, severity: warning }`

/** Rules with which HOT continues, BRIEF ends, and LASTING begins for every sensor that was ever hot. */
const OTHER_RULES = `
rules:
  - { name: HOT, family: environment, metric: temperature, fireAbove: 40, severity: critical }
  - { name: BRIEF, family: environment, metric: temperature, fireAbove: 60, severity: warning }
  - { name: LASTING, family: environment, metric: temperature, fireAbove: 40, clearBelow: 5, severity: warning }`

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
      const isHot = round >= ROUNDS - 1 && round < COLD_ROUND ? isHotAtEnd(sensor) : wasHot(sensor, round)
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

  /** Runs in a process of its own, which can be killed. */
  function apart(...args: readonly string[]): Program {
    return new Program(join(PROJECT, 'cli', 'bin.mjs'), ['reprocess', ...args], { env: variables() })
  }

  const reprocess = (...args: readonly string[]) => runSluice(['reprocess', ...args], variables())

  async function succeeds(...args: readonly string[]): Promise<ProgramResult> {
    const ended = await reprocess(...args)
    assert.equal(ended.code, 0, ended.output)
    return ended
  }

  const staged = () =>
    redis.run(client => client.keys(`{alerting:${environment.topic('readings')}:*}:staged*`))

  /**
   * Sends a tick to every partition, after which the consumer publishes the events of a switch. The function `clock` would also append
   * the rules, and those of the log would decide instead of the packaged ones.
   */
  async function ticked(): Promise<void> {
    const at = new Date().toISOString()
    const messages = Array.from({ length: TOPICS.readings.partitions }, (_, partition): Message => {
      const { value, headers } = writeEvent(tick(partition, at))
      return { partition, value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), messages)
    await environment.untilCaughtUp('alerting')
  }

  /** Checks the topic against the states: each active alert has exactly one fire without an end, and no fire is published twice. */
  async function standing(): Promise<Map<string, string>> {
    const open = new Map<string, Alert>()
    const seen = new Set<string>()
    for (const { headers, value } of await environment.read('alerts')) {
      const id = String(headers?.ce_id)
      // The same event may be published again.
      if (seen.has(id)) continue
      seen.add(id)
      const alert = JSON.parse(String(value)) as Alert
      const before = open.get(alert.fingerprint)
      if (alert.status === 'firing') {
        assert.equal(before, undefined, `${alert.rule} of ${alert.entity.subject} was published twice`)
        open.set(alert.fingerprint, alert)
      } else {
        assert.equal(alert.alertId, before?.alertId, `${alert.rule} of ${alert.entity.subject} was not open`)
        open.delete(alert.fingerprint)
      }
    }
    const stored = new Map<string, string>()
    for (const state of (await environment.states('alerting')).values())
      for (const { alert } of Object.values((state as AlertingState).rules ?? {}))
        if (alert) stored.set(alert.alertId, alert.rule)
    assert.deepEqual(new Map([...open.values()].map(({ alertId, rule }) => [alertId, rule])), stored)
    return stored
  }

  const count = (alerts: ReadonlyMap<string, string>, rule: string) =>
    [...alerts.values()].filter(alert => alert === rule).length

  /** Kills the command while it computes a state. Returns false if it has ended before that was seen. */
  async function isKilledMidway(): Promise<boolean> {
    const command = apart('alerting', '--from', 'start', '--yes')
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
    const before = await standing()
    assert.equal(count(before, 'HOT'), SENSORS / 5)
    while (!(await isKilledMidway()));
    const doctor = await runSluice(['doctor'], variables())
    // The server may have larger ones of other environments.
    assert.match(doctor.output, /\d states? of a reprocessing, .*such as that of \w+ on /)
    const again = succeeds('alerting', '--from', 'start', '--yes', '--json')
    const flow = (async () => {
      for (let round = ROUNDS; round < ROUNDS + 20; round += 1) await publishRound(round)
    })()
    const [{ stdout }] = await Promise.all([again, flow])
    const { result: report } = JSON.parse(stdout) as {
      result: { partitions: { epoch: number; emitted: object }[] }
    }
    assert.ok(report.partitions.length > 0)
    for (const { epoch, emitted } of report.partitions) {
      assert.ok(epoch > 0)
      assert.deepEqual(emitted, {})
    }
    await ticked()
    assert.deepEqual(await standing(), before)
    assert.deepEqual(await staged(), [])
    const tally = await environment.tally('alerting')
    const applied = Object.entries(tally).filter(([name]) => name.startsWith('applied/'))
    assert.ok(applied.reduce((sum, [, number]) => sum + number, 0) >= sent)
  })

  it('given what a killed command has left, when it is abandoned, then it is gone, and the live state is as before', async () => {
    const before = await standing()
    while (!(await isKilledMidway()));
    const { output } = await succeeds('alerting', '--abandon', '--yes')
    assert.match(output, /Removed \d unfinished states?\. The live ones are as before/)
    assert.deepEqual([await standing(), await staged()], [before, []])
    assert.match((await succeeds('alerting', '--abandon', '--yes')).output, /has no unfinished states/)
  })

  it('given other rules, then their alerts fire once, and the alerts of the old ones end', async () => {
    const before = await standing()
    await offline.stop()
    await writeFile(join(folder, 'rules.yaml'), OTHER_RULES)
    offline = await Offline.start(environment.name, { RULES_DIR: folder }, { only: ['alerting'] })
    // The consumer commits under these rules, and no reading shows it that anything has changed.
    await ticked()
    const trial = await succeeds('alerting', '--from', 'start', '--dry-run')
    assert.match(trial.output, /would be switched.*Events of the switch:/s)
    assert.deepEqual([await standing(), await staged()], [before, []])
    const { output } = await succeeds('alerting', '--from', 'start', '--yes')
    assert.match(output, /io\.sluice\.alert\.fired\.v1 +40\n {2}io\.sluice\.alert\.resolved\.v1 +20/)
    await ticked()
    const now = await standing()
    assert.deepEqual(
      ['HOT', 'BRIEF', 'LASTING'].map(rule => count(now, rule)),
      [SENSORS / 5, 0, (2 * SENSORS) / 5],
    )
    const hot = (alerts: ReadonlyMap<string, string>) =>
      [...alerts].filter(([, rule]) => rule === 'HOT').sort()
    assert.deepEqual(hot(now), hot(before))
    const ends = (await environment.read('alerts')).map(({ value }) => JSON.parse(String(value)) as Alert)
    const reasons = ends.filter(({ rule, reason }) => rule === 'BRIEF' && reason === 'reprocessed')
    assert.equal(new Set(reasons.map(({ alertId }) => alertId)).size, SENSORS / 5)
    // A later reading resolves the alerts that were taken over, as those that were published.
    await publishRound(COLD_ROUND)
    await environment.untilCaughtUp('alerting')
    assert.equal(count(await standing(), 'HOT'), 0)
  })
})
