/** Keys of rules and their values, as JSON Schema and in words. */

/** Key of a rule or of a mapping in it. */
interface RuleKey extends KeyValues {
  /** Markdown, for the table in `config/rules/README.md` and, without its marks, for the schema. */
  readonly about: string
  /** Column of that table: `yes`, or `no` with the default. */
  readonly required?: string
  readonly example?: string
  /** Key without which this one has no effect. */
  readonly needs?: string
  /** Description of the key in the condition of a pattern; absent where patterns do not take it. */
  readonly inPatterns?: string
}

export interface KeyValues {
  /** JSON Schema. */
  readonly schema: Readonly<Record<string, unknown>>
  /** Completes "must be …". */
  readonly expected: string
  /** Completes "must be …" for each key of a mapping whose keys are known. */
  readonly parts?: Readonly<Record<string, string>>
}

export const NUMBER: KeyValues = { schema: { type: 'number' }, expected: 'a number without quotes' }
export const BAND: KeyValues = { schema: { $ref: '#/$defs/band' }, expected: 'two numbers, [least, most]' }
export const TEXTS: KeyValues = {
  schema: { $ref: '#/$defs/texts' },
  expected: 'a text in quotes, or a list of such texts',
}
export const DURATION: KeyValues = {
  schema: { $ref: '#/$defs/duration' },
  expected: 'a duration such as 90s, 5m or 1h30m, or 0',
}

/** Keys in the order of documentation and messages. */
export type Keys = Readonly<Record<string, RuleKey>>
