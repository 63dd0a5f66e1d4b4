/**
 * Validates rule files against `config/schemas/rules.v1.json`, and describes the errors. The schema checks the structure of rules.
 * `read-rule.ts` reports keys that contradict each other.
 */

import type { SchemaViolation } from '../schemas/compiled.js'
import validators from '../schemas/compiled-rules.js'
import { type FilePath, MAX_ERRORS, parseJsonPointer, valueAt } from '../support/file-errors.ts'
import { isObject } from '../support/json.ts'
import { unknownKey } from '../support/suggestion.ts'
import { TEXTS } from './kinds/keys.ts'
import { patternMessage } from './patterns/pattern-schema.ts'
import { FIRE_KEYS, RULE_KEYS } from './rule-keys.ts'

export interface Violation {
  readonly path: FilePath
  readonly message: string
  /** True if `path` ends with an unknown or missing key; false if it is the path of an existing value. */
  readonly isUnknownKey: boolean
}

/** Schema violations, at most one per path. If `isCut` is true, there are more violations than listed. */
interface Violations {
  readonly violations: readonly Violation[]
  readonly isCut: boolean
}

export function violationsIn(content: unknown): Violations {
  const validate = validators['io.sluice.rules.v1']
  if (validate === undefined) throw new Error('lib/schemas/compiled-rules.js has no io.sluice.rules.v1')
  if (validate(content)) return { violations: [], isCut: false }
  const found = new Map<string, Violation>()
  const reported = (validate.errors ?? []).filter(isReported)
  for (const one of reported.slice(0, MAX_ERRORS)) {
    // A value that is not a mapping is reported as such. Its missing keys are not reported.
    if (
      one.keyword === 'oneOf' &&
      typeof valueAt(parseJsonPointer(one.instancePath, content), content) !== 'object'
    )
      continue
    const violation = describeViolation(one, content)
    const place = JSON.stringify(violation.path)
    // The first violation of a path is the most specific, with one exception: a list of allowed values is more specific than a
    // type.
    if (!found.has(place) || one.keyword === 'enum') found.set(place, violation)
  }
  return { violations: [...found.values()], isCut: reported.length > MAX_ERRORS }
}

/**
 * Returns whether a violation is reported. Violations within alternatives are not reported, because each set of alternatives has a
 * violation of its own.
 */
function isReported({ keyword, schemaPath }: SchemaViolation): boolean {
  return keyword !== 'if' && !/\/(anyOf|oneOf|propertyNames)\//.test(schemaPath)
}

function describeViolation({ instancePath, keyword, params }: SchemaViolation, content: unknown): Violation {
  const at = parseJsonPointer(instancePath, content)
  const isUnknownKey = keyword === 'additionalProperties'
  const named = params.additionalProperty ?? params.missingProperty
  const place = keyword === 'dependentRequired' ? params.property : named
  const path = place === undefined ? at : [...at, String(place)]
  return { path, isUnknownKey, ...buildMessage(keyword, params, path, content) }
}

function buildMessage(
  keyword: string,
  params: SchemaViolation['params'],
  path: FilePath,
  content: unknown,
): { message: string; path?: FilePath } {
  const value = valueAt(path, content)
  if (path.length < 2) return { message: describeDocumentError(keyword, path) }
  if (path.length === 2) {
    const [first = ''] = FIRE_KEYS
    if (keyword !== 'oneOf') return { message: 'must be a mapping of keys to values' }
    return {
      message: `give exactly one of ${FIRE_KEYS.slice(0, -1).join(', ')} and ${FIRE_KEYS.at(-1)}`,
      path: [...path, first],
    }
  }
  const key = String(path[2])
  const { expected, parts } = RULE_KEYS[key] ?? {}
  const wanted = parts?.[String(path[3])] ?? (key === 'match' && path.length > 3 ? TEXTS.expected : expected)
  if (keyword === 'false schema') return { message: describeMisplacedKey(valueAt(path.slice(0, 2), content)) }
  if (key === 'pattern')
    return { message: patternMessage(keyword, params, path.slice(2), formatIfPresent(value)) }
  switch (keyword) {
    case 'additionalProperties':
      return {
        message: unknownKey(
          String(path.at(-1)),
          path.length === 3
            ? `a rule has ${Object.keys(RULE_KEYS).join(', ')}`
            : `${key} has ${Object.keys(parts ?? {}).join(', ')}`,
        ),
      }
    case 'required':
      return { message: `is missing: must be ${wanted}` }
    case 'dependentRequired':
      return { message: describeMissingKey(String(params.missingProperty)) }
    case 'enum':
      return { message: `must be one of ${[params.allowedValues].flat().join(', ')}${formatFound(value)}` }
    case 'propertyNames':
      return {
        message: `label ${formatValue(params.propertyName)} must start with a letter and have only letters, digits and _`,
      }
  }
  if (key === 'labels' && path.length > 3)
    return { message: `must be text: put ${formatValue(value)} in quotes` }
  return {
    message: `must be ${wanted}${formatFound(value)}`,
  }
}

function describeDocumentError(keyword: string, path: FilePath): string {
  if (path.length === 0) return 'must be a mapping with the one key `rules`'
  if (keyword === 'additionalProperties') return 'unknown key: everything goes under `rules`'
  return 'must be a list; for no rules, write `rules: []`'
}

/** Describes a key that does not go with the other keys of the rule. */
function describeMisplacedKey(rule: unknown): string {
  return isObject(rule) && Object.hasOwn(rule, 'pattern')
    ? 'does not go with pattern, whose own keys say which events and times'
    : 'does not go with table and column, which are watched instead of readings and are numbers without a unit'
}

/** Describes a missing key. */
function describeMissingKey(missing: string): string {
  return missing === 'staleAfter'
    ? `needs ${missing}, the duration of a silence`
    : `requires ${missing}, which the rule does not have`
}

/** Returns the part of a message that shows the invalid value; empty for a missing key. */
function formatFound(raw: unknown): string {
  return raw === undefined ? '' : `, not ${formatValue(raw)}`
}

function formatIfPresent(raw: unknown): string | undefined {
  return raw === undefined ? undefined : formatValue(raw)
}

function formatValue(raw: unknown): string {
  if (Array.isArray(raw)) return 'a list'
  if (typeof raw === 'object' && raw !== null) return 'a mapping'
  return typeof raw === 'string' ? JSON.stringify(raw) : String(raw)
}
