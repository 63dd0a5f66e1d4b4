/** Routes of `config/notifications/routes.yaml`: the receivers of an alert, and its group. Pure. */
import { attributeText } from '../../packages/runtime/consumer/attribute-text.ts'
import { type AlertFacts, type AlertMatch, matchesAlert } from './match.ts'

/** Property by which alerts are grouped: `labels.NAME` is the label of that name. */
export type GroupKey = 'rule' | 'severity' | 'source' | 'entity' | `labels.${string}`

/** Waits of a group, in milliseconds. */
export interface Timing {
  /** Time from the first alert of a group to its first notification, so that the alerts of a batch leave together. */
  readonly groupWaitMs: number
  /** Time between two notifications of a group whose alerts have changed. */
  readonly groupIntervalMs: number
  /** Time between two notifications of a firing group without a change. */
  readonly repeatIntervalMs: number
}

export interface Route extends Timing {
  readonly name: string
  /** Selection of alerts; by default every alert. */
  readonly match?: AlertMatch
  readonly groupBy: readonly GroupKey[]
  readonly receivers: readonly string[]
  /** Whether the routes behind this one are tried as well, for an alert that matches. */
  readonly continue: boolean
}

/** Regular notifications which prove that notifications still arrive. */
export interface Watchdog {
  readonly everyMs: number
  readonly receivers: readonly string[]
}

export interface NotificationRoutes {
  /** Routes in the order in which they are tried. */
  readonly routes: readonly Route[]
  readonly watchdog?: Watchdog
}

/** Group and timing of an alert's notifications. */
export interface Target extends Timing {
  readonly group: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly receivers: readonly string[]
}

/** Returns the groups of an alert by these routes; empty if none matches. */
export function targetsOf({ routes }: NotificationRoutes, alert: AlertFacts): readonly Target[] {
  const targets: Target[] = []
  for (const route of routes) {
    if (route.match && !matchesAlert(route.match, alert)) continue
    targets.push(targetOf(route, alert))
    if (!route.continue) break
  }
  return targets
}

/** The names of receivers that routes use, and that are not among these: sorted, each once. */
export function undefinedReceivers(
  { routes, watchdog }: NotificationRoutes,
  names: readonly string[],
): readonly string[] {
  const used = [...routes.flatMap(({ receivers }) => receivers), ...(watchdog?.receivers ?? [])]
  return [...new Set(used)].filter(name => !names.includes(name)).sort()
}

function targetOf(
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

/** `default/sns{rule="HIGH_TEMP"}`. Receivers are part of it: after a change of them, a new group begins. */
function groupName(route: string, labels: readonly (readonly [string, string])[]): string {
  const pairs = labels.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')
  return attributeText(`${route}{${pairs}}`)
}
