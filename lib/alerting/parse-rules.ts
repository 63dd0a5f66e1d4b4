/**
 * Reads alert rules from parsed YAML and checks them strictly: a typing error must not become a rule that silently never
 * fires. All errors of all rules are reported at once.
 */
import { FAMILIES, type FamilyName } from '../telemetry/families.ts'
import { type Check, duration, finite, labelSet, matching, oneOf, summary } from './checks.ts'
import { identityOf, isBeyond, type Rule, SEVERITIES } from './rule.ts'
import { DEFAULT_SUMMARY } from './summary.ts'

/** The content of one file. `where` names the file in messages. */
export interface RuleDocument {
  readonly where: string
  readonly content: unknown
}

/** Line and column, counted from 1 as in editors. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface RuleError {
  readonly where: string
  /** The rule's name, or its number in the list if it has no name. */
  readonly rule?: string
  readonly key?: string
  /** What is wrong, and what to do. */
  readonly message: string
  /** Keys and list indexes that lead to the value, outermost first. Empty for the document as a whole. */
  readonly path: readonly (string | number)[]
  /** Where the parser stopped. Only for text that is not valid YAML, which has no paths. */
  readonly position?: Position
}

interface ParsedRules {
  /** Empty if there is any error: half a rule set must never take effect. */
  readonly rules: readonly Rule[]
  readonly errors: readonly RuleError[]
}

export const RULE_KEYS = [
  'name',
  'family',
  'metric',
  'fireAbove',
  'fireBelow',
  'clearBelow',
  'clearAbove',
  'for',
  'keepFiringFor',
  'staleAfter',
  'severity',
  'labels',
  'summary',
] as const
type RuleKey = (typeof RULE_KEYS)[number]

type Row = Readonly<Record<string, unknown>>
type Report = (key: string | undefined, message: string) => void
/** A rule while it is being read. A value with an error is undefined. */
type Draft = { readonly [Key in keyof Rule]: Rule[Key] | undefined }

/** Reads all documents together, because rules must be unique across files. */
export function parseRules(documents: readonly RuleDocument[]): ParsedRules {
  const errors: RuleError[] = []
  const rules: Rule[] = []
  const whereByIdentity = new Map<string, string>()
  for (const { where, content } of documents) {
    const rows = rowsOf(content, (key, message) => {
      errors.push({
        where,
        ...(key === undefined ? {} : { key }),
        message,
        path: key === undefined ? [] : [key],
      })
    })
    for (const [index, row] of rows.entries()) {
      const rule = nameOf(row) ?? `rule ${index + 1}`
      const report: Report = (key, message) => {
        const path = ['rules', index, ...(key === undefined ? [] : [key])]
        errors.push({ where, rule, ...(key === undefined ? {} : { key }), message, path })
      }
      const draft = readRule(row, report)
      if (draft === undefined) continue
      reportRepeated(draft, where, whereByIdentity, report)
      if (isComplete(draft)) rules.push(draft)
    }
  }
  return { rules: errors.length === 0 ? rules : [], errors }
}

/** Runs for rules with other errors too, so that all errors are reported at once. */
function reportRepeated(
  { name, labels }: Draft,
  where: string,
  whereByIdentity: Map<string, string>,
  report: Report,
): void {
  if (name === undefined || labels === undefined) return
  const identity = identityOf({ name, labels })
  const earlier = whereByIdentity.get(identity)
  if (earlier === undefined) whereByIdentity.set(identity, where)
  else report('name', `${identity} is already in ${earlier}: rename one, or give them different labels`)
}

function rowsOf(content: unknown, report: Report): readonly unknown[] {
  if (!isRow(content)) {
    report(undefined, 'must be a mapping with the one key `rules`')
    return []
  }
  for (const key of Object.keys(content)) {
    if (key !== 'rules') report(key, 'unknown key: everything goes under `rules`')
  }
  if (Array.isArray(content.rules)) return content.rules
  report('rules', 'must be a list; for no rules, write `rules: []`')
  return []
}

