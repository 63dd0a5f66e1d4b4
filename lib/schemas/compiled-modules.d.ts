/** Types of the generated modules beside `compiled.js`. */

/** Name of the schema of a file that people edit, such as `io.sluice.rules.v1` → the function that validates its content. */
type FileValidators = Readonly<Record<string, import('./compiled.js').Validate>>

/** CloudEvents type → the text of its schema. */
type SchemaTexts = Readonly<Record<string, string>>

declare module '*/compiled-failure-policy.js' {
  const validators: FileValidators
  export default validators
}
declare module '*/compiled-family.js' {
  const validators: FileValidators
  export default validators
}
declare module '*/compiled-inputs.js' {
  const validators: FileValidators
  export default validators
}
declare module '*/compiled-mapping.js' {
  const validators: FileValidators
  export default validators
}
declare module '*/compiled-notification-receivers.js' {
  const validators: FileValidators
  export default validators
}
declare module '*/compiled-notification-routes.js' {
  const validators: FileValidators
  export default validators
}
declare module '*/compiled-rule-tests.js' {
  const validators: FileValidators
  export default validators
}
declare module '*/compiled-rules.js' {
  const validators: FileValidators
  export default validators
}
declare module '*/compiled-texts-avro.js' {
  const texts: SchemaTexts
  export default texts
}
declare module '*/compiled-texts-json.js' {
  const texts: SchemaTexts
  export default texts
}
declare module '*/compiled-texts-protobuf.js' {
  const texts: SchemaTexts
  export default texts
}
declare module '*/compiled-collections.js' {
  /** CloudEvents type → the lists and maps that its data always has: the path, with `*` for each item, and what is there if it is empty. */
  const collections: Readonly<Record<string, readonly (readonly [path: readonly string[], empty: unknown])[]>>
  export default collections
}
