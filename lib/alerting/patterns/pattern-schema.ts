/**
 * Error messages for patterns that violate the schema. `read-pattern.ts` reports combinations of valid keys that contradict each
 * other.
 */

import type { SchemaViolation } from '../../schemas/compiled.js'
import { unknownKey } from '../../support/suggestion.ts'
import { TEXTS } from '../kinds/keys.ts'
import { FIRE_KEYS_IN_PATTERNS, RULE_KEYS } from '../rule-keys.ts'
import { EVENT_NAMES } from './event-names.ts'

type Path = readonly (string | number)[]

const DURATION = 'a duration such as 90s, 5m or 1h30m'
const EVENT = 'an event such as { event: instance.restarted } or { family: FAMILY }'

/** Keys that are valid both for the events of a pattern and for rules over values. */
const SHARED = ['family', 'metric', 'unit', ...FIRE_KEYS_IN_PATTERNS, 'match']

const EXPECTED: Readonly<Record<string, string | undefined>> = {
  ...Object.fromEntries(SHARED.map(key => [key, RULE_KEYS[key]?.expected])),
  count: 'a whole number from 2 to 500',
  of: EVENT,
  within: DURATION,
  sequence: 'a list of 2 to 8 steps',
  per: 'entity, a dimension of the families such as tenant, or a tag such as tags.floor',
  event: `one of ${EVENT_NAMES.join(', ')}`,
  where: 'a mapping of fields to texts, such as { to: falling }',
}

const OF_EVENTS = [...SHARED.filter(key => key !== 'match'), 'event', 'where', 'match'].join(', ')

/**
 * Returns the error message for a schema violation.
 *
 * @param path path of the value, or of the unknown or missing key, starting with `pattern`
 * @param found description of the invalid value; undefined if the value is missing
 */
export function patternMessage(
  keyword: string,
  params: SchemaViolation['params'],
  path: Path,
  found: string | undefined,
): string {
  const key = [...path].reverse().find(part => typeof part === 'string') as string
  const expected = EXPECTED[key] ?? TEXTS.expected
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(key, describeKnownKeys(path))
    case 'required':
      return `is missing: must be ${expected}`
    case 'dependentRequired':
      return `needs ${params.missingProperty} as well`
    case 'oneOf':
      return describeAlternatives(path)
    case 'enum':
      return `must be one of ${[params.allowedValues].flat().join(', ')}${formatFound(found)}`
  }
  if (keyword === 'minItems' || keyword === 'maxItems') return `must be ${expected}`
  if (isStep(path)) return `must be ${EVENT}`
  return `must be ${key === 'pattern' ? 'a mapping with count or sequence' : expected}${formatFound(found)}`
}

function describeKnownKeys(path: Path): string {
  const above = path.slice(0, -1)
  if (above.length === 1) return 'a pattern has count, of, within, sequence, per'
  return `it has ${OF_EVENTS}${isStep(above) ? ', within' : ''}`
}

function describeAlternatives(path: Path): string {
  if (path.length === 1) return 'give either count, with of and within, or sequence'
  return 'give either family or event'
}

/** Returns whether the path points to a step, such as `pattern.sequence.0`. */
function isStep(path: Path): boolean {
  return path.length === 3 && path[1] === 'sequence'
}

function formatFound(found: string | undefined): string {
  return found === undefined ? '' : `, not ${found}`
}
