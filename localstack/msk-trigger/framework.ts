/** The part of the Serverless Framework that a plugin sees and this one uses. */
export interface Serverless {
  readonly service: {
    readonly service: string
    readonly custom?: Readonly<Record<string, unknown>>
    readonly provider: {
      readonly compiledCloudFormationTemplate?: Template
      readonly timeout?: number
      readonly role?: unknown
      readonly iam?: { readonly role?: unknown }
    }
    readonly resources?: { readonly Resources?: Readonly<Record<string, unknown>> }
    getAllFunctions(): string[]
    getFunction(key: string): FunctionDefinition
  }
  readonly configSchemaHandler: {
    /** Not of its public face; a bound in it is wider in Lambda. */
    readonly schema?: {
      readonly definitions?: {
        readonly mskProvisionedPollerConfig?: {
          readonly properties?: { readonly maximumPollers?: { maximum: number } }
        }
      }
    }
    defineFunctionEventProperties(provider: string, event: string, schema: object): void
    defineCustomProperties(schema: object): void
  }
  readonly pluginManager: { getPlugins(): object[] }
  readonly classes: { readonly Error: new (message: string, code: string) => Error }
  getProvider(name: 'aws'): Provider
}

export interface Provider {
  readonly naming: {
    getMSKEventLogicalId(functionKey: string, cluster: string, topic: string): string
    getKafkaEventLogicalId(functionKey: string, topic: string): string
  }
  getStage(): string
  getRegion(): string
}

export interface FunctionDefinition {
  readonly events?: readonly Readonly<Record<string, unknown>>[]
  /** In the cloud. */
  readonly name?: string
  /** Seconds. */
  readonly timeout?: number
  readonly role?: unknown
  environment?: Record<string, unknown>
}

export interface Template {
  readonly Resources: Record<
    string,
    { readonly Type: string; Properties: Record<string, unknown> } | undefined
  >
}

/** The framework's log: every line goes to stderr. */
export interface Log {
  notice(line: string): void
  warning(line: string): void
  error(line: string): void
}

/** A mistake in what the user wrote: shown as a message, without a stack. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}
