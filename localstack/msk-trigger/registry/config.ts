/** The schema registry of a mapping: `schemaRegistryConfig` of its event. Rules 14, 15. */
export interface RegistryConfig {
  readonly uri: string
  /** What the function receives. */
  readonly form: 'JSON' | 'SOURCE'
  readonly validates: readonly ('KEY' | 'VALUE')[]
  /** Where the local registry wants a login: `user:password`. */
  readonly basicAuth?: string
}
