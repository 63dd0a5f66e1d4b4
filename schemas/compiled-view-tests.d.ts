import type { Validate } from './compiled.js'

/** Name of a file's schema, such as `io.sluice.rules.v1` → the function that validates its content. */
declare const validators: Readonly<Record<string, Validate>>
export default validators
