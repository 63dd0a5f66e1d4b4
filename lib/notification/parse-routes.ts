/**
 * Reads and strictly validates `config/notifications/routes.yaml`. A misspelled key must be an error, because alerts would
 * otherwise have no receivers. All errors are reported at once. Pure.
 */
import routesTexts from '#schemas/notification-routes.v1.json' with { type: 'json' }
import { SEVERITIES } from '../alerting/rule.ts'
import validate from '../schemas/compiled-notification-routes.js'
import { parseDuration } from '../support/duration.ts'
import { type FindErrors, readValid, type Validated } from '../support/edited-file.ts'
import type { FilePath, PathError } from '../support/file-errors.ts'
import { describeUnknown } from '../support/suggestion.ts'
import { matchesText } from '../support/text-match.ts'
import type { AlertMatch } from './alert-match.ts'
import type { GroupKey, NotificationRoutes, Route } from './route.ts'

const SCHEMA = { validate, texts: [routesTexts] }

/**
 * Reads the notification routes.
 *
 * @param file name of the file in error messages
 * @param receivers names of all receivers; undefined if unknown
 * @throws InvalidFile with all errors
 */
export function readRoutes(text: string, file: string, receivers?: readonly string[]): NotificationRoutes {
  const { content } = readValid<RawRoutes>(
    SCHEMA,
    'the notification routes',
    { file, text },
    (found, isWrong) => [...findContradictions(found, isWrong), ...findUnknownReceivers(found, receivers)],
  )
  return { routes: content.routes.map(toRoute) }
}

type Texts = string | readonly string[]

interface RawRoute {
  readonly name: string
  readonly match?: Partial<Record<'rule' | 'severity' | 'source' | 'entity', Texts>> & {
    readonly labels?: Readonly<Record<string, Texts>>
  }
  readonly groupBy?: readonly GroupKey[]
  readonly groupWait?: unknown
  readonly groupInterval?: unknown
  readonly repeatInterval?: unknown
  readonly receivers: readonly string[]
  readonly continue?: boolean
}

interface RawRoutes {
  readonly routes: readonly RawRoute[]
}

/** Returns errors for contradictions that the schema cannot express. */
const findContradictions: FindErrors<RawRoutes> = ({ routes = [] }, isWrong) => {
  const errors: PathError[] = []
  const report = (path: FilePath, message: string) => errors.push({ path, message })
  const names = new Set<string>()
  let takesAll: string | undefined
  for (const [index, raw] of routes.entries()) {
    const { name = '', match, continue: goesOn } = raw
    const { groupIntervalMs, repeatIntervalMs } = toWaits(raw)
    const at = ['routes', index] as const
    if (names.has(name)) report([...at, 'name'], `${name} is the name of an earlier route: rename one`)
    if (name !== '') names.add(name)
    if (takesAll !== undefined)
      report(at, `is never reached: the earlier route ${takesAll} matches every alert and does not continue`)
    for (const [place, severity] of [match?.severity ?? []].flat().entries())
      if (!isSeverity(severity)) {
        const below = typeof match?.severity === 'string' ? [] : [place]
        report([...at, 'match', 'severity', ...below], describeUnknown('severity', severity, SEVERITIES))
      }
    if (groupIntervalMs === 0) report([...at, 'groupInterval'], 'must be longer than 0')
    if (repeatIntervalMs < groupIntervalMs)
      report([...at, 'repeatInterval'], 'must not be shorter than groupInterval')
    if (match === undefined && !goesOn && !isWrong(...at)) takesAll ??= name
  }
  if (takesAll === undefined)
    report(
      ['routes'],
      'the last route must have neither match nor continue: it receives the alerts that no other route matches',
    )
  return errors
}

function findUnknownReceivers({ routes = [] }: Validated<RawRoutes>, known?: readonly string[]): PathError[] {
  if (known === undefined) return []
  return routes.flatMap(({ receivers = [] }, index) =>
    receivers.flatMap((name, place) => {
      const path = ['routes', index, 'receivers', place]
      return known.includes(name) ? [] : [{ path, message: describeUnknown('receiver', name, known) }]
    }),
  )
}

/** Returns whether a text, in which `*` matches any characters, matches at least one severity. */
export function isSeverity(text: string): boolean {
  return SEVERITIES.some(severity => matchesText(text, severity))
}

function toRoute({ name, match, receivers, ...raw }: RawRoute): Route {
  return {
    name,
    ...(match && { match: toMatch(match) }),
    groupBy: raw.groupBy ?? ['rule'],
    ...toWaits(raw),
    receivers,
    continue: raw.continue ?? false,
  }
}

function toWaits(raw: Partial<Record<'groupWait' | 'groupInterval' | 'repeatInterval', unknown>>) {
  return {
    groupWaitMs: parseDuration(raw.groupWait ?? '30s') ?? 0,
    groupIntervalMs: parseDuration(raw.groupInterval ?? '5m') ?? 0,
    repeatIntervalMs: parseDuration(raw.repeatInterval ?? '4h') ?? 0,
  }
}

function toMatch({ labels, ...texts }: NonNullable<RawRoute['match']>): AlertMatch {
  return { ...toLists(texts), ...(labels && { labels: toLists(labels) }) }
}

function toLists(texts: Readonly<Record<string, Texts>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, [value].flat()]))
}
