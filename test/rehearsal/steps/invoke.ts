/** Every function is invoked, and what it does is looked at where it does it. */
import assert from 'node:assert/strict'
import { RedisClient } from '#runtime/operating/redis'
import { RedisValue } from '#runtime/operating/states'
import { ACTIVITY_CHANGED_TYPE } from '../../../lib/activity/process.ts'
import { ALERT_FIRED_TYPE } from '../../../lib/alerting/alert.ts'
import { RULES_ACTIVATED_TYPE } from '../../../lib/alerting/rules-activated.ts'
import { resolveSignals } from '../../../lib/app/naming/topic-table.ts'
import type { SilenceSet } from '../../../lib/notification/silences.ts'
import { TICK_TYPE } from '../../../lib/telemetry/tick.ts'
import { writtenMessage } from '../../support/written-message.ts'
import { PREFIX } from '../deployment/project.ts'
import { eventually } from '../eventually.ts'
import { motion, weather } from '../load.ts'
import type { Rehearsal } from '../rehearsal.ts'
import { atRest } from './at-rest.ts'
import { runScheduled } from './scheduled.ts'

/** Above the threshold of a rule that ships, and below the changed one of the second deployment. */
export const WARM = 42
const MINUTE_MS = 60_000

export async function invokeEach(rehearsal: Rehearsal): Promise<string> {
  await schedulesBegin(rehearsal)
  await readingsFlow(rehearsal)
  await peopleAreTold(rehearsal)
  await failuresArrive(rehearsal)
  const names = await eventually(
    'every function has run:',
    async () =>
      (await unseen(rehearsal)).length === 0 ? Object.keys(rehearsal.deployed.functions) : undefined,
    async () => `not ${(await unseen(rehearsal)).join(', ')}`,
  )
  const { answered, failed } = rehearsal.invoker
  return `${names.length} functions have run; ${sum(answered)} invocations by pollers and schedules, ${sum(failed)} tried again`
}

/** Rules, silences, simulated readings, ticks. */
async function schedulesBegin(rehearsal: Rehearsal): Promise<void> {
  const { view } = rehearsal
  await keepSilences(rehearsal)
  await runScheduled(rehearsal, 'clock')
  const { readings } = await runScheduled(rehearsal, 'generator')
  assert.ok(Number(readings) > 0, 'the generator has published nothing')
  const expected = [
    ...(['readings', 'events', 'patterns'] as const).map(signal => [signal, RULES_ACTIVATED_TYPE] as const),
    ['notifications', 'io.sluice.silences.changed.v1'] as const,
    ...resolveSignals(['ticked']).map(signal => [signal, TICK_TYPE] as const),
  ]
  for (const [signal, type] of expected)
    assert.ok(await view.everyPartitionHas(signal, type), `${signal} lacks ${type}`)
}

/** Stores silences as the command that ends one does when it cannot reach Kafka. */
async function keepSilences({ redisUrl, view }: Rehearsal): Promise<void> {
  const client = new RedisClient({ url: redisUrl })
  const change = { action: 'ended', silenceId: 'rehearsal', author: 'rehearsal', comment: 'over' } as const
  const set: SilenceSet = { revision: 1, silences: [], change }
  await new RedisValue<SilenceSet>(client, `silences:${view.env}`).write(set).finally(() => client.close())
}

/** Readings become statistics, alerts and events. */
async function readingsFlow(rehearsal: Rehearsal): Promise<void> {
  const { view } = rehearsal
  const nowMs = Date.now()
  // Minutes apart: the statistics of the earlier ones are over.
  const readings = [3, 2, 1, 0].map(ago =>
    weather('warm', `warm-${ago}`, { atMs: nowMs - ago * MINUTE_MS, temperature: WARM }),
  )
  // Whether simulated devices change their activity depends on the time of day.
  const changes = ['resting', 'cycling'].map((activity, at) =>
    motion('rider', `rider-${at}`, { atMs: nowMs - 1_000 + at, activity }),
  )
  const poison = { key: 'poison', value: 'no event' }
  const messages = [...[...readings, ...changes].map(event => writtenMessage(event)), poison]
  await view.client.sendUntilAcknowledged(view.topic('readings'), messages)
  await atRest(rehearsal)
  const alerts = await view.events('alerts')
  assert.ok(
    alerts.some(({ type, data }) => type === ALERT_FIRED_TYPE && data.entity.subject === 'warm'),
    'no alert has fired',
  )
  assert.ok((await view.events('analytics')).some(({ subject }) => subject === 'warm'))
  assert.ok(
    (await view.events('events')).some(
      ({ type, subject }) => type === ACTIVITY_CHANGED_TYPE && subject === 'rider',
    ),
    'nothing has happened to a sensor',
  )
}

/** The alert reaches the subscribers of the topic, and the webhook. */
async function peopleAreTold(rehearsal: Rehearsal): Promise<void> {
  const { receivers } = rehearsal
  await eventually(
    'the alert is sent to SNS and to the webhook:',
    async () => {
      // Waits are on the clock of the log.
      await runScheduled(rehearsal, 'clock')
      await receivers.receive()
      return (receivers.queued > 0 && receivers.hooked.length > 0) || undefined
    },
    async () => `${receivers.queued} by SNS, ${receivers.hooked.length} to the webhook`,
  )
  for (const signature of receivers.hooked) assert.match(signature, /^v1,/)
}

/** Checks that the invalid record becomes a dead letter. */
async function failuresArrive(rehearsal: Rehearsal): Promise<void> {
  await eventually('it is a dead letter', async () => {
    const codes = (await rehearsal.view.events('dlq')).map(({ data }) => data.errorType)
    return codes.includes('not-a-cloudevent') || undefined
  })
  const { deadLetters } = await runScheduled<{ deadLetters: { open: number } }>(rehearsal, 'redriver')
  assert.ok(deadLetters.open >= 1, 'the dead letter is not counted')
}

/** Returns the functions without a completed invocation in their logs. */
async function unseen({ deployed, emulator }: Rehearsal): Promise<string[]> {
  const names = Object.keys(deployed.functions)
  const ended = await Promise.all(
    names.map(async name => {
      const logGroupName = `/aws/lambda/${PREFIX}${name}`
      const { events } = await emulator.json('logs', 'FilterLogEvents', { logGroupName, limit: 10_000 })
      return ((events ?? []) as readonly { readonly message: string }[]).some(({ message }) =>
        message.startsWith('END RequestId'),
      )
    }),
  )
  return names.filter((_, at) => !ended[at])
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0)
}
