/** A value in the data that violates its schema. */
export interface SchemaViolation {
  /** JSON Pointer into the data. */
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  /** The parameters of the keyword. */
  readonly params: Readonly<Record<string, unknown>>
}

export interface Validate {
  (data: unknown): boolean
  /** The violations that the last call found. */
  readonly errors?: readonly SchemaViolation[] | null
}

/** CloudEvents type → the function that validates its data. */
declare const validators: Readonly<Record<string, Validate>>
export default validators
