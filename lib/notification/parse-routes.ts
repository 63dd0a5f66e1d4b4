/**
 * Reads and strictly validates `config/notifications/routes.yaml`. A misspelled key must be an error, because alerts would
 * otherwise have no receivers. All errors are reported at once. Pure.
 */
import { SEVERITIES } from '../alerting/rule.ts'
import { parseDuration } from '../support/duration.ts'
import {
  byPosition,
  type FilePath,
  InvalidFile,
  type LocatedError,
  type PathError,
} from '../support/file-errors.ts'
import { matchesText } from '../support/text-match.ts'
import { yamlDocument } from '../support/yaml-document.ts'
import { positionsIn } from '../support/yaml-positions.ts'
import type { AlertMatch } from './alert-match.ts'
import type { GroupKey, NotificationRoutes, Route } from './route.ts'
import { schemaErrors } from './routes-schema.ts'

/**
 * Reads the notification routes.
 *
 * @param file name of the file in error messages
 * @throws InvalidFile with all errors; for text that is not valid YAML, with the first syntax error only
 */
export function readRoutes(text: string, file: string): NotificationRoutes {
  const yaml = yamlDocument(text)
  if ('message' in yaml) throw invalidRoutes([{ file, ...yaml }])
  const { content } = yaml
  const errors = [...schemaErrors(content)]
  if (errors.length === 0) errors.push(...findContradictions(content as RawRoutes))
  if (errors.length > 0) throw invalidRoutes(locateErrors(errors, content, text, file))
  return { routes: (content as RawRoutes).routes.map(toRoute) }
}

function invalidRoutes(errors: readonly LocatedError[]): InvalidFile {
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
  return new InvalidFile(`the notification routes have ${count}:`, errors)
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
function findContradictions({ routes }: RawRoutes): PathError[] {
  const errors: PathError[] = []
  const report = (path: FilePath, message: string) => errors.push({ path, message })
  const names = new Set<string>()
  let takesAll: string | undefined
  for (const [index, raw] of routes.entries()) {
    const { name, groupIntervalMs, repeatIntervalMs, match, continue: goesOn } = toRoute(raw)
    const at = ['routes', index] as const
    if (names.has(name)) report([...at, 'name'], `${name} is the name of an earlier route: rename one`)
    names.add(name)
    if (takesAll !== undefined)
      report(at, `is never reached: the earlier route ${takesAll} matches every alert and does not continue`)
    for (const [place, severity] of [raw.match?.severity ?? []].flat().entries())
      if (!isSeverity(severity)) {
        const below = typeof raw.match?.severity === 'string' ? [] : [place]
        report(
          [...at, 'match', 'severity', ...below],
          `unknown severity; the severities are ${SEVERITIES.join(', ')}`,
        )
      }
    if (groupIntervalMs === 0) report([...at, 'groupInterval'], 'must be longer than 0')
    if (repeatIntervalMs < groupIntervalMs)
      report([...at, 'repeatInterval'], 'must not be shorter than groupInterval')
    if (match === undefined && !goesOn) takesAll ??= name
  }
  if (takesAll === undefined)
    report(
      ['routes'],
      'the last route must have neither match nor continue: it receives the alerts that no other route matches',
    )
  return errors
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
    groupWaitMs: parseDuration(raw.groupWait ?? '30s') ?? 0,
    groupIntervalMs: parseDuration(raw.groupInterval ?? '5m') ?? 0,
    repeatIntervalMs: parseDuration(raw.repeatInterval ?? '4h') ?? 0,
    receivers,
    continue: raw.continue ?? false,
  }
}

function toMatch({ labels, ...texts }: NonNullable<RawRoute['match']>): AlertMatch {
  return { ...toLists(texts), ...(labels && { labels: toLists(labels) }) }
}

function toLists(texts: Readonly<Record<string, Texts>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, [value].flat()]))
}

function locateErrors(
  errors: readonly PathError[],
  content: unknown,
  text: string,
  file: string,
): readonly LocatedError[] {
  const findPosition = positionsIn(text)
  return errors
    .map(({ path, message }) => {
      const part = routeName(path, content)
      const key = (part === undefined ? path : path.slice(2)).join('.')
      const named = { ...(part === undefined ? {} : { part }), ...(key === '' ? {} : { key }) }
      return { file, ...findPosition(path), ...named, message }
    })
    .sort(byPosition)
}

function routeName([list, index]: FilePath, content: unknown): string | undefined {
  if (list !== 'routes' || typeof index !== 'number') return undefined
  const name = (content as { routes: readonly { name?: unknown }[] }).routes[index]?.name
  return typeof name === 'string' && name !== '' ? name : `route ${index + 1}`
}
