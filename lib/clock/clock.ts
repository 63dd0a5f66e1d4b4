/** Implements the scheduled function `clock`, which appends to every partition what its consumers need. */

import type { Event } from '#runtime/consumer'
import type { KafkaClients } from '#runtime/functions/kafka'
import { appendTicks, broadcast, type Scheduled, type Ticking } from '#runtime/functions/schedules'
import { loadRules } from '../alerting/adapters/load-rules.ts'
import { buildRuleSet } from '../alerting/rule-set.ts'
import { RULES_ACTIVATED_TYPE, rulesActivated } from '../alerting/rules-activated.ts'
import { runParts } from '../app/handlers/run-parts.ts'
import type { ScheduledRun } from '../app/handlers/scheduled-function.ts'
import type { Named } from '../app/naming/names.ts'
import { resolveSignals, TICKED_OFTEN, topicRow } from '../app/naming/topic-table.ts'
import { CLOCK, FAMILIES, RULES, VIEWS } from '../app/settings/index.ts'
import { getTableSignal, HISTORY_TABLES } from '../history/tables.ts'
import { findQuietPartitions } from '../log/quiet-partitions.ts'
import { HOUR_MS, MINUTE_MS } from '../support/duration.ts'
import { tick } from '../telemetry/tick.ts'
import { loadPlan } from '../views/adapters/plan-file.ts'
import { VIEWS_ACTIVATED_TYPE } from '../views/event-names.ts'
import { appendActivation } from './activations.ts'
import type { AppendingConfig } from './append-to-partitions.ts'
import { appendSilences, openStoredSilences } from './stored-silences.ts'
import { activateViews } from './view-plan.ts'

export const CLOCK_SETTINGS = [CLOCK, FAMILIES, RULES, VIEWS] as const

type Run = ScheduledRun<typeof CLOCK_SETTINGS>

const TICKING: Omit<Ticking, 'kafkaTopic'> = {
  topics: resolveSignals(['ticked']),
  often: TICKED_OFTEN,
  makeTick: tick,
}

/** Appends rules, plan of tables and silences where they are due, then the ticks, and those that the archiver waits for. */
export function runClock(run: Run) {
  const kafkaTopic: Ticking['kafkaTopic'] = (signal, env) => run.config.names.topicName(signal, env)
  return runParts({
    rules: () => appendRules(run),
    tables: () => appendPlan(run),
    silences: () => appendStoredSilences(run),
    ticks: () => appendTicks({ ...TICKING, kafkaTopic }, run),
    archiverTicks: () => appendQuietTicks(run),
  })
}

/** Appends the packaged alert rules, unless the log has them in force and they were appended less than a day ago. */
async function appendRules(run: Run) {
  const { config, connections, scheduledFor: at } = run
  const { data, ...appended } = await appendActivation(connections, config, {
    name: `rules:${config.env}`,
    type: RULES_ACTIVATED_TYPE,
    signals: resolveSignals(['ruled']),
    at,
    isKnown: true,
    warn: () => warnOfNone(run, RULES_ACTIVATED_TYPE),
    event: rulesActivated,
    choose: async () => buildRuleSet(await loadRules(config.families, config.rulesDir)),
  })
  return { rules: data.rules.length, hash: data.hash, ...appended }
}

/** Appends the plan of the tables in the same way. */
async function appendPlan(run: Run) {
  const plan = await loadPlan(run.config.viewsDir, run.config.sentViewsDir)
  return activateViews(run, plan, () => warnOfNone(run, VIEWS_ACTIVATED_TYPE))
}

async function appendStoredSilences({ config, connections, scheduledFor }: Run) {
  const storedSilences = await openStoredSilences(connections, config.env)
  return appendSilences(connections, config, await storedSilences.read(), scheduledFor)
}

function warnOfNone({ telemetry }: Run, type: string): void {
  telemetry.warn(`no ${type} is left in the log: the packaged one holds`, {
    kind: 'no-activation-left',
    type,
  })
}

type QuietRun = Pick<
  Scheduled<Pick<KafkaClients, 'bounds' | 'log' | 'publisher'>, AppendingConfig>,
  'config' | 'connections' | 'scheduledFor'
>

/** Returns the archived topics to which the clock appends no other ticks. */
function topicsWithoutTicks({ env, names }: Named): string[] {
  return resolveSignals(HISTORY_TABLES.map(getTableSignal))
    .filter(signal => !topicRow(signal).isTicked)
    .map(signal => names.topicName(signal, env))
}

/**
 * Appends a tick to each partition of an archived topic without ticks whose last records wait for the end of their segment. Looks
 * for them in the first minute of an hour only.
 *
 * @returns number of ticks
 * @throws Unavailable if Kafka cannot be reached
 */
export async function appendQuietTicks({ config, connections, scheduledFor }: QuietRun): Promise<number> {
  const nowMs = Date.parse(scheduledFor)
  if (nowMs % HOUR_MS >= MINUTE_MS) return 0
  const [bounds, log] = await Promise.all([connections.bounds(), connections.log()])
  const quiet = await findQuietPartitions({ bounds, log }, topicsWithoutTicks(config), nowMs)
  const publisher = await connections.publisher()
  for (const [topic, places] of Map.groupBy(quiet, ({ topic }) => topic)) {
    const partitions = places.map(({ partition }) => partition)
    await broadcast(publisher, topic, config, partition => quietTick(partition, scheduledFor), partitions)
  }
  return quiet.length
}

/** Returns a tick with a subject, because these partitions do not belong to the clock: consumers must not miss their next tick. */
function quietTick(partition: number, scheduledFor: string): Event {
  return { ...tick(partition, scheduledFor), subject: 'archiver' }
}
