/**
 * Generates parts of `config/schemas/rules.v1.json` from the keys of rules. It does not list families and metrics, because every project has its own. The definitions of lists,
 * durations and patterns are edited directly in that file. `npm run schemas` updates it. Pure.
 */
import type { Keys } from './kinds/keys.ts'
import { PATTERN_PLACEHOLDERS } from './patterns/pattern-summary.ts'
import {
  CONDITION_KEYS,
  FIRE_KEYS,
  FIRE_KEYS_IN_PATTERNS,
  KEYS_OF_READINGS,
  KEYS_WITH_PATTERN,
  RULE_KEYS,
} from './rule-keys.ts'
import { EVERY_PLACEHOLDER } from './summary.ts'

type Schema = Readonly<Record<string, unknown>>

interface RuleFileSchema {
  readonly $defs: Readonly<Record<'patternEvent' | 'patternStep', ObjectSchema>>
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, Schema>>
  readonly dependentRequired: Readonly<Record<string, readonly string[]>>
}

/** Keys that are valid only in rules over values. */
const FOR_VALUES = Object.keys(RULE_KEYS).filter(key => !KEYS_WITH_PATTERN.includes(key))

/** Schema of a key that a rule must not have. */
const NOT_HERE = {
  not: {},
  description:
    'A rule with pattern has its events and times in the pattern. A rule with table and column watches numbers without a unit instead of readings.',
}

/** Returns the schema with its generated parts updated. */
export function ruleFileSchema<Whole extends RuleFileSchema>(schema: Whole): Whole {
  const { patternEvent, patternStep } = schema.$defs
  const keySchemas = Object.entries(RULE_KEYS).map(([key, { schema: own, about }]) => {
    return [key, { ...own, description: key === 'summary' ? describeSummary() : plain(about) }] as const
  })
  const rule = {
    type: 'object',
    required: ['name', 'severity'],
    if: { required: ['pattern'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: forEach(FOR_VALUES, () => NOT_HERE) },
    else: {
      if: { anyOf: [{ required: ['table'] }, { required: ['column'] }] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: forEach(KEYS_OF_READINGS, () => NOT_HERE) },
      else: { required: ['family', 'metric'] },
      oneOf: FIRE_KEYS.map(key => ({ required: [key] })),
    },
    dependentRequired: collectNeeds(RULE_KEYS),
    additionalProperties: false,
    properties: Object.fromEntries(keySchemas),
  }
  const conditionSchemas = forEach(FIRE_KEYS_IN_PATTERNS, key => {
    const { schema: own, inPatterns: description } = CONDITION_KEYS[key] as Keys[string]
    return { ...own, description }
  })
  const conditionReferences = forEach(FIRE_KEYS_IN_PATTERNS, key => ({
    $ref: `#/$defs/patternEvent/properties/${key}`,
  }))
  return {
    ...schema,
    $defs: {
      ...schema.$defs,
      rule,
      patternEvent: withConditions(patternEvent, conditionSchemas),
      patternStep: withConditions(patternStep, conditionReferences),
    },
  }
}

function collectNeeds(keys: Keys): Readonly<Record<string, readonly string[]>> {
  const needing = Object.entries(keys).flatMap(([key, { needs }]) => (needs ? [[key, [needs]] as const] : []))
  return Object.fromEntries(needing)
}

/** Inserts the keys of conditions after `unit`. These keys require a metric. */
function withConditions(
  objectSchema: ObjectSchema,
  conditions: Readonly<Record<string, Schema>>,
): ObjectSchema {
  const { dependentRequired, properties } = objectSchema
  const isOther = (key: string) => key === 'unit' || dependentRequired[key]?.[0] !== 'metric'
  const behindUnit = <Value>(all: Readonly<Record<string, Value>>, own: Readonly<Record<string, Value>>) => {
    const others = Object.entries(all).filter(([key]) => isOther(key))
    const at = others.findIndex(([key]) => key === 'unit') + 1
    return Object.fromEntries([...others.slice(0, at), ...Object.entries(own), ...others.slice(at)])
  }
  const needs = forEach(Object.keys(conditions), () => ['metric'])
  return {
    ...objectSchema,
    dependentRequired: behindUnit(dependentRequired, needs),
    properties: behindUnit(properties, conditions),
  }
}

function describeSummary(): string {
  const formatPlaceholders = (names: readonly string[]) =>
    `${names.map(name => `{{${name}}}`).join(', ')} and {{labels.NAME}}`
  return `Summary of the alert in one line, with ${formatPlaceholders(EVERY_PLACEHOLDER)}; with pattern: ${formatPlaceholders(PATTERN_PLACEHOLDERS)}.`
}

/** Converts Markdown to plain text. */
function plain(text: string): string {
  return text.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replaceAll('`', '')
}

function forEach<Value>(keys: readonly string[], make: (key: string) => Value): Record<string, Value> {
  return Object.fromEntries(keys.map(key => [key, make(key)]))
}
