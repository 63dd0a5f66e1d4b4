/** A place in the data that does not fit its schema. */
export interface Misfit {
  /** JSON Pointer into the data. */
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  /** What the keyword asks for. */
  readonly params: Readonly<Record<string, unknown>>
}

export interface Validate {
  (data: unknown): boolean
  /** Of the last call; overwritten by the next. */
  readonly errors?: readonly Misfit[] | null
}

/** CloudEvents type → the check of its data. */
declare const validators: Readonly<Record<string, Validate>>
export default validators
