/** Keys of rules: the values that they take, in the schema of rule files and in words. */

/** A key of a rule, or of a part of one. */
export interface RuleKey extends KeyValues {
  /** Markdown, for the table in `config/rules/README.md` and, without its marks, for the schema. */
  readonly about: string
  /** For the column of that table: `yes`, or `no` with the default. */
  readonly required?: string
  readonly example?: string
  /** Another key without which this one has no effect. */
  readonly needs?: string
  /** Description of the key in the condition of a pattern; absent where patterns do not take it. */
  readonly inPatterns?: string
}

export interface KeyValues {
  /** JSON Schema. */
  readonly schema: Readonly<Record<string, unknown>>
  /** Completes "must be …". */
  readonly expected: string
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

/** Definitions that the values above refer to. */
export const DEFINITIONS = {
  texts: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
    ],
  },
  band: { type: 'array', minItems: 2, maxItems: 2, items: { type: 'number' } },
  duration: {
    anyOf: [{ type: 'string', pattern: '^(0|(?=.)(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?)$' }, { const: 0 }],
  },
} as const
