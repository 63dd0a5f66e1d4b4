import type { Connections, StoredValue } from '#runtime/functions/connections'
import type { Scheduled } from '#runtime/functions/schedules'
import { resolveSignals } from '../app/naming/topic-table.ts'
import { VIEWS_ACTIVATED_TYPE } from '../views/event-names.ts'
import type { ActivatedPlan, ViewPlan } from '../views/plan.ts'
import { createActivationEvent, planAfterDeployment, withoutBuilding } from '../views/plan-activation.ts'
import { appendActivation } from './activations.ts'
import type { AppendingConfig } from './append-to-partitions.ts'

/**
 * Returns the copy in Redis of the plan in force. It does not exist before the first run of the function `clock`, and after Redis
 * has lost it until the next run.
 */
export function openStoredPlan(
  connections: Pick<Connections, 'value'>,
  env: string,
): Promise<StoredValue<ActivatedPlan>> {
  return connections.value(`views:${env}`)
}

/** Sign of the run that changes the tables. */
export interface ApplyingSign {
  /** Time of the last sign, in milliseconds since the epoch; 0 if the run has ended. */
  readonly aliveMs: number
}

/** A run that gives no sign for this time has ended. Each run gives signs more often. */
export const APPLYING_DEAD_AFTER_MS = 30_000

export function isApplying({ aliveMs }: ApplyingSign, nowMs: number): boolean {
  return nowMs - aliveMs < APPLYING_DEAD_AFTER_MS
}

/** Returns the name under which Redis has the unfinished change of the tables. */
export function applyingName(env: string): string {
  return `views-apply:${env}`
}

/** Returns true if the plan puts those tables into force that the earlier one builds. Its activation was interrupted. */
function completes(plan: ActivatedPlan, { building }: ActivatedPlan): boolean {
  const generations = new Set(plan.tables.map(({ generation }) => generation))
  return (
    building.length > 0 &&
    plan.building.length === 0 &&
    building.every(generation => generations.has(generation))
  )
}

/**
 * Appends the plan in force to every partition that the consumer `views` reads, if that is due. If a change of the tables was
 * interrupted while it appended a plan, that plan is appended to the other partitions too. If Redis has lost the change, it is taken
 * back. While a command changes the tables, nothing is appended.
 */
export async function activateViews(
  run: Pick<Scheduled<Connections, AppendingConfig>, 'config' | 'connections' | 'scheduledFor' | 'nowMs'>,
  packaged: ViewPlan,
  warn: () => void,
): Promise<{
  readonly tables: number
  readonly hash: string
  readonly appended: number
  readonly why: string
}> {
  const { config, connections, scheduledFor: at, nowMs } = run
  const storedPlan = await openStoredPlan(connections, config.env)
  const inRedis = await storedPlan.read()
  const applying = await connections.value<{ readonly underway?: ApplyingSign }>(applyingName(config.env))
  const { underway } = (await applying.read()) ?? {}
  if (inRedis && underway && isApplying(underway, nowMs()))
    return { tables: inRedis.tables.length, hash: inRedis.hash, appended: 0, why: 'being-changed' }
  const { data: plan, ...appended } = await appendActivation<ActivatedPlan>(connections, config, {
    ...{
      name: `views-appended:${config.env}`,
      type: VIEWS_ACTIVATED_TYPE,
      signals: resolveSignals(['viewed']),
      at,
      warn,
    },
    isKnown: inRedis !== undefined,
    choose: async newest => {
      const before = newest && inRedis && completes(inRedis, newest) ? inRedis : (newest ?? inRedis)
      const plan = planAfterDeployment(before && (underway ? before : withoutBuilding(before)), packaged)
      if (plan.hash === inRedis?.hash) return plan
      return storedPlan.update(now => (now && now.hash !== inRedis?.hash ? now : plan))
    },
    event: createActivationEvent,
  })
  return { tables: plan.tables.length, hash: plan.hash, ...appended }
}
