/**
 * Holds rule files against their schema, `schemas/files/rules.v1.json`, and says in words what is wrong. The schema knows shapes;
 * `read-rule.ts` knows what does not go together.
 */
import type { SchemaViolation } from '../../schemas/compiled.js'
import validators from '../../schemas/compiled-rules.js'
import { type FilePath, MOST_ERRORS, pathOf, valueAt } from '../file-errors.ts'
import { patternMessage } from './patterns/pattern-schema.ts'
import { SEVERITIES } from './rule.ts'

/** What is wrong at a place of a file. */
export interface Violation {
  readonly path: FilePath
  readonly message: string
  /** The key that is unknown or missing is the last of the path. */
  readonly isUnknownKey: boolean
}

/** In the order of the documentation and of messages. */
export const RULE_KEYS = [
  'name',
  'family',
  'metric',
  'match',
  'unit',
  'fireAbove',
  'clearBelow',
  'fireBelow',
  'clearAbove',
  'fireOutside',
  'clearInside',
  'fireEquals',
  'changeOver',
  'deviationOver',
  'pattern',
  'for',
  'keepFiringFor',
  'staleAfter',
  'onSilence',
  'severity',
  'labels',
  'summary',
  'paused',
] as const
export type RuleKey = (typeof RULE_KEYS)[number]

const FIRE_KEYS = 'fireAbove, fireBelow, fireOutside and fireEquals'
const DURATION = 'a duration such as 90s, 5m or 1h30m, or 0'
const NUMBER = 'a number without quotes'
const TEXTS = 'a text in quotes, or a list of such texts'

const EXPECTED: Readonly<Record<RuleKey, string>> = {
  name: 'a letter, then letters, digits, _ and -',
  family: 'one of environment, database, device',
  metric: 'a metric of the family',
  match: `a mapping such as { site: oslo }, with site, databaseType, model, tenant, entity or tags`,
  unit: 'a unit such as °F',
  fireAbove: NUMBER,
  clearBelow: NUMBER,
  fireBelow: NUMBER,
  clearAbove: NUMBER,
  fireOutside: 'two numbers, [least, most]',
  clearInside: 'two numbers, [least, most]',
  fireEquals: TEXTS,
  changeOver: DURATION,
  deviationOver: DURATION,
  pattern: 'a mapping with count or sequence',
  for: DURATION,
  keepFiringFor: DURATION,
  staleAfter: DURATION,
  onSilence: 'one of keep, ok, alert, no-data',
  severity: `one of ${SEVERITIES.join(', ')}`,
  labels: 'a mapping of label to text',
  summary: 'text',
  paused: 'true or false',
}

/** The places that violate the schema, with one message for each: all of them, unless `isCut`. */
interface Violations {
  readonly violations: readonly Violation[]
  readonly isCut: boolean
}

export function violationsIn(content: unknown): Violations {
  const validate = validators['io.sluice.rules.v1']
  if (validate === undefined) throw new Error('schemas/compiled-rules.js has no io.sluice.rules.v1')
  if (validate(content)) return { violations: [], isCut: false }
  const found = new Map<string, Violation>()
  const reported = (validate.errors ?? []).filter(isReported)
  for (const one of reported.slice(0, MOST_ERRORS)) {
    // What is no mapping is told as such, and lacks no key.
    if (one.keyword === 'oneOf' && typeof valueAt(pathOf(one.instancePath, content), content) !== 'object')
      continue
    const violation = described(one, content)
    const place = JSON.stringify(violation.path)
    // The first says most, except that a list of allowed values says more than a type.
    if (!found.has(place) || one.keyword === 'enum') found.set(place, violation)
  }
  return { violations: [...found.values()], isCut: reported.length > MOST_ERRORS }
}

/** Branches are reported together, where they branch. */
function isReported({ keyword, schemaPath }: SchemaViolation): boolean {
  return keyword !== 'if' && !/\/(anyOf|oneOf|propertyNames)\//.test(schemaPath)
}

function described({ instancePath, keyword, params }: SchemaViolation, content: unknown): Violation {
  const at = pathOf(instancePath, content)
  const isUnknownKey = keyword === 'additionalProperties'
  const named = params.additionalProperty ?? params.missingProperty
  const place = keyword === 'dependentRequired' ? params.property : named
  const path = place === undefined ? at : [...at, String(place)]
  const value = valueAt(path, content)
  return { path, isUnknownKey, ...messageOf(keyword, params, path, value) }
}

function messageOf(
  keyword: string,
  params: SchemaViolation['params'],
  path: FilePath,
  value: unknown,
): { message: string; path?: FilePath } {
  if (path.length < 2) return { message: ofDocument(keyword, path) }
  if (path.length === 2) {
    if (keyword !== 'oneOf') return { message: 'must be a mapping of keys to values' }
    return { message: `give exactly one of ${FIRE_KEYS}`, path: [...path, 'fireAbove'] }
  }
  const key = path[2] as RuleKey
  if (keyword === 'false schema')
    return { message: 'does not go with pattern, whose own keys say which events and times' }
  if (key === 'pattern')
    return { message: patternMessage(keyword, params, path.slice(2), shownIfThere(value)) }
  switch (keyword) {
    case 'additionalProperties':
      return path.length === 3
        ? { message: `unknown key; a rule has ${RULE_KEYS.join(', ')}` }
        : { message: `unknown key; ${key} has site, databaseType, model, tenant, entity, tags` }
    case 'required':
      return { message: `is missing: must be ${EXPECTED[key]}` }
    case 'dependentRequired':
      return { message: dependent(key, String(params.missingProperty)) }
    case 'enum':
      return { message: `must be one of ${[params.allowedValues].flat().join(', ')}${butIs(value)}` }
    case 'propertyNames':
      return {
        message: `label ${shown(params.propertyName)} must start with a letter and have only letters, digits and _`,
      }
  }
  if (key === 'labels' && path.length > 3) return { message: `must be text: put ${shown(value)} in quotes` }
  return { message: `must be ${path.length > 3 && key === 'match' ? TEXTS : EXPECTED[key]}${butIs(value)}` }
}

function ofDocument(keyword: string, path: FilePath): string {
  if (path.length === 0) return 'must be a mapping with the one key `rules`'
  if (keyword === 'additionalProperties') return 'unknown key: everything goes under `rules`'
  return 'must be a list; for no rules, write `rules: []`'
}

/** Keys that need another threshold; others that need a key need `staleAfter`. */
const CLEARS: ReadonlySet<string> = new Set(['clearBelow', 'clearAbove', 'clearInside'])

function dependent(key: string, missing: string): string {
  return CLEARS.has(key)
    ? `goes with ${missing}, which the rule does not have`
    : `needs ${missing}, which says how long a silence must last`
}

/** Names the value that was found; empty for a missing key. */
function butIs(raw: unknown): string {
  return raw === undefined ? '' : `, not ${shown(raw)}`
}

function shownIfThere(raw: unknown): string | undefined {
  return raw === undefined ? undefined : shown(raw)
}

function shown(raw: unknown): string {
  if (Array.isArray(raw)) return 'a list'
  if (typeof raw === 'object' && raw !== null) return 'a mapping'
  return typeof raw === 'string' ? JSON.stringify(raw) : String(raw)
}
