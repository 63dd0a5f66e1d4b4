/** Descriptions of the keys of rules: JSON Schema and text. */

/** Key of a rule, or of a mapping within a rule. */
interface RuleKey extends KeyValues {
  /**
   * Description in Markdown. The table of keys in `config/rules/README.md` contains it unchanged, and the schema contains it as
   * plain text.
   */
  readonly about: string
  /** Text in the column "required" of the table of keys: `yes`, or `no` with the default value. */
  readonly required?: string
  readonly example?: string
  /** Name of another key that this key requires. */
  readonly needs?: string
  /** Description of the key in the condition of a pattern; absent if patterns do not support the key. */
  readonly inPatterns?: string
}

export interface KeyValues {
  /** JSON Schema of the value. */
  readonly schema: Readonly<Record<string, unknown>>
  /** Description of valid values, used as the end of the message "must be …". */
  readonly expected: string
  /** Descriptions of the valid values of a mapping, by key. Each is used as the end of the message "must be …". */
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

/** Keys of rules. Documentation and error messages list them in this order. */
export type Keys = Readonly<Record<string, RuleKey>>
