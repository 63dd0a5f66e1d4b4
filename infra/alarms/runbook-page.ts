/** Generates the lists in docs/runbook.md from the table of alarms. Pure. */

import { readFunctions } from '../../lib/app/functions.ts'
import { account } from '../account.ts'
import { isDeployed } from '../expand-functions.ts'
import { type Deployed, thresholdOf, type When, whenOf } from './alarm.ts'
import { costOf } from './cost.ts'
import { alarmsOf, causesOf } from './resources.ts'
import { ALARM_KINDS } from './table.ts'

/** A `prod` deployment with all optional resources, so that every alarm exists. */
const ENVIRONMENT = {
  MSK_CLUSTER_ARN:
    'arn:aws:kafka:eu-west-1:123456789012:cluster/telemetry/01234567-0123-0123-0123-0123456789ab-1',
  REDIS_URL: 'rediss://telemetry-abcdef.serverless.euw1.cache.amazonaws.com:6379',
  SUBNET_IDS: 'subnet-1',
  SECURITY_GROUP_IDS: 'sg-1',
  HISTORY_BUCKET: 'telemetry-history',
  ALARM_TOPIC_ARN: 'arn:aws:sns:eu-west-1:123456789012:sluice-alerts-prod',
  ALARM_SOON_TOPIC_ARN: 'arn:aws:sns:eu-west-1:123456789012:sluice-alarms-soon-prod',
}

/** Returns a `prod` deployment with the functions of serverless.yml. */
function example(): Deployed {
  const { env, clusterArn, schedules, alarms, ...place } = account('prod', 'eu-west-1', ENVIRONMENT, '/')
  if (!alarms) throw new Error('a deployment to an account has alarms')
  const functions = readFunctions().filter(one => isDeployed(one, place))
  return { stage: 'prod', env, clusterArn, schedules, functions, alarms }
}

const LIST = /(?<=^<!-- The list is .* -->\n).*?(?=^<!-- end of the list -->$)/ms
const COSTS = /(?<=^<!-- The costs are .* -->\n).*?(?=^<!-- end of the costs -->$)/ms

const TITLES = { now: 'Urgent', soon: 'The next working day' } as const

/** Returns the page with current lists. @throws Error if the page has no markers for a list */
export function runbookPage(page: string): string {
  for (const place of [LIST, COSTS])
    if (!place.test(page)) throw new Error('docs/runbook.md has no place for the lists of the alarms')
  const deployed = example()
  return page.replace(LIST, () => `\n${list(deployed)}\n\n`).replace(COSTS, () => `\n${costs(deployed)}\n\n`)
}

/** Returns a Markdown list of the alarms, grouped by urgency. */
function list(deployed: Deployed): string {
  const alarms = Object.entries(ALARM_KINDS).map(([kind, row]) => {
    const { urgency, missing, watches } = row
    const withoutData = [missing, ...watches(deployed).map(one => one.missing)].includes('breaching')
    const when = `${text(whenOf(row, deployed))}${withoutData ? ', or without data' : ''}`
    return { urgency, line: `- [\`${kind}\`](#${kind}): ${when}` }
  })
  return (['now', 'soon'] as const)
    .map(urgency => {
      const lines = alarms.filter(alarm => alarm.urgency === urgency).map(({ line }) => line)
      return `### ${TITLES[urgency]}\n\n${lines.join('\n')}`
    })
    .join('\n\n')
}

function text(when: When): string {
  const { below, periodSeconds, periods, breaching } = when
  const value = thresholdOf(when, 'prod').toLocaleString('en')
  const minutes = periodSeconds / 60
  const length = minutes === 1 ? 'm' : `×${minutes}m`
  const span = periods === 1 ? `${minutes}m` : `${breaching}/${periods}${length}`
  return `${below === undefined ? '>' : '<'}${value}, ${span}`
}

function costs(deployed: Deployed): string {
  const causes = causesOf(deployed).length
  const { alarms, metrics, queries, dollars } = costOf(alarmsOf(deployed), causes)
  return `Without the console, on provisioned brokers with a serverless cache: ${alarms} alarms (${queries} with a query, the others with ${metrics} metrics)
and ${causes} composite alarms, **${dollars.toFixed(2)} dollars a month**.`
}
