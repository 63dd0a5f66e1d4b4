/** The stack is deployed again while readings come: with another rule, another topic table, and another setting for every function. */
import assert from 'node:assert/strict'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE } from '../../../lib/alerting/alert.ts'
import { RULES_ACTIVATED_TYPE } from '../../../lib/alerting/rules-activated.ts'
import type { LedgerEvent } from '../../ledger/count/event.ts'
import { writtenMessage } from '../../support/written-message.ts'
import { type RehearsalResults, violations } from '../count.ts'
import { PREFIX } from '../deployment/project.ts'
import { eventually } from '../eventually.ts'
import { type Expected, Load, weather } from '../load.ts'
import type { Rehearsal } from '../rehearsal.ts'
import { atRest } from './at-rest.ts'
import { WARM } from './invoke.ts'
import { runScheduled } from './scheduled.ts'

/** Age of the readings, so that all are in the past. */
const AGO_MS = 3_600_000
const DAY_MS = 24 * 3_600_000
/** Rounds of readings before the deployment begins, and after it has ended. */
const ROUNDS_AROUND = 15
const CHANGED = { LOG_LEVEL: 'WARN' }
/** Threshold of the rule HIGH_TEMP. */
const CHANGED_THRESHOLD = 45
/** One more than the table says. */
const KEPT_DAYS = 8

export async function update(rehearsal: Rehearsal): Promise<string> {
  const { view, project, invoker } = rehearsal
  const before = await readCodeHashes(rehearsal)
  const failures = await countFailures(rehearsal)
  const load = new Load(view.client, view.topic('readings'), Date.now() - AGO_MS)
  const rounds = (count: number) =>
    eventually(`${count} rounds of readings are counted`, async () => {
      const counted = await readCounted(rehearsal)
      return (counted.get('load-0') ?? 0) >= count || undefined
    })
  load.start()
  let expected: Expected | undefined
  try {
    await rounds(ROUNDS_AROUND)
    await project.replace('config/rules/weather.yaml', 'fireAbove: 40', `fireAbove: ${CHANGED_THRESHOLD}`)
    await project.replace(
      'lib/app/naming/topic-table.ts',
      "...defineTopic(3, 7, MiB, 'entity', 'closed windows",
      `...defineTopic(3, ${KEPT_DAYS}, MiB, 'entity', 'closed windows`,
    )
    await project.deploy(await project.package('package-2', CHANGED), CHANGED)
    await rounds(load.rounds + ROUNDS_AROUND)
  } finally {
    expected = await load.stop()
  }
  await atRest(rehearsal)
  assert.deepEqual(violations(expected, await readFoundEvents(rehearsal, failures)).slice(0, 20), [])
  await assertChanged(rehearsal, before)
  const refused = [...invoker.failed.values()].reduce((total, count) => total + count, 0)
  return `${expected.sensors.length * expected.readings} readings, each counted once; ${refused} invocations were cut off and repeated`
}

/** Every function has new code and the new setting, the topic is kept for longer, and the new rule is in force. */
async function assertChanged(rehearsal: Rehearsal, before: ReadonlyMap<string, string>): Promise<void> {
  const { view } = rehearsal
  for (const [name, code] of await readCodeHashes(rehearsal)) {
    const { Environment } = await getConfiguration(rehearsal, name)
    assert.equal((Environment as { Variables: typeof CHANGED }).Variables.LOG_LEVEL, CHANGED.LOG_LEVEL, name)
    assert.notEqual(code, before.get(name), `${name} has its old code`)
  }
  const kept = await view.client.setting(view.topic('analytics'), 'retention.ms')
  assert.equal(Number(kept), KEPT_DAYS * DAY_MS)
  // The schedule may have run it with the new code before.
  const { rules } = await runScheduled<{ rules: { hash: string } }>(rehearsal, 'clock')
  const sets = (await view.events('readings')).filter(({ type }) => type === RULES_ACTIVATED_TYPE)
  const thresholds = sets
    .filter(({ data }) => data.hash === rules.hash)
    .map(({ data }) => hotFrom(data.rules))
  assert.deepEqual(new Set(thresholds), new Set([CHANGED_THRESHOLD]), 'the changed rules were not appended')
  const warm = weather('mild', 'mild-0', { atMs: Date.now(), temperature: WARM })
  await view.client.sendUntilAcknowledged(view.topic('readings'), [writtenMessage(warm)])
  await atRest(rehearsal)
  const alerts = await view.events('alerts')
  assert.deepEqual(
    alerts.filter(({ data }) => data.entity.subject === 'mild'),
    [],
  )
}

function hotFrom(rules: readonly { readonly name: string; readonly fireAbove?: number }[]) {
  return rules.find(({ name }) => name === 'HIGH_TEMP')?.fireAbove
}

async function readFoundEvents(
  rehearsal: Rehearsal,
  failuresBefore: ReadonlyMap<string, number>,
): Promise<RehearsalResults> {
  const { view } = rehearsal
  const readings = new Set((await view.events('readings')).map(({ id }) => id))
  const alerts = await view.events('alerts')
  const failures = [...(await countFailures(rehearsal))].map(
    ([name, count]) => [name, count - (failuresBefore.get(name) ?? 0)] as const,
  )
  return {
    readings,
    counted: await readCounted(rehearsal),
    fired: alertsBySensor(alerts, ALERT_FIRED_TYPE),
    resolved: alertsBySensor(alerts, ALERT_RESOLVED_TYPE),
    failures: new Map(failures),
  }
}

function alertsBySensor(alerts: readonly LedgerEvent[], type: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const { data } of alerts.filter(alert => alert.type === type)) {
    const { subject } = data.entity
    found.set(subject, (found.get(subject) ?? new Set()).add(data.alertId))
  }
  return found
}

/** Returns the number of counted temperatures in the statistics, by sensor. */
async function readCounted({ view, mappings }: Rehearsal): Promise<Map<string, number>> {
  const processor = mappings.find(({ functionKey }) => functionKey === 'processor')
  assert.ok(processor)
  const counted = new Map<string, number>()
  for (const { states } of await view.contents(processor))
    for (const [entity, stored] of states) {
      // Before the state may stand the version of its shape.
      const { metrics } = JSON.parse(stored.replace(/^v\d+ /, ''))
      counted.set(entity.split(' ')[1] ?? '', metrics.temperature?.count ?? 0)
    }
  return counted
}

/** Returns the number of records that ended as failures, by consumer. */
async function countFailures({ view, mappings }: Rehearsal): Promise<Map<string, number>> {
  const counts = mappings.map(async mapping => {
    const tallies = (await view.contents(mapping)).flatMap(({ tally }) => [...tally])
    const failed = tallies.filter(([outcome]) => outcome.startsWith('failed/'))
    return [mapping.functionKey, failed.reduce((sum, [, count]) => sum + count, 0)] as const
  })
  return new Map(await Promise.all(counts))
}

/** The hash of each function's zip. */
async function readCodeHashes(rehearsal: Rehearsal): Promise<Map<string, string>> {
  const codes = Object.keys(rehearsal.deployed.functions).map(async name => {
    const { CodeSha256 } = await getConfiguration(rehearsal, name)
    return [name, String(CodeSha256)] as const
  })
  return new Map(await Promise.all(codes))
}

function getConfiguration({ emulator }: Rehearsal, name: string): Promise<Readonly<Record<string, unknown>>> {
  return emulator.rest('lambda', `/2015-03-31/functions/${PREFIX}${name}/configuration`)
}
