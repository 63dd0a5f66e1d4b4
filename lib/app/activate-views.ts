import type { Connections, Value } from '../../packages/runtime/lambda/connections.ts'
import type { GeneralSettings } from '../../packages/runtime/settings/general.ts'
import type { KafkaSettings } from '../../packages/runtime/settings/kafka.ts'
import {
  type Activation,
  planAfterDeployment,
  planHash,
  viewsActivated,
  whyActivate,
} from '../views/activation.ts'
import type { ActivatedPlan, ViewPlan } from '../views/plan.ts'
import { appendToPartitions } from './append-to-partitions.ts'
import { topicsOf } from './topics.ts'

/** Returns the plan in force, as it is stored in Redis. It does not exist before the first run of the function `rules`. */
export function keptPlan(
  connections: Pick<Connections, 'value'>,
  env: string,
): Promise<Value<ActivatedPlan>> {
  return connections.value(`views:${env}`)
}

/**
 * Activates new tables of the packaged plan, and appends the plan in force to every partition that the consumer `views` reads, if
 * that is due.
 *
 * @param at time of the run, RFC 3339
 */
export async function activateViews(
  connections: Connections,
  config: Pick<GeneralSettings & KafkaSettings, 'env' | 'contentMode'>,
  packaged: ViewPlan,
  at: string,
): Promise<{
  readonly tables: number
  readonly hash: string
  readonly appended: number
  readonly why: string
}> {
  const last = await connections.value<Activation>(`views-appended:${config.env}`)
  const inForce = await keptPlan(connections, config.env)
  const packagedHash = planHash(packaged)
  const isNew = (await last.read())?.packaged !== packagedHash
  const before = await inForce.read()
  const plan =
    before && !isNew ? before : await inForce.update(now => planAfterDeployment(now, packaged, isNew))
  const appended = await appendToPartitions<Activation>(connections, config, {
    // The topic of rows comes first, so that no row of a new table arrives before its plan.
    signals: topicsOf(['viewed']).toSorted((a, b) => Number(b === 'view-rows') - Number(a === 'view-rows')),
    last,
    next: { hash: plan.hash, packaged: packagedHash, atMs: Date.parse(at) },
    why: whyActivate,
    event: partition => viewsActivated(plan, partition, at),
  })
  return { tables: plan.tables.length, hash: plan.hash, ...appended }
}
