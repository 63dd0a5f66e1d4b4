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
  /** The versions in use. */
  readonly #used = new Map<Change['kind'], Change>()

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
    return [...this.#used.values()].map(({ version }) => version)
  }

  /** Fingerprint of the code in use; undefined before the first build. */
  get fingerprint(): string | undefined {
    return this.#used.get('code')?.variables.CODE_VERSION
  }

  /** Uses this change for all later starts. Running instances are not affected. */
  use(change: Change): void {
    this.#used.set(change.kind, change)
    this.#definition.handler = this.#handlerWith(change)
    this.#definition.environment = { ...this.#definition.environment, ...change.variables }
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
        ...change.variables,
        IS_OFFLINE: 'true',
      },
    }
  }

  #handlerWith({ folder }: Change): string {
    return folder === undefined ? this.#definition.handler : join(folder, this.#handler)
  }
}

/** A version of code or rules: a folder that is complete and never modified. */
export interface Change {
  readonly kind: 'code' | 'rules'
  readonly version: number
  /** The folder of the code of all functions, relative to the folder that handlers are resolved from. */
  readonly folder?: string
  /** Variables that a function starts with. */
  readonly variables: Readonly<Record<string, string>>
}

function moduleOf(handler: string): string {
  return handler.slice(0, handler.lastIndexOf('.'))
}

/** serverless-offline passes these on from its own environment. */
function awsVariables(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))
  return Object.fromEntries(own) as Record<string, string>
}
