import { dirname, join, resolve } from 'node:path'
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
  readonly #exportName: string
  /** The versions of its code and rules in use; 0 is the version at startup. */
  readonly #versions = { code: 0, rules: 0 }
  /** Fingerprint of the bundle in use; undefined until it is first needed. */
  fingerprint: string | undefined

  constructor(key: string, definition: Definition) {
    const { handler, environment } = definition
    const dot = handler.lastIndexOf('.')
    this.key = key
    this.entry = `${handler.slice(0, dot)}.ts`
    this.rulesDir = environment?.RULES_DIR
    this.#exportName = handler.slice(dot + 1)
    this.#definition = definition
  }

  /** Whether a schedule calls it. */
  get isScheduled(): boolean {
    return this.#definition.events?.some(event => 'schedule' in event) ?? false
  }

  get versions(): readonly number[] {
    return Object.values(this.#versions)
  }

  /** The folder of the bundle that serverless-esbuild has built. */
  get firstBundle(): string {
    return dirname(this.entry)
  }

  /** Uses this change for all later starts. Running instances are not affected. */
  use(change: Change): void {
    const { code, rules } = change
    if (code) {
      this.#definition.handler = this.#handlerOf(code)
      this.#versions.code = code.version
      this.fingerprint = code.fingerprint
    }
    if (!rules) return
    this.#definition.environment = { ...this.#definition.environment, RULES_DIR: rules.folder }
    this.#versions.rules = rules.version
  }

  /**
   * Returns how the function would start with the change.
   *
   * @param location the folder that handlers are resolved from
   */
  candidate({ code, rules }: Change, location: string, provided: Readonly<Record<string, string>>) {
    const handler = code ? this.#handlerOf(code) : this.#definition.handler
    return {
      file: `${resolve(location, handler.slice(0, handler.lastIndexOf('.')))}.js`,
      name: this.#exportName,
      environment: {
        ...awsVariables(),
        AWS_LAMBDA_FUNCTION_NAME: this.#definition.name ?? this.key,
        ...provided,
        ...this.#definition.environment,
        ...(rules ? { RULES_DIR: rules.folder } : {}),
        IS_OFFLINE: 'true',
      },
    }
  }

  #handlerOf({ folder }: CodeVersion): string {
    return `${join(folder, 'handler')}.${this.#exportName}`
  }
}

export interface CodeVersion {
  readonly version: number
  /** The folder of the bundle, relative to the folder that handlers are resolved from. */
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

/** serverless-offline passes these on from its own environment. */
function awsVariables(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))
  return Object.fromEntries(own) as Record<string, string>
}
