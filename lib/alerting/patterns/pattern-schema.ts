/** Says in words what is wrong with the shape of a pattern. What does not go together is found by `read-pattern.ts`. */

import type { SchemaViolation } from '../../../schemas/compiled.js'
import { unknownKey } from '../../similar.ts'
import { EVENT_NAMES } from './events.ts'

type Path = readonly (string | number)[]

const DURATION = 'a duration such as 90s, 5m or 1h30m'
const NUMBER = 'a number without quotes'
const TEXTS = 'a text in quotes, or a list of such texts'
const EVENT = 'an event such as { event: instance.restarted } or { family: environment }'

const EXPECTED: Readonly<Record<string, string>> = {
  count: 'a whole number from 2 to 500',
  of: EVENT,
  within: DURATION,
  sequence: 'a list of 2 to 8 steps',
  per: 'entity, site, databaseType, model, tenant, or a tag such as tags.floor',
  until: EVENT,
  absence: EVENT,
  family: 'one of environment, database, device',
  metric: 'a metric of the family',
  event: `one of ${EVENT_NAMES.join(', ')}`,
  where: 'a mapping of fields to texts, such as { to: falling }',
  match: 'a mapping such as { site: oslo }, with site, databaseType, model, tenant, entity or tags',
  unit: 'a unit such as °F',
  fireAbove: NUMBER,
  fireBelow: NUMBER,
  fireOutside: 'two numbers, [least, most]',
  fireEquals: TEXTS,
}

const OF_EVENTS = 'family, metric, unit, fireAbove, fireBelow, fireOutside, fireEquals, event, where, match'

/**
 * @param path of the value, or of the key that is unknown or missing, from `pattern` on
 * @param found the value in words; undefined if it is missing
 */
export function patternMessage(
  keyword: string,
  params: SchemaViolation['params'],
  path: Path,
  found: string | undefined,
): string {
  const key = [...path].reverse().find(part => typeof part === 'string') as string
  const expected = EXPECTED[key] ?? TEXTS
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(key, knownKeys(path))
    case 'required':
      return `is missing: must be ${expected}`
    case 'dependentRequired':
      return `needs ${params.missingProperty} beside it`
    case 'oneOf':
      return oneOf(path)
    case 'enum':
      return `must be one of ${[params.allowedValues].flat().join(', ')}${butIs(found)}`
  }
  if (keyword === 'minItems' || keyword === 'maxItems') return `must be ${expected}`
  if (isStep(path)) return `must be ${EVENT}, or an absence`
  return `must be ${key === 'pattern' ? 'a mapping with count or sequence' : expected}${butIs(found)}`
}

function knownKeys(path: Path): string {
  const above = path.slice(0, -1)
  if (above.length === 1) return 'a pattern has count, of, within, sequence, per, until'
  if (above.at(-1) === 'match') return 'match has site, databaseType, model, tenant, entity, tags'
  return `it has ${OF_EVENTS}${isStep(above) ? ', absence, within' : ''}`
}

function oneOf(path: Path): string {
  if (path.length === 1) return 'give either count, with of and within, or sequence'
  return isStep(path) ? 'give exactly one of family, event and absence' : 'give either family or event'
}

/** `pattern.sequence.0` */
function isStep(path: Path): boolean {
  return path.length === 3 && path[1] === 'sequence'
}

function butIs(found: string | undefined): string {
  return found === undefined ? '' : `, not ${found}`
}
