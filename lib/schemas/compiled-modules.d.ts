/** Types of the generated modules beside `compiled.js`. */

/** Function that validates the content of a file that people edit. */
type FileValidator = import('./compiled.js').Validate

/** CloudEvents type → the text of its schema. */
type SchemaTexts = Readonly<Record<string, string>>

declare module '*/compiled-failure-policy.js' {
  const validate: FileValidator
  export default validate
}
declare module '*/compiled-family.js' {
  const validate: FileValidator
  export default validate
}
declare module '*/compiled-generator.js' {
  const validate: FileValidator
  export default validate
}
declare module '*/compiled-inputs.js' {
  const validate: FileValidator
  export default validate
}
declare module '*/compiled-mapping.js' {
  const validate: FileValidator
  export default validate
}
declare module '*/compiled-notification-receivers.js' {
  const validate: FileValidator
  export default validate
}
declare module '*/compiled-notification-routes.js' {
  const validate: FileValidator
  export default validate
}
declare module '*/compiled-rule-tests.js' {
  const validate: FileValidator
  export default validate
}
declare module '*/compiled-rules.js' {
  const validate: FileValidator
  export default validate
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
