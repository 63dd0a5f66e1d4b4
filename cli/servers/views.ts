/** Gives commands the servers with the tables. */

import type { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import type { Config } from '../../lib/app/config.ts'
import { findActivations } from '../../lib/clock/activations.ts'
import { openStoredPlan } from '../../lib/clock/view-plan.ts'
import { openViewPorts, type ViewPorts } from '../../lib/operations/views/apply-views.ts'
import type { SelectionLog } from '../../lib/operations/views/follow-selection.ts'
import { readTopicBounds } from '../../lib/queries/kafka/topics.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { FileError } from '../../lib/support/file-errors.ts'
import type { TopicSize } from '../../lib/tables/table.ts'
import { VIEWS_ACTIVATED_TYPE } from '../../lib/views/event-names.ts'
import { type ActivatedPlan, NO_TABLES } from '../../lib/views/plan.ts'
import { CliFailure } from '../failure.ts'
import { withEnvironment } from './open-environment.ts'
import { awaitAnswer } from './server-errors.ts'

export interface ViewServers {
  readonly config: Config
  readonly connections: GuardedConnections
  readonly plan: ActivatedPlan
  readonly states: StateInspection
  /** Opens the ports of an operation, within `carryOut`. */
  readonly ports: (consumer: ViewPorts['consumer']) => Promise<ViewPorts>
  /** Opens the log of changes and events. */
  readonly changes: () => Promise<SelectionLog>
  /** Topic `view-rows`, with its current number of partitions. */
  readonly rows: () => Promise<TopicSize>
}

/** Returns the plan in force that the log has; undefined if it has none. */
async function findPlanInLog(
  connections: GuardedConnections,
  config: Config,
): Promise<ActivatedPlan | undefined> {
  const ports = { log: await connections.log(), bounds: await connections.bounds() }
  const search = findActivations<ActivatedPlan>(ports, config, VIEWS_ACTIVATED_TYPE)
  return (await awaitAnswer(search)).newest
}

/** Converts the error of a statement to an error with a message for users. All other errors are returned unchanged. */
export function statementFailure(error: unknown): unknown {
  return error instanceof FileError ? new CliFailure(error.message, 1, { cause: error }) : error
}

/**
 * Runs work with the tables of an environment.
 *
 * @throws CliFailure if Redis or Kafka does not answer
 */
export function withViews<T>(config: Config, use: (servers: ViewServers) => Promise<T>): Promise<T> {
  return withEnvironment(config, async environment => {
    const { connections } = environment
    const inForce = await openStoredPlan(connections, config.env)
    const topic = environment.topic('view-rows')
    const plan = (await inForce.read()) ?? (await findPlanInLog(connections, config)) ?? NO_TABLES
    return use({
      ...{ config, connections, plan, states: await environment.inspection() },
      ports: async consumer => {
        if (plan !== NO_TABLES) await inForce.update(now => now ?? plan)
        return openViewPorts(connections, await environment.offsets(), consumer)
      },
      changes: async () => ({
        ...{ log: await environment.log(), offsets: await environment.offsets(), plan: () => inForce.read() },
        ...{
          getTopic: signal => environment.topic(signal),
          reader: environment.reader,
          families: config.families,
        },
      }),
      rows: async () => {
        const bounds = await awaitAnswer(readTopicBounds(await environment.offsets(), topic))
        return { topic, partitions: bounds.length }
      },
    })
  })
}
