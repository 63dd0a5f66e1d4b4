/** Event pollers of the consumers. Pure. */

import type { DeclaredFunction } from '../../control/environment/functions.ts'
import type { Place } from '../place/place.ts'

type Polled = Pick<DeclaredFunction, 'consumes' | 'inputs' | 'reading'>

/**
 * Returns the event source fields for polling. Partial batch responses are requested only for provisioned pollers, because
 * on-demand pollers do not support them. The msk trigger tells the function whether they are supported. If not, the function throws
 * an error when a record fails, and the whole batch is delivered again.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
 */
export function buildPollerFields(
  declared: Polled,
  { env, pollers }: Pick<Place, 'env' | 'pollers'>,
): object {
  if (pollers === 'on-demand') return {}
  return {
    functionResponseType: 'ReportBatchItemFailures',
    provisionedPollerConfig: {
      minimumPollers: 1,
      maximumPollers: declared.reading.maximumPollers,
      pollerGroupName: choosePollerGroup(declared, env),
    },
  }
}

/**
 * Returns the name of the poller group. The mappings of a group share event poller units. Consumers of readings have their own
 * group with all their topics, so that they do not slow down the others.
 */
function choosePollerGroup({ consumes, inputs }: Polled, env: string): string {
  if (inputs) return `sluice-${env}-inputs`
  return `sluice-${env}-${consumes.includes('readings') ? 'readings' : 'others'}`
}
