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
}

export const NUMBER: KeyValues = { schema: { type: 'number' } }
export const BAND: KeyValues = { schema: { $ref: '#/$defs/band' } }
export const TEXTS: KeyValues = { schema: { $ref: '#/$defs/texts' } }
export const DURATION: KeyValues = { schema: { $ref: '#/$defs/duration' } }

/** Keys of rules. The documentation lists them in this order. */
export type Keys = Readonly<Record<string, RuleKey>>
