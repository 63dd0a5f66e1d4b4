/** Parts of the Serverless Framework's plugin API that this plugin uses. */
export interface Serverless {
  readonly config: { readonly servicePath: string }
  readonly service: {
    readonly service: string
    readonly package?: { readonly artifact?: string }
    /** Section `custom` of the configuration. Null if the key has no value. */
    readonly custom?: Readonly<Record<string, unknown>> | null
    readonly provider: {
      readonly compiledCloudFormationTemplate?: Template
      readonly timeout?: number
      readonly runtime?: string
      readonly memorySize?: number
      readonly environment?: Readonly<Record<string, unknown>>
      readonly layers?: readonly unknown[]
      readonly stackParameters?: readonly Readonly<Record<'ParameterKey' | 'ParameterValue', string>>[]
      readonly role?: unknown
      readonly iam?: { readonly role?: unknown }
    }
    readonly resources?: {
      readonly Resources?: Readonly<Record<string, unknown>>
      readonly Parameters?: Readonly<Record<string, { readonly [Key in 'Type' | 'Default']?: unknown }>>
    }
    readonly layers?: Readonly<Record<string, { readonly path?: unknown }>> | null
    getAllFunctions(): string[]
    getFunction(key: string): FunctionDefinition
  }
  readonly configSchemaHandler: {
    /** Schema of the configuration, a private API of the framework. */
    readonly schema?: ConfigSchema
    defineFunctionEventProperties(provider: string, event: string, schema: object): void
    defineCustomProperties(schema: object): void
  }
  readonly pluginManager: { getPlugins(): object[] }
  readonly classes: { readonly Error: new (message: string, code: string) => Error }
  getProvider(name: 'aws'): Provider
}

/** Part of the framework's JSON Schema that contains the events of functions. */
interface ConfigSchema {
  readonly properties?: {
    readonly functions?: {
      readonly patternProperties?: Readonly<
        Record<string, { readonly properties?: { readonly events?: EventsSchema } }>
      >
    }
  }
}

interface EventsSchema {
  readonly items?: {
    readonly anyOf?: readonly {
      readonly properties?: Readonly<Record<string, { readonly properties?: Record<string, object> }>>
    }[]
  }
}

export interface Provider {
  readonly naming: {
    getStackName(): string
    getLambdaLogicalId(functionKey: string): string
    getLambdaLayerLogicalId(layerKey: string): string
    getMSKEventLogicalId(functionKey: string, cluster: string, topic: string): string
    getKafkaEventLogicalId(functionKey: string, topic: string): string
  }
  getStage(): string
  getRegion(): string
}

export interface FunctionDefinition {
  readonly events?: readonly Readonly<Record<string, unknown>>[]
  readonly name?: string
  readonly handler?: string
  readonly runtime?: string
  readonly memorySize?: number
  /** Number, or a reference that CloudFormation resolves to a number. */
  readonly reservedConcurrency?: unknown
  readonly package?: { readonly artifact?: string }
  readonly layers?: readonly unknown[]
  readonly image?: unknown
  /** Timeout in seconds. */
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

/** Log of the framework. Every line is written to stderr. */
export interface Log {
  notice(line: string): void
  warning(line: string): void
  error(line: string): void
}

/** Error in the user's configuration. It is shown as a message without a stack. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}
