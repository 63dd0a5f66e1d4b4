import { join, resolve } from 'node:path'
import process from 'node:process'

/**
 * The part of a function's entry in serverless.yml that a reload needs. The framework and serverless-offline read the
 * same object.
 */
export interface Definition {
  /** `functions/clock/handler.handler`: a module and its export. */
  handler: string
  readonly name?: string
  readonly events?: readonly object[]
  environment?: Record<string, string>
}

/** A function whose code or rules can be replaced while it runs. */
export class ReloadedFunction {
  readonly key: string
  /** The handler's source file. */
  readonly entry: string
  /** The configured folder of its alert rules. */
  readonly rulesDir: string | undefined
  readonly #definition: Definition
  /** `functions/clock/handler.handler`, in the folder of any version. */
  readonly #handler: string
  #code: CodeVersion | undefined
  #rules: RulesVersion | undefined

  constructor(key: string, definition: Definition) {
    const { handler, environment } = definition
    this.key = key
    this.entry = `${moduleOf(handler)}.ts`
    this.rulesDir = environment?.RULES_DIR
    this.#handler = handler
    this.#definition = definition
  }

  /** Whether a schedule calls it. */
  get isScheduled(): boolean {
    return this.#definition.events?.some(event => 'schedule' in event) ?? false
  }

  /** The versions of its code and rules in use. */
  get versions(): readonly number[] {
    return [this.#code, this.#rules].flatMap(used => used?.version ?? [])
  }

  /** Fingerprint of the code in use; undefined before the first build. */
  get fingerprint(): string | undefined {
    return this.#code?.fingerprint
  }

  /** Uses this change for all later starts. Running instances are not affected. */
  use(change: Change): void {
    this.#code = change.code ?? this.#code
    this.#rules = change.rules ?? this.#rules
    this.#definition.handler = this.#handlerWith(change)
    this.#definition.environment = { ...this.#definition.environment, ...variablesOf(change) }
  }

  /**
   * Returns how the function would start with the change.
   *
   * @param location the folder that handlers are resolved from
   */
  candidate(change: Change, location: string, provided: Readonly<Record<string, string>>) {
    const handler = this.#handlerWith(change)
    return {
      file: `${resolve(location, moduleOf(handler))}.js`,
      name: handler.slice(moduleOf(handler).length + 1),
      environment: {
        ...awsVariables(),
        AWS_LAMBDA_FUNCTION_NAME: this.#definition.name ?? this.key,
        ...provided,
        ...this.#definition.environment,
        ...variablesOf(change),
        IS_OFFLINE: 'true',
      },
    }
  }

  #handlerWith({ code }: Change): string {
    return code ? join(code.folder, this.#handler) : this.#definition.handler
  }
}

export interface CodeVersion {
  readonly version: number
  /** The folder of all functions of this version, relative to the folder that handlers are resolved from. */
  readonly folder: string
  readonly fingerprint: string
}

export interface RulesVersion {
  readonly version: number
  /** Absolute. */
  readonly folder: string
}

/** New code or rules for a function. */
export interface Change {
  readonly code?: CodeVersion
  readonly rules?: RulesVersion
}

function moduleOf(handler: string): string {
  return handler.slice(0, handler.lastIndexOf('.'))
}

function variablesOf({ code, rules }: Change): Record<string, string> {
  return {
    // Functions share files, so a function cannot recognize its code by its file.
    ...(code ? { CODE_VERSION: code.fingerprint } : {}),
    ...(rules ? { RULES_DIR: rules.folder } : {}),
  }
}

/** serverless-offline passes these on from its own environment. */
function awsVariables(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))
  return Object.fromEntries(own) as Record<string, string>
}
