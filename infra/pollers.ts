/** Event pollers of the consumers and their costs. Pure. */

import { type DeclaredFunction, isConsumer } from '../lib/app/functions.ts'
import { tableSignalOf, topicRow } from '../lib/app/topics.ts'
import type { DeploymentPlace } from './account.ts'

type Polled = Pick<DeclaredFunction, 'consumes' | 'foreignTopics' | 'reading'>
type PollersPlace = Pick<DeploymentPlace, 'env' | 'pollers'>

/**
 * Returns the event source fields for polling. Partial batch responses are requested only for provisioned pollers, because
 * on-demand pollers do not support them. The msk trigger tells the function whether they are supported. If not, the function throws
 * an error when a record fails, and the whole batch is delivered again.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
 */
export function pollerFields(declared: Polled, { env, pollers }: PollersPlace): object {
  if (pollers === 'on-demand') return {}
  return {
    functionResponseType: 'ReportBatchItemFailures',
    provisionedPollerConfig: {
      minimumPollers: 1,
      maximumPollers: declared.reading.maximumPollers,
      pollerGroupName: groupOf(declared, env),
    },
  }
}

/**
 * Returns the name of the poller group. The mappings of a group share event poller units. Consumers of readings have their own
 * group with all their topics, so that they do not slow down the others.
 */
function groupOf({ consumes }: Polled, env: string): string {
  return `sluice-${env}-${consumes.some(one => tableSignalOf(one) === 'readings') ? 'readings' : 'others'}`
}

/**
 * Throughput of an event poller unit, pollers per unit, and price in us-east-1. The values are from the example on the AWS page
 * above.
 */
const UNIT = { megabytesPerSecond: 20, pollers: 10, dollarsPerHour: 0.185 } as const
const POLLER_MEGABYTES_PER_SECOND = 5
const HOURS_PER_MONTH = 730

/** Number of event poller units, which AWS bills by the hour. */
interface PollerUnits {
  readonly mappings: number
  readonly groups: number
  /** Number of units while idle. */
  readonly least: number
  /** Number of units while all pollers read at their maximum throughput. */
  readonly most: number
}

/** Returns the number of event poller units. @param functions deployed functions */
export function pollerUnits(functions: readonly DeclaredFunction[], env: string): PollerUnits {
  const groups = new Map<string, { mappings: number; most: number }>()
  for (const declared of functions.filter(isConsumer)) {
    const name = groupOf(declared, env)
    const group = groups.get(name) ?? { mappings: 0, most: 0 }
    group.mappings += topicsOf(declared).length
    group.most += mostPollers(declared)
    groups.set(name, group)
  }
  const all = [...groups.values()]
  const sum = (units: (group: (typeof all)[number]) => number) => all.reduce((so, one) => so + units(one), 0)
  return {
    mappings: sum(({ mappings }) => mappings),
    groups: all.length,
    least: sum(({ mappings }) => Math.ceil(mappings / UNIT.pollers)),
    most: sum(({ most }) => Math.ceil((most * POLLER_MEGABYTES_PER_SECOND) / UNIT.megabytesPerSecond)),
  }
}

function topicsOf({ consumes, foreignTopics }: DeclaredFunction): readonly string[] {
  return [...consumes, ...foreignTopics]
}

/**
 * Returns the maximum number of pollers of a consumer. Lambda starts at most one poller per partition. For topics of other
 * applications, the number of partitions is not known here.
 */
function mostPollers({ consumes, foreignTopics, reading }: DeclaredFunction): number {
  const { maximumPollers } = reading
  const own = consumes.map(signal => Math.min(maximumPollers, topicRow(signal).partitions))
  return own.reduce((sum, pollers) => sum + pollers, maximumPollers * foreignTopics.length)
}

/** Returns a notice with the monthly costs of the pollers. */
export function pollerNotice(functions: readonly DeclaredFunction[], { env, pollers }: PollersPlace): string {
  const { mappings, groups, least, most } = pollerUnits(functions, env)
  if (pollers === 'on-demand')
    return `Pollers: ${mappings} on-demand event source mappings without additional costs and without partial batch responses.`
  const monthly = (units: number) =>
    `$${Math.round(units * UNIT.dollarsPerHour * HOURS_PER_MONTH).toLocaleString('en')}`
  return (
    `Pollers: ${mappings} event source mappings in ${groups} groups need ${least} event poller units while idle, ${monthly(least)} a month, ` +
    `and at most ${most}, ${monthly(most)} (us-east-1: $${UNIT.dollarsPerHour} an hour each). To avoid these costs, set pollers: 'on-demand' ` +
    'in infra/stages.ts.'
  )
}