function readRule(row: unknown, report: Report): Draft | undefined {
  if (!isRow(row)) {
    report(undefined, 'must be a mapping of keys to values')
    return undefined
  }
  for (const key of Object.keys(row)) {
    if (!isRuleKey(key)) report(key, `unknown key; a rule has ${RULE_KEYS.join(', ')}`)
  }
  const read = reader(row, report)
  const family = read('family', oneOf(Object.keys(FAMILIES) as FamilyName[]))
  const thresholds = readThresholds(row, read, report)
  return {
    name: read('name', matching(/^[A-Za-z][\w-]*$/, 'a letter, then letters, digits, _ and -')),
    family,
    metric: read('metric', metricOf(family)),
    ...thresholds,
    forMs: read('for', duration, 0),
    keepFiringForMs: read('keepFiringFor', duration, 0),
    staleAfterMs: read('staleAfter', duration, 0),
    severity: read('severity', oneOf(SEVERITIES)),
    labels: read('labels', labelSet, {}),
    summary: read('summary', summary, DEFAULT_SUMMARY[thresholds.beyond ?? 'above']),
  }
}

type Read = <Value>(key: RuleKey, check: Check<Value>, otherwise?: Value) => Value | undefined

/** Returns a function that reads and checks one key. A key without a default (`otherwise`) is required. */
function reader(row: Row, report: Report): Read {
  return (key, check, otherwise) => {
    const missing = !Object.hasOwn(row, key)
    if (missing && otherwise !== undefined) return otherwise
    const checked = check(row[key])
    if ('error' in checked) report(key, missing ? `is missing: ${checked.error}` : checked.error)
    return 'error' in checked ? undefined : checked.value
  }
}

function metricOf(family: FamilyName | undefined): Check<string> {
  const families = family === undefined ? Object.values(FAMILIES) : [FAMILIES[family]]
  return oneOf(families.flatMap(({ metrics }) => Object.keys(metrics)))
}

const SIDES = {
  above: { fire: 'fireAbove', clear: 'clearBelow', unfit: 'clearAbove', noFurther: 'at most' },
  below: { fire: 'fireBelow', clear: 'clearAbove', unfit: 'clearBelow', noFurther: 'at least' },
} as const

type DraftThresholds = Pick<Draft, 'beyond' | 'fireThreshold' | 'clearThreshold'>

function readThresholds(row: Row, read: Read, report: Report): DraftThresholds {
  const above = Object.hasOwn(row, 'fireAbove')
  if (above === Object.hasOwn(row, 'fireBelow')) {
    report('fireAbove', 'give exactly one of fireAbove and fireBelow')
    return { beyond: undefined, fireThreshold: undefined, clearThreshold: undefined }
  }
  const beyond = above ? 'above' : 'below'
  const side = SIDES[beyond]
  const fireThreshold = read(side.fire, finite)
  const clearThreshold = Object.hasOwn(row, side.clear) ? read(side.clear, finite) : fireThreshold
  if (Object.hasOwn(row, side.unfit)) report(side.unfit, `does not go with ${side.fire}: use ${side.clear}`)
  const known = fireThreshold !== undefined && clearThreshold !== undefined
  if (known && isBeyond(beyond, clearThreshold, fireThreshold)) {
    report(
      side.clear,
      `must be ${side.noFurther} ${side.fire}, ${fireThreshold}, or an alert would clear as soon as it fires`,
    )
  }
  return { beyond, fireThreshold, clearThreshold }
}

function isComplete(draft: Draft): draft is Rule {
  return Object.values(draft).every(value => value !== undefined)
}

function isRuleKey(key: string): key is RuleKey {
  return (RULE_KEYS as readonly string[]).includes(key)
}

function nameOf(row: unknown): string | undefined {
  return isRow(row) && typeof row.name === 'string' && row.name !== '' ? row.name : undefined
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
