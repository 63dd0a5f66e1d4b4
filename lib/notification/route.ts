/** Routes in `config/notifications/routes.yaml`, which determine the receivers and the group of each alert. Pure. */
import { attributeText } from '#runtime/consumer'
import { type AlertFacts, type AlertMatch, matchesAlert } from './alert-match.ts'

/** Property by which alerts are grouped. `labels.NAME` refers to the label `NAME`. */
export type GroupKey = 'rule' | 'severity' | 'source' | 'entity' | `labels.${string}`

/** Times between the notifications of a group, in milliseconds. */
export interface Timing {
  /** Time from the first alert of a group to its first notification. Alerts that fire within this time are sent together. */
  readonly groupWaitMs: number
  /** Minimum time between two notifications of a group if its alerts have changed. */
  readonly groupIntervalMs: number
  /** Time between two notifications of a firing group if its alerts have not changed. */
  readonly repeatIntervalMs: number
}

export interface Route extends Timing {
  readonly name: string
  /** Condition that alerts must meet; absent if the route matches every alert. */
  readonly match?: AlertMatch
  readonly groupBy: readonly GroupKey[]
  readonly receivers: readonly string[]
  /** True if the following routes are also tried when this route matches. */
  readonly continue: boolean
}

export interface NotificationRoutes {
  /** Routes, in the order in which they are tried. */
  readonly routes: readonly Route[]
}

/** Group to which an alert is sent, with the timing of its notifications. */
export interface Target extends Timing {
  readonly group: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly receivers: readonly string[]
}

/** Returns the groups of an alert. The list is empty if no route matches. */
export function findTargets({ routes }: NotificationRoutes, alert: AlertFacts): readonly Target[] {
  const targets: Target[] = []
  for (const route of routes) {
    if (route.match && !matchesAlert(route.match, alert)) continue
    targets.push(buildTarget(route, alert))
    if (!route.continue) break
  }
  return targets
}

function buildTarget(
  { name, groupBy, receivers, groupWaitMs, groupIntervalMs, repeatIntervalMs }: Route,
  alert: AlertFacts,
): Target {
  const labels = groupBy.flatMap(key => {
    const value = labelValue(key, alert)
    return value === undefined ? [] : [[key, value] as const]
  })
  const group = groupName(`${name}/${receivers.join('+')}`, labels)
  return {
    group,
    groupLabels: Object.fromEntries(labels),
    receivers,
    ...{ groupWaitMs, groupIntervalMs, repeatIntervalMs },
  }
}

function labelValue(key: GroupKey, { rule, severity, labels, entity }: AlertFacts): string | undefined {
  switch (key) {
    case 'rule':
      return rule
    case 'severity':
      return severity
    case 'source':
      return entity.source
    case 'entity':
      return entity.subject
    default: {
      const name = key.slice('labels.'.length)
      return Object.hasOwn(labels, name) ? labels[name] : undefined
    }
  }
}

/**
 * Returns the name of a group, such as `default/sns{rule="HIGH_TEMP"}`. The name includes the receivers, so a change of receivers
 * results in a new group.
 */
function groupName(route: string, labels: readonly (readonly [string, string])[]): string {
  const pairs = labels.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')
  return attributeText(`${route}{${pairs}}`)
}
